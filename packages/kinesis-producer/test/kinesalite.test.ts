import type { AddressInfo } from 'node:net';
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type PutRecordsResultEntry,
  type Shard,
  SplitShardCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kinesalite from 'kinesalite';
import { decodeAggregated } from '../src/aggregated-record.ts';
import { createProducer, kinesisClient, type ProducerMetrics, type ProducerRecord } from '../src/index.ts';
import { Pace } from '../src/pace.ts';
import { createProducerOf } from '../src/producer.ts';
import { ShardMap } from '../src/shard-map.ts';
import { kinesisStream, type Stream } from '../src/stream.ts';

const server = kinesalite({ createStreamMs: 1, updateStreamMs: 1, shardLimit: 100 });
let client: KinesisClient;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has this kind of address.
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  client = kinesisClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials });
});
afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function createStream(StreamName: string, ShardCount: number): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName, ShardCount }));
  await waitUntilStreamExists({ client, maxWaitTime: 5, minDelay: 0.02, maxDelay: 0.05 }, { StreamName });
}

const shardsOf = async (StreamName: string): Promise<Shard[]> =>
  (await client.send(new ListShardsCommand({ StreamName }))).Shards ?? [];

interface Found extends ProducerRecord {
  readonly shardId: string;
}

/** All records of a stream, taken out of their aggregates, with how many Kinesis records held them. */
async function readAll(StreamName: string): Promise<{ found: Found[]; kinesisRecords: number }> {
  const found: Found[] = [];
  let kinesisRecords = 0;
  for (const { ShardId: shardId = '' } of await shardsOf(StreamName)) {
    const from = { StreamName, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' as const };
    let { ShardIterator } = await client.send(new GetShardIteratorCommand(from));
    for (let idle = 0; ShardIterator && idle < 2; ) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator }));
      const records = page.Records ?? [];
      kinesisRecords += records.length;
      for (const { Data: data = new Uint8Array(), PartitionKey: partitionKey = '' } of records) {
        for (const record of decodeAggregated(data) ?? [{ data, partitionKey }])
          found.push({ ...record, shardId });
      }
      idle = records.length === 0 ? idle + 1 : 0;
      ShardIterator = page.NextShardIterator;
    }
  }
  return { found, kinesisRecords };
}

const idOf = ({ data }: ProducerRecord) => Number(Buffer.from(data).toString());
const ids = (found: readonly ProducerRecord[]) => found.map(idOf).toSorted((a, b) => a - b);
const numbered = (count: number, keys: number): ProducerRecord[] =>
  Array.from({ length: count }, (_, id) => ({
    data: Buffer.from(`${id}`),
    partitionKey: `key-${id % keys}`,
  }));
const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);

/** Kinesalite takes whatever comes; this refuses, record by record, what is over the rate of a shard. */
function withShardRate(stream: Stream, recordsPerSecond: number, shardOf: ShardMap): Stream {
  const taken = new Map<string, { since: number; count: number }>();
  return {
    listShards: stream.listShards,
    async putRecords(entries, signal) {
      const now = performance.now();
      const allowed = entries.map(({ first }) => {
        const shard = shardOf.shardOf(first.record);
        const known = taken.get(shard);
        const second = known && now - known.since < 1000 ? known : { since: now, count: 0 };
        taken.set(shard, second);
        second.count += 1;
        return second.count <= recordsPerSecond;
      });
      const passed = entries.filter((_, at) => allowed[at]);
      const results = passed.length > 0 ? [...(await stream.putRecords(passed, signal))] : [];
      return allowed.map((ok): PutRecordsResultEntry => {
        return (ok && results.shift()) || { ErrorCode: 'ProvisionedThroughputExceededException' };
      });
    },
  };
}

