import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { readJson } from '@sluice/lake-storage';
import { s3Store } from '@sluice/lake-storage/s3';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';
import { stagedQuality } from '@sluice/step-contracts';

describeWithMiniStack('the bundled score-quality', (miniStack) => {
  let folder: string;
  let client: S3Client;
  const [raw, curated] = ['raw-zone', 'curated-zone'];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'score-quality-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: folder, architecture: 'x64' });
    client = new S3Client({ ...miniStack(), forcePathStyle: true });
    for (const Bucket of [raw, curated]) await client.send(new CreateBucketCommand({ Bucket }));
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const score = async (content: Uint8Array) => {
    const key = 'incoming/orders/a.csv';
    const stored = await s3Store(client).put({ bucket: raw, key }, content);
    const etag = stored.outcome === 'stored' ? stored.etag : '';
    return invokeBundle(
      { folder, variables: { CURATED_BUCKET: curated }, emulator: miniStack() },
      {
        runId: 'orders-1',
        dataset: 'orders',
        asOf: '2026-11-20T10:00:00.000Z',
        object: { bucket: raw, key, size: content.length, etag },
      },
    );
  };
  const report = async () =>
    stagedQuality.parse(
      await readJson(s3Store(client), { bucket: curated, key: 'staging/orders-1/quality.json' }),
    );
  const header = 'id,name,email,amount,quantity,price,status,created_date,region_code\n';

  test('scores with DuckDB what it downloads, and leaves the report in staging', async () => {
    const row = '1,Ann,ann@example.com,10,1,10,ACTIVE,2026-11-01 00:00:00,01\n';
    const other = '2,,ben@example.com,10,1,10,ACTIVE,2026-11-01 00:00:00,02\n';
    expect(await score(Buffer.from(header + row + other + other))).toMatchObject({
      outcome: 'returned',
      result: {
        // 2 of 27 cells are null, 1 of 3 rows is a duplicate.
        score: 59.26,
        passed: false,
        rowsIn: 3,
      },
    });
    expect(await report()).toMatchObject({ profile: { rowsIn: 3, duplicates: 1 } });
  });

  test('refuses what turns out to be damaged', async () => {
    const whole = gzipSync(Buffer.from(header + '1,,,,,,,,\n'.repeat(50_000)));
    const refused = { outcome: 'returned', result: { passed: false, refusal: { code: 'corrupt_gzip' } } };
    expect(await score(whole.subarray(0, whole.length - 20))).toMatchObject(refused);
    expect(await report()).toMatchObject({ refusal: { code: 'corrupt_gzip' } });
  });
});
