import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ProducerOptions } from '../src/options.ts';
import { Pace } from '../src/pace.ts';
import { createProducerOf } from '../src/producer.ts';
import type { ProducerRecord, RecordResult } from '../src/record.ts';
import { evenShards, type Fault, FaultyStream, named } from './faulty-stream.ts';

const throttled = 'ProvisionedThroughputExceededException';
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Fault>({ kind: 'none' }) },
  fc
    .record({ bits: fc.integer(), code: fc.constantFrom(throttled, 'InternalFailure') })
    .map((some): Fault => ({ kind: 'some', ...some })),
  fc
    .constantFrom(named('TimeoutError'), named('InternalFailure', 500), named(throttled, 400))
    .map((error): Fault => ({ kind: 'throws', error })),
);

const maxRecordBytes = 400;
const maxRequestBytes = 900;
/** Small enough that a few hundred bytes meet every limit, fast enough that thousands of retries take no time. */
const fast = {
  backoffMs: { base: 0.01, cap: 1 },
  lingerMs: 0,
  maxAttempts: 1_000,
  maxRecordBytes,
  maxRequestBytes,
  aggregateBytes: 300,
} satisfies Partial<ProducerOptions>;

const plan = fc.record({
  faults: fc.array(fault, { maxLength: 12 }),
  shards: fc.integer({ min: 1, max: 3 }),
  aggregate: fc.boolean(),
  ordered: fc.boolean(),
  maxInFlight: fc.integer({ min: 1, max: 4 }),
  maxBufferedRecords: fc.integer({ min: 1, max: 60 }),
  maxBufferedBytes: fc.integer({ min: 1, max: 3_000 }),
  records: fc.array(fc.record({ key: fc.nat(6), length: fc.nat(420) }), { maxLength: 80 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** Records that begin with their number; those above the limit are to be refused. */
const recordsOf = ({ records }: Plan): ProducerRecord[] =>
  records.map(({ key, length }, id) => ({
    data: Buffer.from(`${id} `.padEnd(length, '.')),
    partitionKey: `key-${key}`,
  }));
const idOf = ({ data }: ProducerRecord) => Number.parseInt(Buffer.from(data).toString(), 10);
const fits = ({ data, partitionKey }: ProducerRecord) => data.length + partitionKey.length <= maxRecordBytes;

async function run(made: Plan, faults: readonly Fault[], options: Partial<ProducerOptions> = {}) {
  const stream = new FaultyStream(faults, evenShards(made.shards));
  const { aggregate, ordered, maxInFlight, maxBufferedRecords, maxBufferedBytes } = made;
  const bounds = { maxInFlight, maxBufferedRecords, maxBufferedBytes };
  // Shards this fast are soon at their pace again after many throttles.
  const pace = new Pace({ recordsPerSecond: 1e6, bytesPerSecond: 1e9 });
  const producer = createProducerOf(stream, { ...fast, aggregate, ordered, ...bounds, ...options }, pace);
  const records = recordsOf(made);
  const results: RecordResult[] = [];
  for await (const result of producer.sendAll(records)) results.push(result);
  await producer.close();
  return { stream, records, results };
}

describe('whatever a stream does', () => {
  test('every record has one result, and what is sent is what landed', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (made) => {
        const { stream, records, results } = await run(made, made.faults);
        expect(results.map(({ outcome }) => outcome)).toEqual(
          records.map((record) => (fits(record) ? 'sent' : 'refused')),
        );
        const landed = stream.landed.map(({ record }) => idOf(record)).toSorted((a, b) => a - b);
        expect(landed).toEqual(records.filter(fits).map(idOf));
      }),
      { numRuns: 200 },
    );
  });

  test('a record whose tries run out has failed, and nothing else is missing', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (made) => {
        const { stream, records, results } = await run(made, made.faults, { maxAttempts: 2 });
        const sent = records.filter((_, at) => results[at]?.outcome === 'sent').map(idOf);
        expect(stream.landed.map(({ record }) => idOf(record)).toSorted((a, b) => a - b)).toEqual(sent);
        expect(results).toHaveLength(records.length);
      }),
    );
  });

  test('after answers that were lost a record may be there more than once, but never not', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (made) => {
        const lost = made.faults.map((): Fault => ({ kind: 'timeout after success' }));
        const { stream, records } = await run(made, lost);
        const landed = new Set(stream.landed.map(({ record }) => idOf(record)));
        expect([...landed].toSorted((a, b) => a - b)).toEqual(records.filter(fits).map(idOf));
      }),
    );
  });

  test('no request exceeds a limit', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (made) => {
        const { stream } = await run(made, made.faults);
        for (const { records, bytes } of stream.requests) {
          expect(records).toBeLessThanOrEqual(500);
          expect(bytes).toBeLessThanOrEqual(maxRequestBytes);
        }
      }),
    );
  });

  test('with `ordered` the records of a partition key land in their order, one request at a time', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (made) => {
        const { stream } = await run({ ...made, ordered: true }, made.faults);
        const byKey = Map.groupBy(stream.landed, ({ record }) => record.partitionKey);
        for (const landed of byKey.values()) {
          const ids = landed.map(({ record }) => idOf(record));
          expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        }
        expect(stream.mostPerKey).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });
});

test('without `ordered` a failed record lets later ones of its key pass', async () => {
  const records = Array.from({ length: 3 }, (_, at) => ({ data: Buffer.from(`${at}`), partitionKey: 'a' }));
  const stream = new FaultyStream([{ kind: 'some', bits: 1, code: 'InternalFailure' }]);
  const producer = createProducerOf(stream, fast);
  for await (const { outcome } of producer.sendAll(records)) expect(outcome).toBe('sent');
  await producer.close();
  expect(stream.landed.map(({ record }) => idOf(record))).toEqual([1, 2, 0]);
});
