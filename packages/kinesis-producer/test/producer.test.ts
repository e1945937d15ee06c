import { describe, expect, test } from '@jest/globals';
import type { ProducerMetrics } from '../src/metrics.ts';
import { createProducerOf } from '../src/producer.ts';
import type { ProducerRecord } from '../src/record.ts';
import type { Stream } from '../src/stream.ts';
import { type Fault, FaultyStream, named } from './faulty-stream.ts';

const fast = { backoffMs: { base: 0.01, cap: 1 } };
const record = (text: string, partitionKey = 'a'): ProducerRecord => ({
  data: Buffer.from(text),
  partitionKey,
});
const numbered = (count: number) => Array.from({ length: count }, (_, at) => record(`${at}`, `key-${at}`));
const textsOf = (stream: FaultyStream) =>
  stream.landed.map(({ record: { data } }) => Buffer.from(data).toString());

/** A stream whose requests stay open until the signal of the producer aborts them. */
const stuckStream = (): Stream => ({
  listShards: async () => [],
  putRecords: (_, signal) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
});

describe('a record', () => {
  test('that is larger than the stream takes is refused, and the others of its request are sent', async () => {
    const stream = new FaultyStream();
    const producer = createProducerOf(stream, { maxRecordBytes: 10 });
    const results = await Promise.all(
      [record('123456789'), record('1234567890'), record('small')].map((each) => producer.send(each)),
    );
    await producer.close();
    expect(results.map(({ outcome }) => outcome)).toEqual(['sent', 'refused', 'sent']);
    expect(results[1]).toEqual({ outcome: 'refused', reason: 'too_large' });
  });

  test.each([
    ['an empty partition key', { partitionKey: '' }, 'invalid_partition_key'],
    ['a partition key of 257 characters', { partitionKey: 'k'.repeat(257) }, 'invalid_partition_key'],
    ['half a surrogate pair as its key', { partitionKey: '\ud800' }, 'invalid_partition_key'],
    ['a hash key of 2¹²⁸', { explicitHashKey: `${1n << 128n}` }, 'invalid_explicit_hash_key'],
    ['a hash key with a leading zero', { explicitHashKey: '01' }, 'invalid_explicit_hash_key'],
  ])('with %s is refused', async (_, fields, reason) => {
    const producer = createProducerOf(new FaultyStream(), {});
    expect(await producer.send({ ...record('x'), ...fields })).toEqual({ outcome: 'refused', reason });
    await producer.close();
  });

  test('tells how often it was tried', async () => {
    const fault: Fault = { kind: 'some', bits: 1, code: 'InternalFailure' };
    const producer = createProducerOf(new FaultyStream([fault, fault]), fast);
    expect(await producer.send(record('x'))).toMatchObject({ outcome: 'sent', attempts: 3 });
    await producer.close();
  });

  test('that waited too long has failed by its last error', async () => {
    const faults = Array.from(
      { length: 100 },
      (): Fault => ({ kind: 'some', bits: 1, code: 'InternalFailure' }),
    );
    const slow = { backoffMs: { base: 20, cap: 20 }, random: () => 0.9, maxAgeMs: 50 };
    const producer = createProducerOf(new FaultyStream(faults), slow);
    expect(await producer.send(record('x'))).toMatchObject({
      outcome: 'failed',
      errorCode: 'InternalFailure',
    });
    await producer.close();
  });

  test('that Kinesis calls invalid takes no other with it', async () => {
    const faulty = new FaultyStream();
    const stream: Stream = {
      listShards: () => faulty.listShards(),
      putRecords: (entries, signal) =>
        entries.some(({ data }) => Buffer.from(data).toString() === '3')
          ? Promise.reject(named('ValidationException', 400))
          : faulty.putRecords(entries, signal),
    };
    const producer = createProducerOf(stream, fast);
    const results = await Promise.all(numbered(8).map((each) => producer.send(each)));
    await producer.close();
    expect(results.filter(({ outcome }) => outcome === 'sent')).toHaveLength(7);
    expect(results[3]).toEqual({ outcome: 'failed', errorCode: 'ValidationException', attempts: 1 });
  });
});

test('a missing permission fails at once, without a second try', async () => {
  const stream = new FaultyStream([{ kind: 'throws', error: named('AccessDeniedException', 400) }]);
  const producer = createProducerOf(stream, fast);
  const failed = { outcome: 'failed', errorCode: 'AccessDeniedException', attempts: 1 };
  expect(await producer.send(record('x'))).toEqual(failed);
  await producer.close();
});

