import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { kinesisClient } from '@sluice/kinesis-producer';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';
import { compareBundles } from '@sluice/lambda-kit/measure-bundle';
import { eventOf } from './api.ts';

const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));

test('the bundle is at most 0.7 times as large as the one that esbuild makes by default', async () => {
  const { sizeRatio } = await compareBundles({ entry, variables: {}, starts: 0 });
  expect(sizeRatio).toBeGreaterThan(0);
  expect(sizeRatio).toBeLessThanOrEqual(0.7);
}, 60_000);

describeWithMiniStack('the bundled ingest-api', (miniStack) => {
  let folder: string;
  const variables = { STREAM_NAME: 'records', DATASET_FIELD: '_dataset', CURATED_BUCKET: 'curated-zone' };
  const kinesis = () => {
    const { endpoint, region, credentials } = miniStack();
    return kinesisClient({ endpoint, region, credentials });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ingest-api-'));
    await bundleLambda({ entry, outDir: folder, architecture: 'x64' });
    const s3 = new S3Client({ ...miniStack(), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'curated-zone' }));
    s3.destroy();
    const client = kinesis();
    await client.send(new CreateStreamCommand({ StreamName: 'records', ShardCount: 1 }));
    client.destroy();
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const recordsIn = async (): Promise<string[]> => {
    const client = kinesis();
    const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: 'records' }));
    const iterators = await Promise.all(
      Shards.map(({ ShardId }) =>
        client.send(
          new GetShardIteratorCommand({ StreamName: 'records', ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
        ),
      ),
    );
    const batches = await Promise.all(
      iterators.map(({ ShardIterator }) => client.send(new GetRecordsCommand({ ShardIterator }))),
    );
    client.destroy();
    return batches.flatMap(({ Records = [] }) =>
      Records.map(({ Data }) => Buffer.from(Data ?? []).toString()),
    );
  };
  const invoke = (event: unknown, more: Readonly<Record<string, string>> = {}) =>
    invokeBundle({ folder, variables: { ...variables, ...more }, emulator: miniStack() }, event);

  test('puts a record into the stream once, however often the request comes, and logs nothing of it', async () => {
    const request = eventOf({
      headers: { 'idempotency-key': 'canary-key' },
      body: '[{"id":"canary","email":"canary@example.com"},{"id":"canary","amount":"canary"}]',
    });
    const answers = [await invoke(request), await invoke(request)];
    expect(answers).toMatchObject([
      { outcome: 'returned', result: { statusCode: 207 } },
      { outcome: 'returned', result: { statusCode: 207, headers: { 'idempotency-replayed': 'true' } } },
    ]);
    expect(await recordsIn()).toEqual(['{"_dataset":"orders","id":"canary","email":"canary@example.com"}']);
    expect(answers[0]?.logs).toContain('"message":"records_rejected"');
    expect(answers[0]?.logs).toContain('"RecordsAccepted":1');
    for (const { logs } of answers) expect(logs).not.toContain('canary');
  });

  test('answers 503 without a stream, logs nothing of the record, and takes it when the request comes again', async () => {
    const request = eventOf({ headers: { 'idempotency-key': 'canary-2' }, body: '{"id":"canary-2"}' });
    const failed = await invoke(request, { STREAM_NAME: 'nothing' });
    expect(failed).toMatchObject({ outcome: 'returned', result: { statusCode: 503 } });
    expect(failed.logs).not.toContain('canary');
    expect(await invoke(request)).toMatchObject({ outcome: 'returned', result: { statusCode: 202 } });
  });
});
