import type { Execution, ExecutionResult } from '../execution.ts';
import type { KeptJournal } from './journals.ts';

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html: 14 days from the end,
// one year from the start, "less than 24,999 events".
const REDRIVABLE_MS = 14 * 86_400_000;
const LONGEST_OPEN_MS = 365 * 86_400_000;
const EVENT_LIMIT = 24_999;

interface Redrivable {
  readonly startDate: Date;
  /** Undefined while it runs. */
  readonly result: ExecutionResult | undefined;
  readonly execution: Pick<Execution, 'history'>;
  readonly journal: Pick<KeptJournal, 'isKept'> | undefined;
}

/**
 * Why an execution cannot be redriven, in the words of DescribeExecution's redriveStatusReason; undefined if it
 * can be.
 *
 * @param now milliseconds since the epoch
 */
export function notRedrivable(record: Redrivable, now: number): string | undefined {
  const { result, startDate, execution, journal } = record;
  if (result === undefined || result.status === 'SUCCEEDED') {
    return `Execution is ${result?.status ?? 'RUNNING'} and cannot be redriven`;
  }
  if (execution.history().length >= EVENT_LIMIT) return 'Execution history event limit exceeded';
  if (now - startDate.getTime() > LONGEST_OPEN_MS) return 'Execution has exceeded the max execution time';
  if (now - result.stopDate.getTime() > REDRIVABLE_MS) return 'Execution redrivable period exceeded';
  if (journal === undefined) return 'Who started the execution keeps its journal and redrives it';
  if (!journal.isKept) return 'This service has no room for the journal of the execution';
  return undefined;
}
