import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Discard, deliverBatch, type RetryPolicy } from '../../src/kinesis/deliver-batch.ts';
import type { InvocationOutcome } from '../../src/kinesis/handler-outcome.ts';
import type { StreamRecord } from '../../src/kinesis/stream-record.ts';
import { numbers, recordsTo } from './records.ts';

const succeeded: InvocationOutcome = { kind: 'succeeded' };
const failed: InvocationOutcome = { kind: 'failed', functionError: true, error: new Error('no') };
const partial = (from: number): InvocationOutcome => ({ kind: 'partial', from });

interface Delivered {
  readonly invoked: number[][];
  readonly succeeded: number[];
  readonly settled: number[];
  readonly letters: { readonly numbers: number[]; readonly discard: Discard }[];
  readonly waits: number[];
}

async function deliver(
  records: readonly StreamRecord[],
  policy: Partial<RetryPolicy>,
  respond: (records: readonly StreamRecord[], invocation: number) => InvocationOutcome,
  { stopAfterWaits = Number.POSITIVE_INFINITY, postsFail = false } = {},
): Promise<Delivered> {
  const result: Delivered = { invoked: [], succeeded: [], settled: [], letters: [], waits: [] };
  // Each invocation takes one unit of time.
  let now = 0;
  await deliverBatch(
    records,
    { bisectOnError: false, maxRetries: -1, maxAgeMs: -1, retryBackoff: (failures) => failures, ...policy },
    {
      invoke: async (batch) => {
        const outcome = respond(batch, result.invoked.length);
        result.invoked.push(numbers(batch));
        now += 1;
        if (outcome.kind === 'succeeded') result.succeeded.push(...numbers(batch));
        if (outcome.kind === 'partial') result.succeeded.push(...numbers(batch).slice(0, outcome.from));
        return outcome;
      },
      discard: async (batch, discard) => {
        if (!postsFail) result.letters.push({ numbers: numbers(batch), discard });
        return !postsFail;
      },
      settled: (batch) => {
        result.settled.push(...numbers(batch));
      },
      now: () => now,
      wait: async (milliseconds) => {
        result.waits.push(milliseconds);
        return result.waits.length < stopAfterWaits;
      },
    },
  );
  return result;
}

describe('a batch', () => {
  test('is delivered once if the function succeeds', async () => {
    const { invoked, settled } = await deliver(recordsTo(3), {}, () => succeeded);
    expect(invoked).toEqual([[0, 1, 2]]);
    expect(settled).toEqual([0, 1, 2]);
  });

  test('is repeated whole, waiting longer each time, until the function succeeds', async () => {
    const { invoked, waits } = await deliver(recordsTo(2), {}, (_, invocation) =>
      invocation < 3 ? failed : succeeded,
    );
    expect(invoked).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(waits).toEqual([1, 2, 3]);
  });

  test('is given up after its retries, as one letter that counts the invocations', async () => {
    const { invoked, letters } = await deliver(recordsTo(2), { maxRetries: 3 }, () => failed);
    expect(invoked).toHaveLength(4);
    expect(letters).toEqual([
      {
        numbers: [0, 1],
        discard: { condition: 'RetryAttemptsExhausted', invocations: 4, outcome: failed },
      },
    ]);
  });

  test('is halved down to the record that fails, which alone uses up retries', async () => {
    const {
      invoked,
      letters,
      succeeded: good,
    } = await deliver(recordsTo(4), { bisectOnError: true, maxRetries: 1 }, (batch) =>
      numbers(batch).includes(2) ? failed : succeeded,
    );
    expect(invoked).toEqual([[0, 1, 2, 3], [0, 1], [2, 3], [2], [2], [3]]);
    expect(letters.map((letter) => letter.numbers)).toEqual([[2]]);
    expect(good).toEqual([0, 1, 3]);
  });

  test('goes on at the record that a partial response names, with all retries again', async () => {
    const { invoked, letters } = await deliver(recordsTo(4), { maxRetries: 1 }, (batch) =>
      numbers(batch)[0] === 3 ? succeeded : partial(1),
    );
    expect(invoked).toEqual([[0, 1, 2, 3], [1, 2, 3], [2, 3], [3]]);
    expect(letters).toEqual([]);
  });

  test('uses up a retry if a partial response names its first record', async () => {
    const { invoked, letters } = await deliver(recordsTo(2), { maxRetries: 1 }, () => partial(0));
    expect(invoked).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(letters.map((letter) => letter.numbers)).toEqual([[0, 1]]);
  });

  test('is halved if a partial response names its first record', async () => {
    const { invoked } = await deliver(recordsTo(4), { bisectOnError: true, maxRetries: 0 }, (batch) =>
      numbers(batch)[0] === 0 ? partial(0) : succeeded,
    );
    expect(invoked).toEqual([[0, 1, 2, 3], [0, 1], [0], [1], [2, 3]]);
  });

  test('loses the records that are too old, before it is delivered and between retries', async () => {
    // Record n arrived at n; the first invocation begins at 0, and ends at 1.
    const { invoked, letters } = await deliver(recordsTo(3), { maxAgeMs: 1 }, (_, invocation) =>
      invocation < 2 ? failed : succeeded,
    );
    expect(invoked).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [1, 2],
    ]);
    expect(letters).toEqual([
      { numbers: [0], discard: { condition: 'RecordAgeExceeded', invocations: 2, outcome: failed } },
    ]);
  });

  test('is left unsettled where the mapping stops between retries', async () => {
    const { settled } = await deliver(recordsTo(3), {}, () => partial(1), { stopAfterWaits: 2 });
    expect(settled).toEqual([0, 1]);
  });

  test('is left unsettled if its letter could not be written', async () => {
    const { settled } = await deliver(recordsTo(3), { maxRetries: 0 }, () => failed, { postsFail: true });
    expect(settled).toEqual([]);
  });
});

const outcome = fc.oneof(
  fc.constant(succeeded),
  fc.constant(failed),
  fc.nat().map((from) => partial(from)),
);
const policies = fc.record({
  bisectOnError: fc.boolean(),
  maxRetries: fc.integer({ min: 0, max: 3 }),
  maxAgeMs: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 20 })),
});

test('each record succeeds or is discarded, once, whatever the function does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      policies,
      fc.infiniteStream(outcome),
      async (size, policy, outcomes) => {
        const result = await deliver(recordsTo(size), policy, (batch) =>
          within(outcomes.next().value, batch),
        );
        const all = numbers(recordsTo(size));
        const discarded = result.letters.flatMap((letter) => letter.numbers);
        expect([...result.succeeded, ...discarded].sort((a, b) => a - b)).toEqual(all);
        expect(result.settled).toEqual(all);
        expect(result.succeeded).toEqual(result.succeeded.toSorted((a, b) => a - b));
      },
    ),
  );
});

test('what is settled when the mapping stops is a beginning of the batch, and nothing behind it was settled', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      policies,
      fc.infiniteStream(outcome),
      fc.integer({ min: 1, max: 5 }),
      async (size, policy, outcomes, stopAfterWaits) => {
        const { settled } = await deliver(
          recordsTo(size),
          policy,
          (batch) => within(outcomes.next().value, batch),
          { stopAfterWaits },
        );
        expect(settled).toEqual(numbers(recordsTo(settled.length)));
      },
    ),
  );
});

/** A partial response names a record of the batch. */
function within(outcome: InvocationOutcome, batch: readonly StreamRecord[]): InvocationOutcome {
  return outcome.kind === 'partial' ? partial(outcome.from % batch.length) : outcome;
}
