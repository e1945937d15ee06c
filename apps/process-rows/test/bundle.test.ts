import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { readBytes } from '@sluice/lake-storage';
import { s3Store } from '@sluice/lake-storage/s3';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';
import { decodePart } from '@sluice/record-transform/batches';

describeWithMiniStack('the bundled process-rows', (miniStack) => {
  let folder: string;
  let client: S3Client;
  const bucket = 'curated-zone';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'process-rows-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: join(folder, 'bundle'), architecture: 'x64' });
    client = new S3Client({ ...miniStack(), forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  test('stages a batch, and logs no cell of it', async () => {
    const cells = {
      id: '1',
      name: 'ann secret',
      email: 'ann@example.com',
      amount: '10',
      quantity: '2',
      price: '10',
      status: 'ACTIVE',
      created_date: '2026-11-01 00:00:00',
      region_code: '01',
    };
    const part = 'staging/orders-1/parts/7-2.jsonl';
    const answer = await invokeBundle(
      { folder: join(folder, 'bundle'), variables: { CURATED_BUCKET: bucket }, emulator: miniStack() },
      {
        runId: 'orders-1',
        dataset: 'orders',
        asOf: '2026-11-20T10:00:00.000Z',
        object: { bucket: 'raw-zone', key: 'incoming/orders/a.csv', size: 9, etag: 'e' },
        items: [
          { row: 7, cells },
          { row: 8, cells: { ...cells, amount: 'much secret' } },
        ],
      },
    );
    expect(answer).toMatchObject({
      outcome: 'returned',
      result: { handled: 'processed', first: 7, rows: 2, part, accepted: 1, quarantined: 1 },
    });
    expect(answer.logs).toContain('rows_processed');
    expect(answer.logs).not.toContain('secret');
    const bytes = await readBytes(s3Store(client), { bucket, key: part });
    expect(decodePart(Buffer.from(bytes ?? [])).header).toMatchObject({ fates: 'aq' });
  });
});
