/**
 * Everything a Lambda may say, and how loudly. Each invocation ends in one of these, so a log query, a metric filter or
 * an alarm can rely on the names.
 */
export const outcomes = {
  // start-pipeline
  execution_started: 'info',
  execution_exists: 'info',
  object_ignored: 'info',
  object_not_started: 'error',
  // ingest-stream
  batch_written: 'info',
  batch_incomplete: 'error',
  // ingest-api
  records_accepted: 'info',
  records_rejected: 'warn',
  request_answered: 'info',
  request_refused: 'warn',
  // validate-object
  object_valid: 'info',
  object_refused: 'warn',
  // score-quality
  quality_passed: 'info',
  quality_below_threshold: 'warn',
  // transform-object
  object_transformed: 'info',
  // process-rows, record-failed-rows, collect-map-run
  rows_processed: 'info',
  rows_not_in_table: 'warn',
  rows_recorded_as_failed: 'warn',
  map_run_collected: 'info',
  map_run_incomplete: 'error',
  // publish-run
  run_published: 'info',
  run_already_published: 'info',
  run_rejected: 'warn',
} as const satisfies Record<string, 'info' | 'warn' | 'error'>;

export type OutcomeName = keyof typeof outcomes;
