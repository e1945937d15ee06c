import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type _Record as StreamRecord,
} from '@aws-sdk/client-kinesis';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MiniStack } from '@sluice/aws-emulator';
import { z } from 'zod';
import type { Environment } from '../../src/environments/environment.ts';
import type { AppliedLake } from './applied-lake.ts';
import { rowsOf } from './embedded-lake.ts';
import type { EmulatedStack } from './emulated-stack.ts';
import { kinesisClient } from './kinesis-client.ts';
import { withoutStatement } from './role-statements.ts';
import { type Answer, type Credentials, callApi } from './signed-call.ts';
import { until } from './until.ts';
import { Users } from './users.ts';

interface Doors {
  readonly miniStack: () => MiniStack;
  readonly stack: () => EmulatedStack;
  readonly lake: () => AppliedLake;
  readonly environment: Environment;
  readonly folder: () => string;
}

const restMs = 120_000;
const bad = {
  noJson: 'this is no record',
  ofNoDataset: JSON.stringify({ _dataset: 'invoices', id: '1' }),
};

/** Orders that are published, with ids of their own. */
const ordersOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `${name}-${index}`,
    name: 'Ann',
    email: `ann.${index}@example.com`,
    amount: index * 100,
    quantity: 2,
    price: 450.5,
    status: 'ACTIVE',
    created_date: new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 19).replace('T', ' '),
    region_code: '02',
  }));
const idsOf = (records: readonly { readonly id: string }[]): string[] => records.map(({ id }) => id);

const sent = { stream: ordersOf('by-stream', 60), http: ordersOf('by-http', 20), late: ordersOf('late', 1) };

