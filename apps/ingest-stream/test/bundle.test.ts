import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import type { ObjectStore } from '@sluice/lake-storage';
import { s3Store } from '@sluice/lake-storage/s3';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';
import { event, keysIn, linesIn, numberOf, record } from './shard.ts';

describeWithMiniStack('the bundled ingest-stream', (miniStack) => {
  let folder: string;
  let client: S3Client;
  let objects: ObjectStore;
  const variables = {
    RAW_BUCKET: 'raw-zone',
    CURATED_BUCKET: 'curated-zone',
    DATASET_FIELD: '_dataset',
    PARALLELIZATION_FACTOR: '1',
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ingest-stream-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: folder, architecture: 'x64' });
    client = new S3Client({ ...miniStack(), forcePathStyle: true });
    for (const Bucket of [variables.RAW_BUCKET, variables.CURATED_BUCKET]) {
      await client.send(new CreateBucketCommand({ Bucket }));
      await client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
    }
    objects = s3Store(client);
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const invoke = (input: unknown, others: Readonly<Record<string, string>> = variables) =>
    invokeBundle({ folder, variables: others, emulator: miniStack() }, input);
  const order = (at: number, extra = '') =>
    record(at, `{"_dataset":"orders","id":"${at}","email":"ada@example.com"${extra}}`);

  test('writes each record once, though batches come again and overlap', async () => {
    const batches = [
      event(order(1), record(2, '{"email":"grace@example.com"'), order(3)),
      event(order(1), record(2, '{"email":"grace@example.com"'), order(3)),
      event(order(3), record(4, gzipSync(Buffer.from(order(4).kinesis.data, 'base64')))),
    ];
    let logs = '';
    for (const batch of batches) {
      const invocation = await invoke(batch);
      expect(invocation).toMatchObject({ outcome: 'returned', result: { batchItemFailures: [] } });
      logs += invocation.logs;
    }
    const line = (id: number) => `{"id":"${id}","email":"ada@example.com"}`;
    expect(await linesIn(objects, 'raw-zone')).toEqual([line(1), line(3), line(4)]);
    expect(await keysIn(objects, 'raw-zone')).toHaveLength(2);
    const quarantined = await linesIn(objects, 'curated-zone', 'quarantine/_unmatched/');
    expect(quarantined.map((one) => JSON.parse(one).reasons)).toEqual([[{ field: null, code: 'not_json' }]]);

    expect(logs).toContain('"message":"batch_written"');
    expect(logs).toContain('"RecordsRepeated"');
    expect(logs).not.toMatch(/example|@/);
  });

  test('answers with the lowest sequence number if a zone is out of reach', async () => {
    const invocation = await invoke(event(record(5, 'x'), order(6)), {
      ...variables,
      RAW_BUCKET: 'no-such-zone',
    });
    expect(invocation).toMatchObject({
      outcome: 'returned',
      result: { batchItemFailures: [{ itemIdentifier: numberOf(6) }] },
    });
    expect(invocation.logs).toContain('"message":"batch_incomplete"');
    expect(invocation.logs).not.toMatch(/ada|example/);
  });

  test.each([
    ['DATASET', { DATASET: 'nobody' }, 'DATASET names nobody, which is no dataset that takes JSON'],
    ['DATASET', { DATASET: 'airports' }, 'DATASET names airports, which is no dataset that takes JSON'],
    ['DATASET_FIELD', { DATASET_FIELD: 'email' }, 'DATASET_FIELD is email, which is a field of orders'],
    ['PARALLELIZATION_FACTOR', { PARALLELIZATION_FACTOR: '11' }, 'PARALLELIZATION_FACTOR is not valid'],
  ])('does not start with a wrong %s', async (_, wrong, message) => {
    const { DATASET_FIELD: __, ...others } = variables;
    const needed = 'DATASET' in wrong || 'DATASET_FIELD' in wrong ? others : variables;
    expect(await invoke(event(), { ...needed, ...wrong })).toMatchObject({
      outcome: 'threw',
      message: expect.stringContaining(message),
    });
  });
});
