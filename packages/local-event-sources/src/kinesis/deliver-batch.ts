import type { InvocationOutcome } from './handler-outcome.ts';
import type { StreamRecord } from './stream-record.ts';

export interface RetryPolicy {
  /** Halves a batch whose invocation failed. Splitting uses up no retry. */
  readonly bisectOnError: boolean;
  /** -1: without end. */
  readonly maxRetries: number;
  /** -1: without end. */
  readonly maxAgeMs: number;
  /** Milliseconds to wait after the nth failure in a row, n from 1. */
  readonly retryBackoff: (failures: number) => number;
}

export interface Discard {
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
  readonly invocations: number;
  /** Of the last invocation; undefined if there was none. */
  readonly outcome: InvocationOutcome | undefined;
}

interface Effects {
  readonly invoke: (records: readonly StreamRecord[], attempt: number) => Promise<InvocationOutcome>;
  /** Resolves when the letter is written; false: the mapping stops, and it is not. */
  readonly discard: (records: readonly StreamRecord[], discard: Discard) => Promise<boolean>;
  /** These need no further delivery: succeeded, or discarded. In order, each record once. */
  readonly settled: (records: readonly StreamRecord[]) => void;
  readonly now: () => number;
  /** False: the mapping stops, and what is not settled is left to the next start. */
  readonly wait: (milliseconds: number) => Promise<boolean>;
}

interface Piece {
  readonly records: readonly StreamRecord[];
  readonly retries: number;
  readonly invocations: number;
  readonly outcome: InvocationOutcome | undefined;
}

/**
 * Delivers one batch until each of its records has succeeded or is discarded, in order, cutting and repeating it as
 * Lambda does. A partial response that names another record than the first is progress: what is left counts as a
 * batch of its own. Returns early if the mapping stops.
 */
export async function deliverBatch(
  batch: readonly StreamRecord[],
  policy: RetryPolicy,
  { invoke, discard, settled, now, wait }: Effects,
): Promise<void> {
  const stack: Piece[] = [{ records: batch, retries: 0, invocations: 0, outcome: undefined }];
  let failures = 0;

  const giveUp = async ({ records, invocations, outcome }: Piece, condition: Discard['condition']) => {
    const written = await discard(records, { condition, invocations, outcome });
    if (written) settled(records);
    return written;
  };

  for (let piece = stack.pop(); piece !== undefined; piece = stack.pop()) {
    const aged = countAged(piece.records, policy.maxAgeMs, now());
    const tooOld = piece.records.slice(0, aged);
    if (aged > 0 && !(await giveUp({ ...piece, records: tooOld }, 'RecordAgeExceeded'))) return;
    const records = piece.records.slice(aged);
    if (records.length === 0) continue;

    const outcome = await invoke(records, piece.invocations + 1);
    if (outcome.kind === 'succeeded') {
      failures = 0;
      settled(records);
      continue;
    }
    const tried = { retries: piece.retries, invocations: piece.invocations + 1, outcome };
    if (outcome.kind === 'partial' && outcome.from > 0) {
      failures = 1;
      settled(records.slice(0, outcome.from));
      stack.push({ ...tried, records: records.slice(outcome.from), retries: 0 });
    } else {
      failures += 1;
      if (policy.bisectOnError && records.length > 1) {
        const half = Math.ceil(records.length / 2);
        stack.push({ ...tried, records: records.slice(half) }, { ...tried, records: records.slice(0, half) });
      } else if (policy.maxRetries >= 0 && piece.retries >= policy.maxRetries) {
        if (!(await giveUp({ ...tried, records }, 'RetryAttemptsExhausted'))) return;
        continue;
      } else {
        stack.push({ ...tried, records, retries: piece.retries + 1 });
      }
    }
    if (!(await wait(policy.retryBackoff(failures)))) return;
  }
}

/** How many records at the start are too old. */
function countAged(records: readonly StreamRecord[], maxAgeMs: number, now: number): number {
  if (maxAgeMs < 0) return 0;
  const young = records.findIndex(({ arrivedAt }) => now - arrivedAt <= maxAgeMs);
  return young < 0 ? records.length : young;
}
