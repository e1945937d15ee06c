import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FailureLetter } from '../../src/kinesis/failure-letter.ts';
import type { KinesisHandler } from '../../src/kinesis/invoke-function.ts';
import type { Observation } from '../../src/kinesis/observation.ts';
import { createDelivery, type OnFailure } from '../../src/kinesis/shard-delivery.ts';
import { type KinesisEvent, kinesisEvent } from '../../src/kinesis/stream-record.ts';
import { numbers, recordsTo, source } from './records.ts';

interface Setting {
  readonly handler: KinesisHandler;
  readonly onFailure?: OnFailure;
  readonly observe?: (observation: Observation) => void;
  readonly bisectOnError?: boolean;
  readonly reportBatchItemFailures?: boolean;
  readonly maxRetries?: number;
  readonly maxAgeMs?: number;
  readonly timeoutMs?: number;
}

async function deliver(count: number, setting: Setting): Promise<number[]> {
  const settled: number[] = [];
  const delivery = createDelivery({
    source,
    mapped: {
      handler: setting.handler,
      functionName: 'ingest-stream',
      functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:ingest-stream',
      timeoutMs: setting.timeoutMs ?? 10_000,
      reportBatchItemFailures: setting.reportBatchItemFailures ?? true,
    },
    policy: {
      bisectOnError: setting.bisectOnError ?? false,
      maxRetries: setting.maxRetries ?? 0,
      maxAgeMs: setting.maxAgeMs ?? -1,
      retryBackoff: () => 0,
    },
    onFailure: setting.onFailure,
    observe: setting.observe ?? (() => {}),
    wait: async () => true,
  });
  await delivery(recordsTo(count), (records) => settled.push(...numbers(records)));
  return settled;
}

const numbersOf = (event: KinesisEvent): number[] =>
  event.Records.map(({ kinesis }) => Number(kinesis.sequenceNumber));

async function lettersOf(count: number, setting: Omit<Setting, 'onFailure'>): Promise<FailureLetter[]> {
  const letters: FailureLetter[] = [];
  await deliver(count, {
    ...setting,
    onFailure: async (letter) => {
      letters.push(letter);
    },
  });
  return letters;
}

test('a letter says what Lambda says of a batch that it gives up', async () => {
  const requestIds: string[] = [];
  const [letter] = await lettersOf(3, {
    maxRetries: 1,
    handler: async (_, context) => {
      requestIds.push(context.awsRequestId);
      throw new Error('no');
    },
  });
  expect(letter).toEqual({
    requestContext: {
      requestId: requestIds[1],
      functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:ingest-stream',
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 2,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    KinesisBatchInfo: {
      shardId: 'shardId-000000000006',
      startSequenceNumber: '0',
      endSequenceNumber: '2',
      approximateArrivalOfFirstRecord: '1970-01-01T00:00:00.000Z',
      approximateArrivalOfLastRecord: '1970-01-01T00:00:00.002Z',
      batchSize: 3,
      streamArn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders',
    },
  });
});

test('a letter about a partial response tells of no function error', async () => {
  const [letter] = await lettersOf(1, {
    handler: async () => ({ batchItemFailures: [{ itemIdentifier: '0' }] }),
  });
  expect(letter?.responseContext).toEqual({ statusCode: 200, executedVersion: '$LATEST' });
});

test('a letter about records that were never delivered tells of no response', async () => {
  const [letter] = await lettersOf(1, { maxAgeMs: 1_000, handler: async () => {} });
  expect(letter?.requestContext).toMatchObject({ condition: 'RecordAgeExceeded', approximateInvokeCount: 0 });
  expect(letter).not.toHaveProperty('responseContext');
});

test('a letter comes with its event, as S3 destinations keep it', async () => {
  const events: KinesisEvent[] = [];
  await deliver(2, {
    handler: async () => Promise.reject(new Error('no')),
    onFailure: async (_, event) => {
      events.push(event);
    },
  });
  expect(events).toEqual([kinesisEvent(recordsTo(2), source)]);
});

test('a letter is written again until it is taken', async () => {
  let refusals = 2;
  const settled = await deliver(1, {
    handler: async () => Promise.reject(new Error('no')),
    onFailure: async () => {
      if (refusals-- > 0) throw new Error('full');
    },
  });
  expect(refusals).toBe(-1);
  expect(settled).toEqual([0]);
});

test('a function that takes too long has failed', async () => {
  const outcomes: string[] = [];
  await deliver(1, {
    timeoutMs: 20,
    handler: () => new Promise(() => {}),
    observe: (observation) => {
      if (observation.kind === 'invoked' && observation.outcome.kind === 'failed') {
        outcomes.push(observation.outcome.error.message);
      }
    },
  });
  expect(outcomes).toEqual(['Task timed out after 0.02 seconds']);
});

test('a function sees how much time it has left', async () => {
  let left = 0;
  await deliver(1, {
    timeoutMs: 5_000,
    handler: async (_, context) => {
      left = context.getRemainingTimeInMillis();
    },
  });
  expect(left).toBeGreaterThan(4_000);
  expect(left).toBeLessThanOrEqual(5_000);
});

test('batchItemFailures are not looked at unless the mapping is told to', async () => {
  const batches: number[][] = [];
  await deliver(2, {
    reportBatchItemFailures: false,
    handler: async (event) => {
      batches.push(numbersOf(event));
      return { batchItemFailures: [{ itemIdentifier: '1' }] };
    },
  });
  expect(batches).toEqual([[0, 1]]);
});

test('a function that changes its event changes no later one', async () => {
  const seen: number[] = [];
  await deliver(3, {
    maxRetries: 1,
    handler: async (event) => {
      seen.push(event.Records.length);
      Object.assign(event, { Records: [] });
      if (seen.length === 1) throw new Error('no');
    },
  });
  expect(seen).toEqual([3, 3]);
});

const behaviour = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('return', 'throw', 'throw at once', 'empty name', 'foreign name') },
  { weight: 1, arbitrary: fc.constant('hang') },
  { weight: 2, arbitrary: fc.nat() },
);

test('each record is in a batch that the function took or in a letter, whatever the function does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 2 }),
      fc.infiniteStream(behaviour),
      async (count, bisectOnError, maxRetries, behaviours) => {
        const took: number[] = [];
        const gaveUp: number[] = [];
        const handler: KinesisHandler = (event) => {
          const given = numbersOf(event);
          const next = behaviours.next().value;
          if (next === 'throw at once') throw new Error('no');
          if (next === 'throw') return Promise.reject(new Error('no'));
          if (next === 'hang') return new Promise(() => {});
          if (next === 'empty name') return answer('');
          if (next === 'foreign name') return answer('x');
          const done = typeof next === 'number' ? next % given.length : given.length;
          took.push(...given.slice(0, done));
          return done === given.length ? answer() : answer(`${given[done]}`);
        };
        const settled = await deliver(count, {
          handler,
          bisectOnError,
          maxRetries,
          timeoutMs: 1,
          onFailure: async (_, event) => {
            gaveUp.push(...numbersOf(event));
          },
        });
        const all = numbers(recordsTo(count));
        expect([...took, ...gaveUp].toSorted((a, b) => a - b)).toEqual(all);
        expect(took).toEqual(took.toSorted((a, b) => a - b));
        expect(settled).toEqual(all);
      },
    ),
  );
});

async function answer(...identifiers: string[]) {
  return { batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) };
}
