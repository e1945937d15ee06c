import type { MappingState } from './mapping-state.ts';
import type { StreamRecord } from './stream-record.ts';

/** What a function is called with is at most 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const payloadBytes = 6 * 1024 * 1024;
const eventEnvelope = '{"Records":[]}'.length;

interface BatchLimits {
  readonly batchSize: number;
  readonly batchWindowMs: number;
  /** Bytes of a record in the event. */
  readonly bytesOf: (record: StreamRecord) => number;
  readonly state: Pick<MappingState, 'bell' | 'stopping'>;
}

export interface BatchBuffer {
  readonly add: (records: readonly StreamRecord[]) => void;
  /**
   * The next batch: as many records as it may have, or, when the window has passed, those that are there. Null after
   * `finish`, when all are taken, and at once when the mapping stops. One caller at a time.
   */
  readonly next: () => Promise<StreamRecord[] | null>;
  readonly finish: () => void;
  readonly held: () => { readonly records: number; readonly bytes: number };
}

/** Collects the records of one shard, or of one of its lanes, into batches. */
export function createBatchBuffer({ batchSize, batchWindowMs, bytesOf, state }: BatchLimits): BatchBuffer {
  let queue: { readonly record: StreamRecord; readonly bytes: number }[] = [];
  let heldBytes = 0;
  let finished = false;

  // How much of the queue the next batch takes, as far as that has been looked at.
  let count = 0;
  let batchBytes = eventEnvelope;

  /** Whether the next batch can take no more. */
  const fill = (): boolean => {
    for (; count < batchSize; count += 1) {
      const item = queue[count];
      if (item === undefined) return false;
      // A record that is too large by itself goes alone.
      if (count > 0 && batchBytes + item.bytes > payloadBytes) return true;
      batchBytes += item.bytes;
    }
    return true;
  };

  const next = async (): Promise<StreamRecord[] | null> => {
    while (queue.length === 0 && !finished && !state.stopping()) await state.bell.wait();
    // The window begins when the last batch is done, or with the first record after it.
    const closesAt = performance.now() + batchWindowMs;
    for (;;) {
      if (state.stopping()) return null;
      const full = fill();
      const left = closesAt - performance.now();
      if (full || finished || left <= 0) return count === 0 ? null : take();
      await state.bell.wait(left);
    }
  };

  const take = (): StreamRecord[] => {
    const taken = queue.slice(0, count);
    queue = queue.slice(count);
    for (const { bytes } of taken) heldBytes -= bytes;
    count = 0;
    batchBytes = eventEnvelope;
    return taken.map(({ record }) => record);
  };

  return {
    add: (records) => {
      for (const record of records) {
        const bytes = bytesOf(record);
        heldBytes += bytes;
        queue.push({ record, bytes });
      }
      state.bell.ring();
    },
    next,
    finish: () => {
      finished = true;
      state.bell.ring();
    },
    held: () => ({ records: queue.length, bytes: heldBytes }),
  };
}
