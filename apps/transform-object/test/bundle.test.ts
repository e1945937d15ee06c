import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { downloadFile, readBytes, readJson } from '@sluice/lake-storage';
import { s3Store } from '@sluice/lake-storage/s3';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';

describeWithMiniStack('the bundled transform-object', (miniStack) => {
  let folder: string;
  let client: S3Client;
  const [raw, curated, prefix] = ['raw-zone', 'curated-zone', 'staging/orders-1/'];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'transform-object-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: join(folder, 'bundle'), architecture: 'x64' });
    client = new S3Client({ ...miniStack(), forcePathStyle: true });
    for (const Bucket of [raw, curated]) await client.send(new CreateBucketCommand({ Bucket }));
  }, 60_000);
  afterAll(async () => {
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  test('stages the rows of an object with DuckDB', async () => {
    const rows = [
      'id,name,email,amount,quantity,price,status,created_date,region_code',
      '1, ann ,ann@example.com,10,2,10,ACTIVE,2026-11-01 00:00:00,01',
      '2,ben,ben@example.com,10,1,10,CLOSED,2026-11-01 00:00:00,02',
      '1, ann ,ann@example.com,10,2,10,ACTIVE,2026-11-01 00:00:00,01',
      ',cat,cat@example.com,many,1,10,ACTIVE,2026-11-01 00:00:00,03',
      'too,few',
    ];
    const content = Buffer.from(`${rows.join('\n')}\n`);
    const objects = s3Store(client);
    const key = 'incoming/orders/a.csv';
    const stored = await objects.put({ bucket: raw, key }, content);
    const counts = { rowsIn: 5, accepted: 1, filtered: 1, duplicates: 1, quarantined: 2 };
    expect(
      await invokeBundle(
        { folder: join(folder, 'bundle'), variables: { CURATED_BUCKET: curated }, emulator: miniStack() },
        {
          runId: 'orders-1',
          dataset: 'orders',
          asOf: '2026-11-20T10:00:00.000Z',
          object: {
            bucket: raw,
            key,
            size: content.length,
            etag: stored.outcome === 'stored' ? stored.etag : '',
          },
          quality: {
            score: 90,
            threshold: 70,
            passed: true,
            rowsIn: 5,
            report: { bucket: curated, key: `${prefix}quality.json` },
          },
        },
      ),
    ).toMatchObject({
      outcome: 'returned',
      result: { engine: 'duckdb', staged: { bucket: curated, prefix }, counts },
    });

    const parquet = join(folder, 'accepted.parquet');
    await downloadFile(objects, { bucket: curated, key: `${prefix}accepted-0.parquet` }, parquet);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const query = `SELECT id, name, email_masked, total_amount FROM read_parquet('${parquet}')`;
    const accepted = (await connection.runAndReadAll(query)).getRowObjectsJS();
    connection.closeSync();
    instance.closeSync();
    expect(accepted).toEqual([{ id: '1', name: 'ANN', email_masked: 'an***@example.com', total_amount: 20 }]);

    const quarantine = await readBytes(objects, { bucket: curated, key: `${prefix}quarantine.jsonl` });
    const lines = String(quarantine)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ row, reasons }) => ({ row, reasons }))).toEqual([
      {
        row: 4,
        reasons: [
          { field: 'id', code: 'missing' },
          { field: 'amount', code: 'not_a_number' },
        ],
      },
      { row: 5, reasons: [{ field: null, code: 'wrong_field_count' }] },
    ]);
    expect(await readJson(objects, { bucket: curated, key: `${prefix}transform.json` })).toMatchObject({
      engine: 'duckdb',
      counts: { ...counts, filtered: [{ rule: 'active_or_pending', rows: 1 }] },
    });
  });
});
