import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMiniStack } from '@sluice/aws-emulator';
import { datasets } from '@sluice/datasets';
import { readBytes } from '@sluice/lake-storage';
import { s3Store } from '@sluice/lake-storage/s3';
import { type Arguments, parseArguments } from '../../src/command.ts';
import { quarantine } from '../../src/commands/quarantine.ts';
import { openLake } from '../../src/lake/open-lake.ts';
import { withDeployedZones } from '../../src/quarantine/deployed-zones.ts';
import { readMendedRows } from '../../src/quarantine/mended-rows.ts';
import { prepareReplay } from '../../src/quarantine/replay.ts';
import { AS_OF, HEADER } from '../orders.ts';
import { runInProcess } from '../run-in-process.ts';
import { newFolder } from '../sluice.ts';
import { onlyManifest, terminalOf } from './replay.ts';

const rows = Array.from(
  { length: 40 },
  (_, at) => `A${at},ann,a${at}@example.com,${at === 7 ? 'ten' : '10'},1,10,ACTIVE,2025-05-01 10:00:00,01`,
);

describeWithMiniStack('the quarantine of a deployed lake', (miniStack) => {
  const variables = ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const outside = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
  let folder: Awaited<ReturnType<typeof newFolder>>;
  let client: S3Client;
  const bucketOf = (zone: string): string => `sluice-dev-${zone}-000000000000`;

  /** What a run has left, as it lies on AWS. */
  beforeAll(async () => {
    folder = await newFolder();
    const { endpoint, credentials, region } = { ...miniStack(), region: 'eu-central-1' };
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
    client = new S3Client({ endpoint, credentials, region, forcePathStyle: true });
    for (const zone of ['raw', 'curated']) {
      await client.send(new CreateBucketCommand({ Bucket: bucketOf(zone) }));
      await client.send(
        new PutBucketVersioningCommand({
          Bucket: bucketOf(zone),
          VersioningConfiguration: { Status: 'Enabled' },
        }),
      );
    }
    const file = join(folder.path, 'orders.csv');
    await writeFile(file, `${[HEADER, ...rows].join('\n')}\n`);
    const root = join(folder.path, 'lake');
    await runInProcess(root, 'orders', file, AS_OF);
    const { store } = await openLake(root);
    const target = s3Store(client);
    for (const zone of ['raw', 'curated']) {
      for await (const { key } of store.list(zone, '')) {
        const bytes = Buffer.from((await readBytes(store, { bucket: zone, key })) ?? []);
        const body = key.startsWith('runs/')
          ? Buffer.from(String(bytes).replace('"bucket":"raw"', `"bucket":"${bucketOf('raw')}"`))
          : bytes;
        await target.put({ bucket: bucketOf(zone), key }, body);
      }
    }
  }, 120_000);
  afterAll(async () => {
    client?.destroy();
    for (const name of variables) {
      if (outside[name] === undefined) delete process.env[name];
      else process.env[name] = outside[name];
    }
    await folder.remove();
  });

  const sluice = async (...args: string[]): Promise<string> => {
    const terminal = terminalOf();
    const parsed: Arguments | null = parseArguments('quarantine', quarantine, [...args, '--env', 'dev']);
    if (!parsed) throw new Error('help');
    await quarantine.run(parsed, terminal);
    return terminal.printed.join('');
  };

  test('is listed and shown with the same words', async () => {
    expect(JSON.parse(await sluice('ls', '--json'))).toMatchObject([
      { quarantined: 1, rowsIn: 40, reasons: [{ field: 'amount', code: 'not_a_number', rows: 1 }] },
    ]);
    expect(await sluice('show', 'orders')).toContain('amount "ten"');
  });

  test('gives rows out that make a mended object beside the one that arrived', async () => {
    const { runId } = await onlyManifest(join(folder.path, 'lake'));
    const file = join(folder.path, 'mended.csv');
    await writeFile(file, (await sluice('show', runId, '--csv')).replace(',ten,', ',10,'));
    const dataset = datasets.get('orders');
    if (!dataset) throw new Error('no dataset');
    const { run, mended } = await withDeployedZones('dev', async ({ zones }) =>
      prepareReplay({
        zones,
        name: { dataset: 'orders', runId },
        dataset,
        mended: { path: file, rows: await readMendedRows(file, dataset) },
        lastAsOf: async () => null,
      }),
    );
    expect(mended).toEqual({ replaced: 1, copies: 0 });
    expect(run).toMatchObject({ runId, asOf: AS_OF, object: { bucket: bucketOf('raw') } });
    expect(run.object.versionId).toBeDefined();
    expect(String(await readBytes(s3Store(client), run.object))).toBe(
      `${[HEADER, ...rows].join('\n')}\n`.replace(',ten,', ',10,'),
    );
  });
});