/** Tests that records get from the stream and the API of an applied lake into its tables, and others into quarantine. */
export const testDoors = ({ miniStack, stack, lake, environment, folder }: Doors): void => {
  const { namePrefix, region } = environment;
  let kinesis: KinesisClient;
  let lambda: LambdaClient;
  let users: Users;
  let streamName: string;
  let api: Parameters<typeof callApi>[0];

  const put = async (texts: readonly string[]): Promise<void> => {
    const Records = texts.map((text, index) => ({ Data: Buffer.from(text), PartitionKey: String(index) }));
    const { FailedRecordCount } = await kinesis.send(
      new PutRecordsCommand({ StreamName: streamName, Records }),
    );
    expect(FailedRecordCount).toBe(0);
  };
  const named = (records: readonly object[]): string[] =>
    records.map((record) => JSON.stringify({ _dataset: 'orders', ...record }));

  const landed = (): Promise<string[]> => lake().keysIn('raw', 'incoming/orders/stream/');
  /** The ids of all orders that came by the stream and were published, once each of their objects has had its run. */
  const publishedIds = async (atLeast: number): Promise<string[]> => {
    let ids: string[] = [];
    await until(`${atLeast} records are published`, restMs, async () => {
      const objects = await landed();
      const runs = (await lake().untilAtRest(objects.length, restMs)).filter(({ input }) =>
        objects.includes(input.object.key),
      );
      const published = runs.length === objects.length && runs.every(({ status }) => status === 'SUCCEEDED');
      if (!published) return { done: false, seen: `${objects.length} objects, ${runs.length} runs` };
      const manifests = await Promise.all(runs.map(({ input }) => lake().manifestOf(input)));
      const keys = manifests.flatMap((each) =>
        each.status === 'published' ? each.files.map(({ key }) => key) : [],
      );
      await lake().download(keys, join(folder(), 'doors'));
      const rows = keys.length === 0 ? [] : await rowsOf(keys.map((key) => join(folder(), 'doors', key)));
      ids = rows.map((row) => String(JSON.parse(row).id));
      return { done: ids.length >= atLeast, seen: `${ids.length} rows of ${objects.length} objects` };
    });
    return ids.toSorted();
  };

  beforeAll(async () => {
    const { endpoint, credentials } = miniStack();
    kinesis = kinesisClient({ endpoint, credentials, region });
    lambda = new LambdaClient({ endpoint, credentials, region });
    users = new Users(miniStack(), region);
    const { stream_name, api_url } = await stack().outputs();
    streamName = String(stream_name);
    api = { endpoint, region, apiId: new URL(String(api_url)).hostname.split('.')[0] ?? '' };
    await put([...named(sent.stream), bad.noJson, bad.ofNoDataset]);
  });
  afterAll(async () => {
    await users.leave();
    for (const client of [kinesis, lambda]) client.destroy();
  });

  const post = (as: Credentials | null, headers: Record<string, string> = {}): Promise<Answer> =>
    callApi(api, {
      method: 'POST',
      path: '/datasets/orders/records',
      headers,
      body: JSON.stringify(sent.http),
      as,
    });
  const get = (path: string): Promise<Answer> =>
    callApi(api, { method: 'GET', path, as: miniStack().credentials });

  test('the API takes records of who may call it, and of nobody else', async () => {
    const may = await users.keyOf(['execute-api:Invoke']);
    const mayNot = await users.keyOf(['kinesis:*']);
    expect(await post(mayNot)).toMatchObject({ status: 403 });
    expect(await post(null)).toMatchObject({ status: 403 });
    const first = await post(may, { 'idempotency-key': 'a-try-or-two' });
    expect([first.status, JSON.parse(first.body)]).toEqual([
      202,
      { dataset: 'orders', taken: sent.http.length, refused: 0, failed: 0 },
    ]);
    // Sent again, since the answer was lost on the way.
    expect(await post(may, { 'idempotency-key': 'a-try-or-two' })).toEqual(first);
  });

  test('the API tells what a dataset wants of a record, and knows no other path', async () => {
    const schema = await get('/datasets/orders');
    expect([schema.status, JSON.parse(schema.body)]).toMatchObject([200, { required: ['id'] }]);
    expect(await get('/datasets')).toMatchObject({ status: 200 });
    expect(await get('/datasets/orders/records')).toMatchObject({ status: 405 });
    expect(await get('/nowhere')).toMatchObject({ status: 404 });
  });

  test(
    'every record that was sent or posted is published, once',
    async () => {
      const expected = [...sent.stream, ...sent.http];
      expect(await publishedIds(expected.length)).toEqual(idsOf(expected).toSorted());
    },
    restMs,
  );

  test('every record that nobody can read is in quarantine, once, with its reason and where it came from', async () => {
    const keys = await lake().curatedKeys('quarantine/');
    const lines = await Promise.all(
      keys.filter((key) => key.split('/')[2] === 'records').map((key) => lake().curatedText(key)),
    );
    const records = lines
      .flatMap((text) => text.trimEnd().split('\n'))
      .map((line) => quarantined.parse(JSON.parse(line)));
    expect(records.map(({ raw }) => raw).toSorted()).toEqual(Object.values(bad).toSorted());
    for (const { stream, reasons } of records) {
      expect(stream.name).toBe(streamName);
      expect(reasons).not.toEqual([]);
    }
  });

  test('the archive has every record as it was sent, by the hour in which it came', async () => {
    const keys = await lake().keysIn('raw', 'archive/');
    const hour = `archive/records/${streamName}/\\d{4}/\\d\\d/\\d\\d/\\d\\d/[^/]+`;
    for (const key of keys) expect(key).toMatch(new RegExp(`^${hour}$`));
    // There each is an object, neither packed nor with an end of its line.
    const texts = await Promise.all(keys.map((key) => lake().rawText(key)));
    expect(texts.filter((text) => !text.includes('by-http')).toSorted()).toEqual(
      [...named(sent.stream), ...Object.values(bad)].toSorted(),
    );
    expect(texts.filter((text) => text.includes('by-http'))).toHaveLength(sent.http.length);
  });

  test('a shard that is delivered once more leaves nothing more', async () => {
    const before = [await landed(), await lake().curatedKeys('quarantine/')];
    const shards = await shardsOf(kinesis, streamName);
    const everything = sent.stream.length + sent.http.length + Object.keys(bad).length;
    expect(shards.flatMap(({ records }) => records)).toHaveLength(everything);
    for (const { shardId, records } of shards) {
      const answer = await lambda.send(
        new InvokeCommand({
          FunctionName: `${namePrefix}-ingest-stream`,
          Payload: JSON.stringify(
            eventOf(`arn:aws:kinesis:${region}:000000000000:stream/${streamName}`, shardId, records),
          ),
        }),
      );
      expect(JSON.parse(Buffer.from(answer.Payload ?? []).toString())).toEqual({ batchItemFailures: [] });
    }
    expect([await landed(), await lake().curatedKeys('quarantine/')]).toEqual(before);
  });

  test('without the statement of ingest-api to PutRecords nothing is taken', async () => {
    await withoutStatement(miniStack(), `${namePrefix}-ingest-api`, 'PutRecords', async () => {
      expect(await post(miniStack().credentials)).toMatchObject({ status: 503 });
    });
  });

  test(
    'without the statement of ingest-stream to ReadRecords they wait until it is back',
    async () => {
      const before = await landed();
      await withoutStatement(miniStack(), `${namePrefix}-ingest-stream`, 'ReadRecords', async () => {
        await put(named(sent.late));
        // Otherwise taken within a tenth of that.
        await sleep(2000);
        expect(await landed()).toEqual(before);
      });
      const expected = [...sent.stream, ...sent.http, ...sent.late];
      expect(await publishedIds(expected.length)).toEqual(idsOf(expected).toSorted());
    },
    restMs,
  );
};

const quarantined = z.object({
  raw: z.string(),
  reasons: z.array(z.object({ code: z.string() })),
  stream: z.object({
    name: z.string(),
    shardId: z.string(),
    sequenceNumber: z.string(),
    arrivedAt: z.string(),
  }),
});

/** All records of a stream. */
const shardsOf = async (kinesis: KinesisClient, StreamName: string) => {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  return Promise.all(
    Shards.map(async ({ ShardId = '' }) => {
      const { ShardIterator } = await kinesis.send(
        new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
      );
      const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
      return { shardId: ShardId, records: Records };
    }),
  );
};

/** As Lambda hands records of a shard to a function: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html */
const eventOf = (streamArn: string, shardId: string, records: readonly StreamRecord[]) => ({
  Records: records.map(({ SequenceNumber, PartitionKey, Data, ApproximateArrivalTimestamp }) => ({
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: PartitionKey,
      sequenceNumber: SequenceNumber,
      data: Buffer.from(Data ?? []).toString('base64'),
      approximateArrivalTimestamp: Number(ApproximateArrivalTimestamp) / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${SequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::000000000000:role/lambda-role',
    awsRegion: 'eu-central-1',
    eventSourceARN: streamArn,
  })),
});
