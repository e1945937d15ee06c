/** What there is a runbook for: a page of `docs/runbooks/` each, and each is named by an alarm. */
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
  | 'needs-a-person';

/** Where it lies in the repository. */
export const runbook = (name: RunbookName): string => `docs/runbooks/${name}.md`;
