import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { orders } from '@sluice/datasets';
import { readJson } from '@sluice/lake-storage';
import { s3Store } from '@sluice/lake-storage/s3';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';
import { curated, mapRun, raw, runId } from './map-run.ts';

describeWithMiniStack('the bundled collect-map-run', (miniStack) => {
  let folder: string;
  let client: S3Client;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'collect-map-run-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: join(folder, 'bundle'), architecture: 'x64' });
    client = new S3Client({ ...miniStack(), forcePathStyle: true });
    for (const Bucket of [raw, curated]) await client.send(new CreateBucketCommand({ Bucket }));
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const invoke = (event: unknown) =>
    invokeBundle(
      { folder: join(folder, 'bundle'), variables: { CURATED_BUCKET: curated }, emulator: miniStack() },
      event,
    );

  /** The lake of the test, in buckets. */
  const inBuckets = async (content: string) => {
    const run = await mapRun({ dataset: orders, content });
    const objects = s3Store(client);
    for (const bucket of [raw, curated]) {
      for await (const { key } of run.objects.list(bucket, '')) {
        const body = await run.objects.read({ bucket, key });
        if (body) await objects.put({ bucket, key }, body);
      }
    }
    return { ...run, objects };
  };

  test('puts the parts of a Map Run together, with DuckDB', async () => {
    const columns = 'id,name,email,amount,quantity,price,status,created_date,region_code';
    const row = 'ann,ann@example.com,10,2,10,ACTIVE,2026-11-01 00:00:00,01';
    const { objects, input } = await inBuckets(
      [columns, ...Array.from({ length: 20 }, (_, at) => `${at},${row}`), `3,${row}`, 'too,few', ''].join(
        '\n',
      ),
    );
    const counts = { rowsIn: 22, accepted: 20, filtered: 0, duplicates: 1, quarantined: 1 };
    const answer = await invoke(input);
    expect(answer).toMatchObject({
      outcome: 'returned',
      result: { quality: { passed: true, rowsIn: 22 }, transform: { engine: 'typescript', counts } },
    });
    expect(answer.logs).toContain('map_run_collected');
    const [measured] = answer.logs.split('\n').filter((line) => line.includes('CloudWatchMetrics'));
    expect(JSON.parse(measured ?? '{}')).toMatchObject({
      dataset: 'orders',
      QualityScore: expect.any(Number),
      RowsIn: 22,
      RowsAccepted: 20,
      RowsFiltered: 0,
      RowsDuplicate: 1,
      RowsQuarantined: 1,
    });
    const report = await readJson(objects, { bucket: curated, key: `staging/${runId}/transform.json` });
    expect(report).toMatchObject({ counts: { ...counts, filtered: [] } });
    expect(
      await objects.head({ bucket: curated, key: `staging/${runId}/accepted-0.parquet` }),
    ).not.toBeNull();
  });

  test('fails by name, and logs why, if a batch is missing', async () => {
    const { input, objects } = await inBuckets(
      'id,name,email,amount,quantity,price,status,created_date,region_code\n1\n2\n3\n4\n',
    );
    await objects.delete({ bucket: curated, key: `staging/${runId}/parts/0-3.jsonl` });
    const answer = await invoke(input);
    expect(answer).toMatchObject({ outcome: 'threw', name: 'MapRunIncomplete' });
    expect(answer.logs).toContain('map_run_incomplete');
  });
});
