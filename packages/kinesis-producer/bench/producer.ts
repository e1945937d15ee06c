import { fork } from 'node:child_process';
import { once } from 'node:events';
import { KinesisClient, PutRecordCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { createProducer, kinesisClient, type ProducerRecord } from '../src/index.ts';

/**
 * The producer against a server that answers at once: what batching gains over PutRecord, what the producer costs over
 * the SDK's bare PutRecords, what aggregation gains. Rounds alternate, medians count. Then against one that takes what a
 * shard takes, which is what aggregation is for. Fails below the bounds.
 */
const rounds = 7;
const requestsAtOnce = 8;
const streamName = 'bench';
// The server reads neither; the SDK signs with them.
process.env.AWS_ACCESS_KEY_ID = 'bench';
process.env.AWS_SECRET_ACCESS_KEY = 'bench';

const server = fork(new URL('null-kinesis.ts', import.meta.url));
const [port] = await once(server, 'message');
const endpoint = `http://127.0.0.1:${port}`;
const client = kinesisClient({ endpoint, region: 'us-east-1' });
// As the SDK makes it, but for HTTP/1.1, which is all that the server speaks.
const plainClient = new KinesisClient({
  endpoint,
  region: 'us-east-1',
  requestHandler: new NodeHttpHandler(),
});

/** What aggregation is for: some 45 bytes. */
const readings = Array.from({ length: 200_000 }, (_, id): ProducerRecord => {
  const reading = { id: `s-${id}`, at: 1_795_305_600 + id, value: (id % 100) / 4 };
  return { data: Buffer.from(JSON.stringify(reading)), partitionKey: `s-${id}` };
});
/** Of 100 bytes. */
const records = Array.from({ length: 200_000 }, (_, id): ProducerRecord => {
  const order = { id: `ORD-${id}`, email: `customer${id}@example.com`, amount: id / 100, status: 'ACTIVE' };
  return { data: Buffer.from(JSON.stringify(order).padEnd(100)), partitionKey: `ORD-${id}` };
});

async function putOneByOne(input: readonly ProducerRecord[]): Promise<void> {
  for (const { data, partitionKey } of input) {
    await client.send(
      new PutRecordCommand({ StreamName: streamName, Data: data, PartitionKey: partitionKey }),
    );
  }
}

async function putRecords(input: readonly ProducerRecord[], by: KinesisClient): Promise<void> {
  let next = 0;
  const put = async () => {
    while (next < input.length) {
      const batch = input.slice(next, next + 500);
      next += 500;
      const Records = batch.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey }));
      const { FailedRecordCount } = await by.send(new PutRecordsCommand({ StreamName: streamName, Records }));
      if (FailedRecordCount !== 0) throw new Error('The server refused a record.');
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, put));
}

async function produce(input: readonly ProducerRecord[], aggregate: boolean, by = client): Promise<void> {
  const producer = createProducer({ client: by, streamName, aggregate, maxInFlight: requestsAtOnce });
  let sent = 0;
  for await (const { outcome } of producer.sendAll(input)) if (outcome === 'sent') sent += 1;
  await producer.close();
  if (sent !== input.length) throw new Error(`The producer sent ${sent} of ${input.length} records.`);
}

const ways = [
  { name: 'PutRecord, one by one', input: records.slice(0, 1_000), put: putOneByOne },
  {
    name: 'PutRecords, SDK',
    input: records,
    put: (input: readonly ProducerRecord[]) => putRecords(input, plainClient),
  },
  {
    name: 'PutRecords, our client',
    input: records,
    put: (input: readonly ProducerRecord[]) => putRecords(input, client),
  },
  { name: 'producer', input: records, put: (input: readonly ProducerRecord[]) => produce(input, false) },
  {
    name: 'aggregating',
    input: records,
    put: (input: readonly ProducerRecord[]) => produce(input, true),
  },
  {
    name: 'producer, small',
    input: readings,
    put: (input: readonly ProducerRecord[]) => produce(input, false),
  },
  {
    name: 'aggregating, small',
    input: readings,
    put: (input: readonly ProducerRecord[]) => produce(input, true),
  },
] as const;

