import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openOrCreateLake } from '../src/lake/open-lake.ts';
import { chooseEngine } from '../src/run/choose-engine.ts';
import { accounts } from './accounts-dataset.ts';
import { type Ended, newFolder, sluice } from './sluice.ts';

// What can be told of datasets with a Delta table without Spark; delta-table.long.test.ts has the rest.

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
  await writeFile(join(folder.path, 'monday.csv'), 'id,balance\na,1\n');
});
afterAll(() => folder.remove());

const NODE_OPTIONS = `--import=${new URL('accounts-dataset.ts', import.meta.url)}`;
const cli = (...args: readonly string[]): Promise<Ended> =>
  sluice([...args, '--json'], { cwd: folder.path, env: { NODE_OPTIONS } });

test.each([
  ['DuckDB', ['--engine', 'duckdb'], 'which DuckDB cannot write; run it with --engine spark'],
  ['csv-map', ['--workflow', 'csv-map'], 'which csv-map cannot write; run it without --workflow'],
])('%s refuses their objects in one line', async (_name, options, what) => {
  const { code, stderr } = await cli(
    'run',
    'monday.csv',
    '--dataset',
    'accounts',
    '--lake',
    'none',
    ...options,
  );
  expect(code).toBe(2);
  expect(stderr).toBe(`sluice: accounts is a Delta table, ${what}\n`);
});

test('Spark takes their objects, whatever the size', async () => {
  const never = async () => {
    throw new Error('nobody needs to know');
  };
  expect(await chooseEngine({ wanted: 'auto', sparkState: never }, 1, accounts)).toEqual({
    engine: 'spark',
    because: 'its rows go into a Delta table',
  });
});

test('a query reads the files that the table lists, wherever the lake lies by now, and no others', async () => {
  const lake = await openOrCreateLake(join(folder.path, 'lake'));
  const table = join(lake.root, 'curated/tables/accounts');
  await mkdir(join(table, '_symlink_format_manifest'), { recursive: true });
  const duckdb = await (await DuckDBInstance.create()).connect();
  for (const [name, id] of [
    ['part-0.parquet', 'current'],
    ['part-1.parquet', 'replaced'],
  ])
    await duckdb.run(
      `COPY (SELECT '${id}' AS id, 1::BIGINT AS balance, 'r' AS sluice_run, TIMESTAMP '2026-06-01' AS sluice_as_of, 7::BIGINT AS sluice_row) TO '${join(table, name ?? '')}'`,
    );
  duckdb.closeSync();
  const ask = async (view: string): Promise<unknown> =>
    JSON.parse((await cli('query', `SELECT id, sluice_row FROM ${view}`, '--lake', 'lake')).stdout);
  const nothing = await ask('accounts');
  await writeFile(
    join(table, '_symlink_format_manifest/manifest'),
    'file:/elsewhere/tables/accounts/part-0.parquet\n',
  );
  const rows = await ask('accounts');
  expect([JSON.stringify(nothing), JSON.stringify(rows)]).toEqual([
    expect.not.stringContaining('current'),
    expect.stringMatching(/current.*7/),
  ]);
  expect(JSON.stringify(rows)).not.toContain('replaced');
  expect(await ask('accounts_unique')).toEqual(rows);
});
