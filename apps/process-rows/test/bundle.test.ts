import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
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
  const run = {
    runId: 'orders-1',
    dataset: 'orders',
    asOf: '2026-11-20T10:00:00.000Z',
    object: { bucket: 'raw-zone', key: 'incoming/orders/a.csv', size: 9, etag: 'e' },
  };
  const invoke = (event: unknown, more: Readonly<Record<string, string>> = {}) => {
    const variables = { CURATED_BUCKET: bucket, ...more };
    return invokeBundle({ folder: join(folder, 'bundle'), variables, emulator: miniStack() }, event);
  };

  test('stages a batch, and logs no cell of it', async () => {
    const part = 'staging/orders-1/parts/7-2.jsonl';
    const items = [
      { row: 7, cells },
      { row: 8, cells: { ...cells, amount: 'much secret' } },
    ];
    const answer = await invoke({ ...run, items });
    expect(answer).toMatchObject({
      outcome: 'returned',
      result: { handled: 'processed', first: 7, rows: 2, part, accepted: 1, quarantined: 1 },
    });
    expect(answer.logs).toContain('rows_processed');
    expect(answer.logs).not.toContain('secret');
    const bytes = await readBytes(s3Store(client), { bucket, key: part });
    expect(decodePart(Buffer.from(bytes ?? [])).header).toMatchObject({ fates: 'aq' });
  });

  test('puts accepted rows into a table, too, each once, however often it runs', async () => {
    const table = new DynamoDBClient(miniStack());
    const keys = [{ name: 'dataset_key', type: 'HASH' }] as const;
    await table.send(
      new CreateTableCommand({
        TableName: 'rows',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: keys.map(({ name }) => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: keys.map(({ name, type }) => ({ AttributeName: name, KeyType: type })),
      }),
    );
    const items = Array.from({ length: 60 }, (_, at) => ({
      row: at,
      cells: { ...cells, id: String(at % 50), status: at === 20 ? 'CANCELLED' : 'ACTIVE' },
    }));
    const sink = { DYNAMODB_TABLE: 'rows', DYNAMODB_KEYS: '{"orders":"id"}' };
    for (let time = 0; time < 2; time += 1)
      expect(await invoke({ ...run, items }, sink)).toMatchObject({ result: { accepted: 59, filtered: 1 } });
    const { Items = [] } = await table.send(new ScanCommand({ TableName: 'rows' }));
    table.destroy();
    expect(Items).toHaveLength(49);
    expect(Items.find(({ id }) => id?.S === '7')).toMatchObject({
      dataset_key: { S: 'orders#7' },
      email_masked: { S: 'an***@example.com' },
      total_amount: { N: '20' },
    });
  });

  test('puts the others where the table cannot take a row, and says which one and why, not what', async () => {
    const ids = ['9001', 'secret'.repeat(500), '9002', '9003'];
    const items = ids.map((id, at) => ({
      row: at,
      cells: { ...cells, id, amount: at === 3 ? '4e200' : '1' },
    }));
    const sink = { DYNAMODB_TABLE: 'rows', DYNAMODB_KEYS: '{"orders":"id"}' };
    const answer = await invoke({ ...run, items }, sink);
    expect(answer).toMatchObject({ outcome: 'returned', result: { accepted: 4 } });
    const lines = answer.logs.split('\n').filter((line) => line.includes('rows_not_in_table'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'WARN', reason: 'key_too_long', count: 1, rows: '2' },
      { level: 'WARN', reason: 'number_out_of_range', count: 1, rows: '4' },
    ]);
    expect(answer.logs).toContain('"RowsNotInTable":2');
    expect(answer.logs).not.toMatch(/secret|4e\+?200/);
    const table = new DynamoDBClient(miniStack());
    const { Items = [] } = await table.send(new ScanCommand({ TableName: 'rows' }));
    table.destroy();
    expect(Items.flatMap(({ id }) => (id?.S?.startsWith('900') ? [id.S] : [])).sort()).toEqual([
      '9001',
      '9002',
    ]);
  });

  test('names a key that cannot be one when it starts', async () => {
    const sink = { DYNAMODB_TABLE: 'rows', DYNAMODB_KEYS: '{"orders":"amount"}' };
    const answer = await invoke({ ...run, items: [{ row: 0, cells }] }, sink);
    expect(answer).toMatchObject({ outcome: 'threw', message: expect.stringContaining('amount') });
  });
});
