/** What there is a runbook for: a page of `docs/runbooks/` each, and each is named by an alarm or an event's mail. */
export type RunbookName =
  | 'failed-runs'
  | 'queue-age'
  | 'dead-letters'
  | 'failed-batches'
  | 'failure-tolerance'
  | 'quality-score'
  | 'function-errors'
  | 'function-duration'
  | 'throttles'
  | 'iterator-age'
  | 'given-up-records'
  | 'stream-throttles'
  | 'quarantined-records'
  | 'api-errors'
  | 'api-refusals'
  | 'api-latency'
  | 'archive-behind'
  | 'spark-late'
  | 'spark-resources'
  | 'needs-a-person';

/** Where it lies in the repository. */
export const runbook = (name: RunbookName): string => `docs/runbooks/${name}.md`;
