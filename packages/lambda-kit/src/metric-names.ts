/** Every metric of the pipeline and its unit in CloudWatch; dashboards and alarms take the names from here. */
export const metricUnits = {
  RowsIn: 'Count',
  RowsAccepted: 'Count',
  RowsFiltered: 'Count',
  RowsDuplicate: 'Count',
  RowsQuarantined: 'Count',
  QualityScore: 'Percent',
  BytesIn: 'Bytes',
  ObjectsRefused: 'Count',
  RunsStarted: 'Count',
  RunsPublished: 'Count',
  RunsRejected: 'Count',
  /** From the arrival of the object to the end of publishing it. */
  SecondsToPublish: 'Seconds',
  /** Of a stream's batches: in = landed + quarantined + repeated + failed. */
  RecordsIn: 'Count',
  RecordsLanded: 'Count',
  RecordsQuarantined: 'Count',
  /** Delivered again, and left out as they lie in the zones already. */
  RecordsRepeated: 'Count',
  /** Could not be written; they come again. */
  RecordsFailed: 'Count',
  RecordsAccepted: 'Count',
  RecordsRejected: 'Count',
  /** Rows of batches that failed for good, which are in quarantine for that. */
  MapItemsFailed: 'Count',
  /** Accepted rows that the DynamoDB table cannot take; they are in the lake. */
  RowsNotInTable: 'Count',
} as const;

export type MetricName = keyof typeof metricUnits;

export const metricNamespace = 'ETL/Pipeline';
