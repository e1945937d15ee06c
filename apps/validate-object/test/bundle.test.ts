import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { s3Store } from '@sluice/lake-storage/s3';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';
import { parquetBytes } from './parquet.ts';

describeWithMiniStack('the bundled validate-object', (miniStack) => {
  let folder: string;
  let client: S3Client;
  const bucket = 'raw-zone';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'validate-object-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: folder, architecture: 'x64' });
    client = new S3Client({ ...miniStack(), forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const validate = async (name: string, content: Uint8Array) => {
    const key = `incoming/airports/${name}`;
    const stored = await s3Store(client).put({ bucket, key }, content);
    const etag = stored.outcome === 'stored' ? stored.etag : '';
    return invokeBundle(
      { folder, variables: {}, emulator: miniStack() },
      {
        runId: 'airports-1',
        dataset: 'airports',
        asOf: '2026-11-20T10:00:00.000Z',
        object: { bucket, key, size: content.length, etag },
      },
    );
  };

  test('takes a CSV object whose header it knows', async () => {
    const content = Buffer.from('iata,name,city,state,country,latitude,longitude\n');
    expect(await validate('ä b+%.csv', content)).toMatchObject({
      outcome: 'returned',
      result: { valid: true, format: 'csv', headerKnown: true, unknownColumns: [] },
    });
  });

  test('answers what is wrong with a bad object', async () => {
    const invocation = await validate('a.csv', await parquetBytes('SELECT 1 AS iata'));
    expect(invocation).toMatchObject({ outcome: 'returned', result: { valid: false, code: 'wrong_format' } });
    expect(invocation.logs).toContain('object_refused');
  });
});