/** The records that the server received since the last call. */
async function receivedRecords(deep: boolean): Promise<unknown> {
  const counts: unknown = await (await fetch(`${endpoint}/counts${deep ? '?count=deep' : ''}`)).json();
  return typeof counts === 'object' && counts !== null && 'records' in counts ? counts.records : undefined;
}

/** Some seconds each, after the first one, in which a shard takes what it did not take before. */
async function gainOnShard(): Promise<number> {
  const shard = fork(new URL('null-kinesis.ts', import.meta.url), ['shard']);
  const [shardPort] = await once(shard, 'message');
  const toShard = kinesisClient({ endpoint: `http://127.0.0.1:${shardPort}`, region: 'us-east-1' });
  try {
    const rateOf = async (count: number, aggregate: boolean): Promise<number> => {
      const start = performance.now();
      await produce(readings.slice(0, count), aggregate, toShard);
      const rate = count / ((performance.now() - start) / 1000);
      const name = `${aggregate ? 'aggregating' : 'producer'}, one shard`;
      console.log(`${name.padEnd(22)} ${Math.round(rate).toLocaleString('en').padStart(10)} records/s`);
      return rate;
    };
    await produce(readings.slice(0, 1_500), false, toShard);
    const without = await rateOf(5_000, false);
    await produce(readings.slice(0, 25_000), true, toShard);
    return (await rateOf(80_000, true)) / without;
  } finally {
    toShard.destroy();
    shard.disconnect();
  }
}

try {
  // First that every way brings every record, then how fast.
  await receivedRecords(true);
  for (const { name, input, put } of ways) {
    await put(input);
    const received = await receivedRecords(true);
    if (received !== input.length) {
      throw new Error(`${name}: the server received ${received} of ${input.length} records.`);
    }
  }
  await receivedRecords(false);

  const rates = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another way, so that none always has the warmest machine.
    for (const { name, input, put } of ways.map((_, at) => ways[(at + round) % ways.length] ?? ways[0])) {
      const start = performance.now();
      await put(input);
      rates.get(name)?.push(input.length / ((performance.now() - start) / 1000));
    }
  }

  const medians = ways.map(({ name }) => {
    const sorted = (rates.get(name) ?? []).toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? 0;
    console.log(`${name.padEnd(22)} ${Math.round(median).toLocaleString('en').padStart(10)} records/s`);
    return median;
  });
  const [oneByOne = 0, raw = 0, tuned = 0, producer = 0, aggregating = 0, small = 0, aggregatingSmall = 0] =
    medians;
  const claims: { claim: string; ratio: number; least?: number }[] = [
    { claim: 'producer ÷ PutRecord one by one', ratio: producer / oneByOne, least: 8 },
    { claim: 'producer ÷ PutRecords of the SDK', ratio: producer / raw, least: 0.9 },
    { claim: 'producer ÷ PutRecords of our client', ratio: producer / tuned },
    { claim: 'aggregating ÷ not aggregating', ratio: aggregating / producer },
    { claim: 'the same with small records', ratio: aggregatingSmall / small },
    { claim: 'the same to one shard', ratio: await gainOnShard(), least: 3 },
  ];
  for (const { claim, ratio, least } of claims) {
    const verdict = least === undefined ? '' : `, at least ${least}: ${ratio >= least ? 'ok' : 'MISSED'}`;
    console.log(`${claim.padEnd(36)} ${ratio.toFixed(2).padStart(6)}${verdict}`);
    if (least !== undefined && ratio < least) process.exitCode = 1;
  }
} finally {
  client.destroy();
  plainClient.destroy();
  server.disconnect();
}
