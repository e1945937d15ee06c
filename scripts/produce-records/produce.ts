import { setTimeout as delay, setImmediate as othersTurn } from 'node:timers/promises';
import type { Producer, ProducerRecord, RecordResult } from '@sluice/kinesis-producer';
import type { Prepared, Refusal } from './prepare-record.ts';
import type { ReadRecord } from './read/read-record.ts';

export interface Counts {
  /** read = sent + refused + not sent */
  readonly read: number;
  readonly sent: number;
  readonly refused: number;
  /** Data and partition keys of what was sent. */
  readonly bytes: number;
}

/** Everything up to this record is in the stream or was refused. */
export interface Reached {
  readonly acknowledged: number;
  readonly refused: number;
}

export interface Failure {
  readonly number: number;
  readonly errorCode: string;
  readonly attempts: number;
}

interface ProduceRequest {
  readonly records: AsyncIterable<readonly ReadRecord[]>;
  /** What was acknowledged before. */
  readonly reached: Reached;
  readonly prepare: (record: ReadRecord) => Prepared;
  readonly producer: Pick<Producer, 'sendAll'>;
  /** Records a second at most. */
  readonly rate: number | null;
  /** Ends the reading; what was read is still sent. */
  readonly stop: AbortController;
  readonly onRefused: (number: number, reason: Refusal) => void;
  readonly onFailed: (failure: Failure) => void;
}

export interface Production {
  readonly counts: () => Counts;
  readonly reached: () => Reached;
  /** Resolves when the fate of all that was read is known. Rejects with what ended the input before its time. */
  readonly run: () => Promise<void>;
}

interface Waiting {
  readonly number: number;
  readonly bytes: number;
  readonly refusal: Refusal | null;
}

/**
 * Sends records in the order of the input. Their fates come in that order, too, so what is acknowledged has no gaps:
 * the first record that the stream does not take ends the reading.
 */
export const production = (request: ProduceRequest): Production => {
  const { prepare, producer, stop } = request;
  const counts = { read: 0, sent: 0, refused: 0, bytes: 0 };
  let { acknowledged, refused } = request.reached;
  let isWhole = true;
  // Records read whose fate is not known, or not told.
  const waiting: Waiting[] = [];
  let first = 0;

  const refuse = (number: number, reason: Refusal): void => {
    counts.refused += 1;
    request.onRefused(number, reason);
    if (isWhole) {
      acknowledged = number;
      refused += 1;
    }
  };
  const next = (): Waiting | undefined => {
    const one = waiting[first];
    first += 1;
    // Taken from the front of a long array one by one, each would move all the others.
    if (first === waiting.length || first >= 4096) {
      waiting.splice(0, first);
      first = 0;
    }
    return one;
  };
  const refuseAhead = (): void => {
    for (let one = waiting[first]; one && one.refusal !== null; one = waiting[first]) {
      next();
      refuse(one.number, one.refusal);
    }
  };
  const settle = (result: RecordResult): void => {
    const one = next();
    if (!one) throw new Error('a result came for which there is no record');
    if (result.outcome === 'refused') refuse(one.number, result.reason);
    else if (result.outcome === 'sent') {
      counts.sent += 1;
      counts.bytes += one.bytes;
      if (isWhole) acknowledged = one.number;
    } else {
      isWhole = false;
      request.onFailed({ number: one.number, errorCode: result.errorCode, attempts: result.attempts });
      stop.abort();
    }
    refuseAhead();
  };

  const pace = pacer(request.rate, stop.signal);
  async function* toSend(): AsyncGenerator<ProducerRecord, void> {
    for await (const batch of request.records) {
      for (const record of batch) {
        await pace();
        if (stop.signal.aborted) return;
        const prepared = prepare(record);
        counts.read += 1;
        if ('refusal' in prepared) {
          waiting.push({ number: record.number, bytes: 0, refusal: prepared.refusal });
          refuseAhead();
          continue;
        }
        const bytes = prepared.record.data.length + Buffer.byteLength(prepared.record.partitionKey);
        waiting.push({ number: record.number, bytes, refusal: null });
        yield prepared.record;
      }
      // Readers that have all in memory would let nobody else do anything.
      await othersTurn();
    }
  }

  return {
    counts: () => ({ ...counts }),
    reached: () => ({ acknowledged, refused }),
    run: async () => {
      for await (const result of producer.sendAll(toSend())) settle(result);
    },
  };
};

const PACE_MS = 20;

/** Waits until one more record is due; a second's worth at most is made up for after a delay. */
const pacer = (rate: number | null, signal: AbortSignal): (() => Promise<void> | undefined) => {
  if (rate === null) return () => undefined;
  const every = 1000 / rate;
  let due = performance.now();
  return () => {
    const now = performance.now();
    due = Math.max(due, now - 1000);
    const ahead = due - now;
    due += every;
    // Timers are not that exact: some records go at once.
    return ahead < PACE_MS ? undefined : delay(ahead, undefined, { signal }).catch(() => {});
  };
};
