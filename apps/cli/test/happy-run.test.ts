import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { orders } from '@sluice/datasets';
import type { Value } from '@sluice/record-transform';
import { transformRows } from '@sluice/record-transform/typescript';
import type { RunView } from '../src/run/run-view.ts';
import { AS_OF, smallOrders } from './orders.ts';
import { type Ended, newFolder, sluice } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
let view: RunView;
let ended: Ended;

beforeAll(async () => {
  folder = await newFolder();
  await writeFile(join(folder.path, 'small.csv'), smallOrders);
  ended = await sluice(['run', 'small.csv', '--dataset', 'orders', '--as-of', AS_OF, '--json'], {
    cwd: folder.path,
  });
  view = JSON.parse(ended.stdout);
}, 60_000);
afterAll(() => folder.remove());

/** Everything that the TypeScript engine accepts, in the order of the file. */
const acceptedByTypeScript = async (): Promise<(readonly Value[])[]> => {
  const accepted: (readonly Value[])[] = [];
  const object = { key: 'small.csv', chunks: [Buffer.from(smallOrders)] };
  for await (const { outcome } of transformRows(orders, object, { asOf: Date.parse(AS_OF) })) {
    if (outcome.fate === 'accepted') accepted.push(outcome.values);
  }
  return accepted;
};

const readParquet = async (path: string): Promise<Value[][]> => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const columns = orders.columns.map(({ name, valueType }) =>
    valueType.type === 'timestamp' ? `epoch_ms(${name})` : name,
  );
  const sql = `SELECT ${columns.join(', ')} FROM read_parquet('${path}', hive_partitioning = false)`;
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows.map((row) =>
    row.map((value) => {
      if (typeof value === 'bigint') return Number(value);
      if (value === null || typeof value !== 'object') return value as Value;
      throw new Error('not a plain value');
    }),
  );
};

describe('a file with every kind of row', () => {
  test('ends with exit code 0', () => {
    expect(ended.code).toBe(0);
    expect(view.status).toBe('published');
  });

  test('has each of its rows accounted for', () => {
    const counts = view.manifest?.status === 'published' ? view.manifest.counts : null;
    expect(counts).toEqual({
      rowsIn: 9,
      accepted: 3,
      filtered: [
        { rule: 'active_or_pending', rows: 1 },
        { rule: 'recent', rows: 1 },
      ],
      duplicates: 1,
      quarantined: 3,
      reasons: expect.arrayContaining([
        { field: 'amount', code: 'not_a_number', rows: 1 },
        { field: 'id', code: 'missing', rows: 1 },
        { field: 'price', code: 'not_a_number', rows: 1 },
        { field: 'created_date', code: 'not_a_timestamp', rows: 1 },
        { field: null, code: 'wrong_field_count', rows: 1 },
      ]),
    });
  });

  test('is published with the very values of the TypeScript engine', async () => {
    const [file = ''] = view.files.published;
    expect(view.files.published).toHaveLength(1);
    const accepted = await acceptedByTypeScript();
    expect(accepted).toHaveLength(3);
    expect(await readParquet(join(folder.path, file))).toEqual(accepted);
  });

  test('goes through the states of the etl machine', () => {
    expect(view.execution?.states.map(({ state }) => state)).toEqual([
      'ValidateInput',
      'CheckValidation',
      'NeedsDiscovery',
      'ChooseEngine',
      'RunDataQualityCheck',
      'CheckDataQuality',
      'TransformObject',
      'UpdateDataCatalog',
      'NotifySuccess',
      'Succeeded',
    ]);
  });

  test('leaves a report, a manifest and quarantined rows where it says', async () => {
    const { report, manifest, quarantine, raw } = view.files;
    expect(await readFile(join(folder.path, report ?? ''), 'utf8')).toMatch(/^<!doctype html>/);
    expect(JSON.parse(await readFile(join(folder.path, manifest ?? ''), 'utf8'))).toEqual(view.manifest);
    expect((await readFile(join(folder.path, quarantine ?? ''), 'utf8')).trim().split('\n')).toHaveLength(3);
    expect(await readFile(join(folder.path, raw), 'utf8')).toBe(smallOrders);
  });

  test('tells a person the same, without colours where there is no terminal', () => {
    expect(ended.stderr).toMatch(/accepted +3 +33\.3 % /);
    expect(ended.stderr).toMatch(/= rows in +9\n/);
    expect(ended.stderr).toContain('notification  Sluice published: orders-');
    expect(ended.stderr).not.toContain('\u001b');
  });

  test('can be shown again by the first letters of its id', async () => {
    const shown = await sluice(['show', view.runId.slice(0, 12), '--json'], { cwd: folder.path });
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(shown.stdout)).toEqual(view);
  });

  test('is listed', async () => {
    const listed = await sluice(['runs', '--json'], { cwd: folder.path });
    expect(JSON.parse(listed.stdout)).toMatchObject([{ runId: view.runId, status: 'published' }]);
    expect((await sluice(['runs'], { cwd: folder.path })).stdout).toMatch(
      /published +incoming\/orders\/small\.csv/,
    );
  });
});

test('no AWS SDK is loaded on the way', async () => {
  const coverage = join(folder.path, 'coverage');
  await sluice(['run', 'small.csv', '--dataset', 'orders', '--as-of', AS_OF], {
    cwd: folder.path,
    env: { NODE_V8_COVERAGE: coverage },
  });
  const [file = ''] = await readdir(coverage);
  const loaded = await readFile(join(coverage, file), 'utf8');
  expect(loaded).toContain('apps/cli/src/run/steps.ts');
  expect(loaded).not.toMatch(/@aws-sdk|@smithy|aws-lambda-powertools/);
}, 60_000);
