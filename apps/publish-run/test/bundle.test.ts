import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetPartitionsCommand,
  GlueClient,
} from '@aws-sdk/client-glue';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { type ObjectStore, uploadFile } from '@sluice/lake-storage';
import { s3Store } from '@sluice/lake-storage/s3';
import { objectIdOf } from '@sluice/lake-storage/zones';
import { bundleLambda } from '@sluice/lambda-kit/bundle-lambda';
import { invokeBundle } from '@sluice/lambda-kit/invoke-bundle';
import { arrive, contents, curated, raw, refused, stage } from './lake.ts';

const tableLocation = `s3://${curated}/processed/orders/`;
const folderOfDay = 'process_year=2026/process_month=11/process_day=20';

describeWithMiniStack('the bundled publish-run', (miniStack) => {
  let folder: string;
  let s3: S3Client;
  let glue: GlueClient;
  let objects: ObjectStore;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'publish-run-'));
    const entry = fileURLToPath(new URL('../src/handler.ts', import.meta.url));
    await bundleLambda({ entry, outDir: join(folder, 'bundle'), architecture: 'x64' });
    s3 = new S3Client({ ...miniStack(), forcePathStyle: true });
    glue = new GlueClient({ ...miniStack() });
    objects = s3Store(s3);
    for (const Bucket of [raw, curated]) await s3.send(new CreateBucketCommand({ Bucket }));
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'lake' } }));
    await glue.send(
      new CreateTableCommand({
        DatabaseName: 'lake',
        TableInput: {
          Name: 'orders',
          PartitionKeys: ['process_year', 'process_month', 'process_day'].map((Name) => ({
            Name,
            Type: 'int',
          })),
          StorageDescriptor: { Columns: [{ Name: 'id', Type: 'string' }], Location: tableLocation },
        },
      }),
    );
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`COPY (FROM range(5)) TO '${join(folder, 'five.parquet')}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
  }, 60_000);
  afterAll(async () => {
    s3?.destroy();
    glue?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const invoke = (event: unknown) =>
    invokeBundle(
      {
        folder: join(folder, 'bundle'),
        variables: { CURATED_BUCKET: curated, GLUE_DATABASE: 'lake' },
        emulator: miniStack(),
      },
      event,
    );
  /** Five accepted rows, in real Parquet; the engine claims to have accepted as many as `claimed`. */
  const staged = async (claimed = 5, asOf?: string) => {
    const run = await arrive(objects, asOf);
    const input = await stage(objects, run, { accepted: [claimed], quarantined: 2 });
    const at = { bucket: curated, key: `staging/${run.runId}/accepted-0.parquet` };
    await uploadFile(objects, join(folder, 'five.parquet'), at);
    return { run, input };
  };

  test('publishes, twice the same bytes, and adds the partition once', async () => {
    const { run, input } = await staged();
    const counts = { rowsIn: 10, accepted: 5, filtered: 2, duplicates: 1, quarantined: 2 };
    expect(await invoke(input)).toMatchObject({ outcome: 'returned', result: { counts } });
    const first = await contents(objects);
    expect(Object.keys(first)).toEqual([
      `processed/orders/${folderOfDay}/${objectIdOf(run.object)}-0.parquet`,
      `quarantine/orders/${run.runId}.jsonl`,
      `runs/orders/${run.runId}.json`,
    ]);
    expect(await invoke((await staged()).input)).toMatchObject({ outcome: 'returned', result: { counts } });
    expect(await contents(objects)).toEqual(first);
    const { Partitions = [] } = await glue.send(
      new GetPartitionsCommand({ DatabaseName: 'lake', TableName: 'orders' }),
    );
    expect(Partitions).toMatchObject([
      {
        Values: ['2026', '11', '20'],
        StorageDescriptor: { Columns: [{ Name: 'id' }], Location: `${tableLocation}${folderOfDay}/` },
      },
    ]);
  });

  test('measures the seconds from the arrival of the object to the end of publishing, by dataset', async () => {
    const arrived = Date.now() - 90_000;
    const { input } = await staged(5, new Date(arrived).toISOString());
    const { outcome, logs } = await invoke(input);
    const most = (Date.now() - arrived) / 1000;
    const [measured] = logs
      .split('\n')
      .filter((line) => line.includes('CloudWatchMetrics'))
      .map((line) => JSON.parse(line));
    expect({ outcome, dataset: measured?.dataset }).toEqual({ outcome: 'returned', dataset: 'orders' });
    expect(measured.SecondsToPublish).toBeGreaterThan(90);
    expect(measured.SecondsToPublish).toBeLessThanOrEqual(most);
    const [{ Dimensions, Metrics }] = measured._aws.CloudWatchMetrics;
    expect(Dimensions).toEqual([['service', 'dataset']]);
    expect(Metrics).toContainEqual({ Name: 'SecondsToPublish', Unit: 'Seconds' });
  });

  test('measures no less than nothing where clocks disagree', async () => {
    const { input } = await staged(5, new Date(Date.now() + 3_600_000).toISOString());
    expect((await invoke(input)).logs).toContain('"SecondsToPublish":0,');
  });

  test('names a violation of the law so that Step Functions can tell it, and publishes nothing', async () => {
    const { input } = await staged(6);
    const before = await contents(objects);
    expect(await invoke(input)).toMatchObject({
      outcome: 'threw',
      name: 'LawViolation',
      message: expect.stringContaining('accepted 5 + filtered 2 + duplicates 1 + quarantined 2 leaves 1'),
    });
    expect(await contents(objects)).toEqual(before);
  });

  test('rejects an object and takes back what was published of it', async () => {
    const run = await arrive(objects);
    expect(await invoke(refused(run))).toMatchObject({ outcome: 'returned', result: { gate: 'validation' } });
    expect(Object.keys(await contents(objects))).toEqual([
      `quarantine/orders/objects/${objectIdOf(run.object)}/day 1/a.csv`,
      `runs/orders/${run.runId}.json`,
    ]);
  });

  test('refuses an input without an action', async () => {
    const { run } = await staged();
    expect(await invoke(run)).toMatchObject({ outcome: 'threw', name: 'InvalidInputError' });
  });
});
