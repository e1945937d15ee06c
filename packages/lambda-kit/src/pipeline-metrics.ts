import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** Every metric of the pipeline; dashboards and alarms take the names from here. */
export const metricUnits = {
  RowsIn: MetricUnit.Count,
  RowsAccepted: MetricUnit.Count,
  RowsFiltered: MetricUnit.Count,
  RowsDuplicate: MetricUnit.Count,
  RowsQuarantined: MetricUnit.Count,
  QualityScore: MetricUnit.Percent,
  BytesIn: MetricUnit.Bytes,
  ObjectsRefused: MetricUnit.Count,
  RunsStarted: MetricUnit.Count,
  RunsPublished: MetricUnit.Count,
  RunsRejected: MetricUnit.Count,
  RecordsAccepted: MetricUnit.Count,
  RecordsRejected: MetricUnit.Count,
} as const;

export type MetricName = keyof typeof metricUnits;

export const metricNamespace = 'ETL/Pipeline';

/** Adds to a metric; the values of one invocation are published together, in CloudWatch's embedded metric format. */
export type Measure = (name: MetricName, value: number) => void;

/** Dimensions: `service`, and `dataset` where there is one. */
export function pipelineMetrics(service: string) {
  const metrics = new Metrics({ namespace: metricNamespace, serviceName: service });
  const measure: Measure = (name, value) => {
    metrics.addMetric(name, metricUnits[name], value);
  };
  return {
    measure,
    forDataset(dataset: string): void {
      metrics.addDimension('dataset', dataset);
    },
    publish(): void {
      // Publishing nothing would print a warning for every invocation that measures nothing.
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
      else metrics.clearDimensions();
    },
  };
}