test('an answer with fewer results than records counts the others as not sent', async () => {
  const faulty = new FaultyStream();
  let first = true;
  const stream: Stream = {
    listShards: () => faulty.listShards(),
    putRecords: async (entries, signal) => {
      const results = await faulty.putRecords(first ? entries.slice(0, 1) : entries, signal);
      first = false;
      return results;
    },
  };
  const producer = createProducerOf(stream, fast);
  const results = await Promise.all(numbered(3).map((each) => producer.send(each)));
  await producer.close();
  expect(results).toMatchObject([{ attempts: 1 }, { attempts: 2 }, { attempts: 2 }]);
  expect(textsOf(faulty)).toEqual(['0', '1', '2']);
});

test('records sent one by one without waiting share a request', async () => {
  const stream = new FaultyStream();
  const producer = createProducerOf(stream, {});
  await Promise.all(numbered(300).map((each) => producer.send(each)));
  await producer.close();
  expect(stream.requests.map(({ records }) => records)).toEqual([300]);
});

test('flush waits for what was given before it, also while more comes', async () => {
  const stream = new FaultyStream();
  const producer = createProducerOf(stream, { lingerMs: 60_000 });
  let settled = 0;
  for (const each of numbered(1_200)) void producer.send(each).then(() => (settled += 1));
  await producer.flush();
  expect(settled).toBe(1_200);
  await producer.close();
});

test('close sends what it has and refuses what comes later', async () => {
  const stream = new FaultyStream();
  const producer = createProducerOf(stream, { lingerMs: 60_000 });
  const before = producer.send(record('before'));
  const closing = producer.close();
  expect(await producer.send(record('after'))).toEqual({ outcome: 'refused', reason: 'closed' });
  await closing;
  expect((await before).outcome).toBe('sent');
  expect(textsOf(stream)).toEqual(['before']);
});

test('an abort answers for records under way, waiting, and kept back by order or a full buffer', async () => {
  const abort = new AbortController();
  const options = { signal: abort.signal, ordered: true, maxInFlight: 1, maxBufferedRecords: 3 };
  const producer = createProducerOf(stuckStream(), options);
  const sending = ['a', 'a', 'b', 'c', 'd'].map((key) => producer.send(record('x', key)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  abort.abort();
  for (const result of await Promise.all(sending)) {
    expect(result).toMatchObject({ outcome: 'failed', errorCode: 'Aborted' });
  }
  expect(await producer.send(record('x'))).toMatchObject({ outcome: 'failed', errorCode: 'Aborted' });
  await producer.close();
});

describe('sendAll', () => {
  test('reads no further than it may hold while nothing is sent', async () => {
    const abort = new AbortController();
    const producer = createProducerOf(stuckStream(), { signal: abort.signal, maxBufferedRecords: 10 });
    let read = 0;
    function* endless() {
      for (;;) {
        read += 1;
        yield record('x');
      }
    }
    const results = producer.sendAll(endless());
    const first = results.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(read).toBe(10);
    await results.return?.();
    abort.abort();
    await first;
    await producer.close();
  });

  test('gives the results of what it read before it throws the error of its input', async () => {
    const producer = createProducerOf(new FaultyStream(), {});
    function* broken() {
      yield* numbered(3);
      throw new Error('The file ends in the middle.');
    }
    let results = 0;
    const reading = (async () => {
      for await (const { outcome } of producer.sendAll(broken())) results += outcome === 'sent' ? 1 : 0;
    })();
    await expect(reading).rejects.toThrow('The file ends in the middle.');
    expect(results).toBe(3);
    await producer.close();
  });

  test('closes its input when nobody reads on, and sends what it took', async () => {
    const stream = new FaultyStream();
    const producer = createProducerOf(stream, { maxBufferedRecords: 4 });
    let closed = false;
    function* input() {
      try {
        for (let at = 0; ; at += 1) yield record(`${at}`);
      } finally {
        closed = true;
      }
    }
    for await (const { outcome } of producer.sendAll(input())) if (outcome === 'sent') break;
    await producer.close();
    expect(closed).toBe(true);
    expect(textsOf(stream).length).toBeGreaterThanOrEqual(4);
  });
});

test('the last metrics add up', async () => {
  const seen: ProducerMetrics[] = [];
  const fault: Fault = { kind: 'some', bits: 1, code: 'InternalFailure' };
  const onMetrics = (metrics: ProducerMetrics) => void seen.push(metrics);
  const producer = createProducerOf(new FaultyStream([fault]), { ...fast, maxRecordBytes: 10, onMetrics });
  await Promise.all([...numbered(5), record('far too large')].map((each) => producer.send(each)));
  await producer.close();
  expect(seen.at(-1)).toMatchObject({
    sent: 5,
    refused: 1,
    failed: 0,
    retried: 1,
    throttled: 0,
    requests: 2,
    bytes: 5 * '0key-0'.length,
    inFlight: 0,
    inFlightBytes: 0,
  });
});