describe('against kinesalite', () => {
  test.each([
    ['single records', { aggregate: false, ordered: false }],
    ['aggregates', { aggregate: true, ordered: false }],
    ['aggregates in order', { aggregate: true, ordered: true }],
  ])('%s arrive, each in the shard that its result names', async (name, options) => {
    const streamName = name.replaceAll(' ', '-');
    await createStream(streamName, 3);
    const producer = createProducer({ client, streamName, ...options });
    const shardOf = new Map<number, string>();
    let id = 0;
    for await (const result of producer.sendAll(numbered(1_000, 50))) {
      if (result.outcome === 'sent') shardOf.set(id, result.shardId);
      id += 1;
    }
    await producer.close();
    const { found, kinesisRecords } = await readAll(streamName);
    expect(ids(found)).toEqual(upTo(1_000));
    expect(new Map(found.map((record) => [idOf(record), record.shardId]))).toEqual(shardOf);
    expect(kinesisRecords < 500).toBe(options.aggregate);
  });

  test('shards that throttle slow the producer down and lose nothing', async () => {
    await createStream('throttled', 2);
    const stream = kinesisStream(client, 'throttled');
    const map = new ShardMap(await stream.listShards(), 1);
    const seen: ProducerMetrics[] = [];
    const options = {
      onMetrics: (metrics: ProducerMetrics) => void seen.push(metrics),
      metricsIntervalMs: 50,
      backoffMs: { base: 50, cap: 500 },
    };
    const pace = new Pace({ recordsPerSecond: 300, bytesPerSecond: 1e6 });
    const producer = createProducerOf(withShardRate(stream, 300, map), options, pace);
    for await (const { outcome } of producer.sendAll(numbered(900, 500))) expect(outcome).toBe('sent');
    await producer.close();
    const { found } = await readAll('throttled');
    expect(ids(found)).toEqual(upTo(900));
    const last = seen.at(-1);
    expect(last).toMatchObject({ sent: 900, failed: 0, inFlight: 0 });
    // Tried at full speed until they pass, most would be refused several times.
    expect(last?.throttled).toBeLessThan(900);
    const paced = new Set(seen.flatMap(({ shares }) => Object.keys(shares)));
    expect([...paced]).toEqual(expect.arrayContaining([...map.shardIds]));
  });

  test('a split while sending aggregates loses and doubles nothing, and later ones land in their own shard', async () => {
    await createStream('split', 1);
    const producer = createProducer({
      client,
      streamName: 'split',
      aggregate: true,
      maxBufferedRecords: 200,
    });
    const records = numbered(4_000, 500);
    async function* withSplit() {
      for (const [at, record] of records.entries()) {
        if (at === 1_000) {
          await client.send(
            new SplitShardCommand({
              StreamName: 'split',
              ShardToSplit: 'shardId-000000000000',
              NewStartingHashKey: `${1n << 127n}`,
            }),
          );
          while ((await shardsOf('split')).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
        }
        yield record;
      }
    }
    for await (const { outcome } of producer.sendAll(withSplit())) expect(outcome).toBe('sent');
    await producer.close();
    const { found } = await readAll('split');
    expect(ids(found)).toEqual(upTo(4_000));
    const children = new ShardMap(await kinesisStream(client, 'split').listShards(), 1);
    const later = found.filter((record) => idOf(record) >= 2_000);
    expect(new Set(later.map(({ shardId }) => shardId)).size).toBe(2);
    expect(later.filter((record) => children.shardOf(record) !== record.shardId)).toEqual([]);
  });

  test('a split while sending ordered aggregates leaves no record in a shard of others', async () => {
    await createStream('ordered-split', 1);
    const stream = kinesisStream(client, 'ordered-split');
    const producer = createProducer({ client, streamName: 'ordered-split', aggregate: true, ordered: true });
    const split = new SplitShardCommand({
      StreamName: 'ordered-split',
      ShardToSplit: 'shardId-000000000000',
      NewStartingHashKey: `${1n << 127n}`,
    });
    let splitting: Promise<unknown> | undefined;
    let read = 0;
    for await (const { outcome } of producer.sendAll(numbered(6_000, 40))) {
      expect(outcome).toBe('sent');
      read += 1;
      if (read === 200) splitting = client.send(split);
    }
    await splitting;
    await producer.close();
    const { found } = await readAll('ordered-split');
    expect(ids(found)).toEqual(upTo(6_000));
    const children = new ShardMap(await stream.listShards(), 1);
    const after = found.filter(({ shardId }) => shardId !== 'shardId-000000000000');
    expect(after.filter((record) => children.shardOf(record) !== record.shardId)).toEqual([]);
  });
});
