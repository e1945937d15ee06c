import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sparkState } from '@sluice/transform-spark/environment';
import type { RunView } from '../src/run/run-view.ts';
import { type Ended, litterOf, newFolder, sluice, zonesOf } from './sluice.ts';

// The rows of b come twice, one row has no id; c is in both objects.
const MONDAY = 'id,balance\na,1\nb,2\nb,3\n,9\nc,4\n';
const TUESDAY = 'id,balance\nc,40\nd,5\n';
const WRONG = 'name,balance\nx,1\n';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
  for (const [name, text] of Object.entries({ monday: MONDAY, tuesday: TUESDAY, wrong: WRONG }))
    await writeFile(join(folder.path, `${name}.csv`), text);
});
afterAll(() => folder.remove());

const NODE_OPTIONS = `--import=${new URL('accounts-dataset.ts', import.meta.url)}`;
const cli = (...args: readonly string[]): Promise<Ended> =>
  sluice([...args, '--lake', 'lake', '--json'], { cwd: folder.path, env: { NODE_OPTIONS } });
const run = (name: string, ...more: readonly string[]): Promise<Ended> =>
  cli('run', `${name}.csv`, '--dataset', 'accounts', ...more);

const published = async (name: string, ...more: readonly string[]): Promise<RunView> => {
  const { code, stdout, stderr } = await run(name, ...more);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

const tableIn = async (view: RunView) => {
  if (view.manifest?.status !== 'published') throw new Error(`the run was ${view.status}`);
  return { files: view.manifest.files, ...view.manifest.table };
};

const rowsOf = async (view: string): Promise<unknown> => {
  const { stdout } = await cli(
    'query',
    `SELECT id, balance, sluice_run, sluice_row FROM ${view} ORDER BY id`,
  );
  const answer = JSON.parse(stdout);
  return answer.rows ?? answer;
};

const spark = await sparkState({ env: process.env });
const describeWithSpark = spark.state === 'impossible' && !process.env.CI ? describe.skip : describe;

describeWithSpark('objects of a dataset with a Delta table', () => {
  let monday: RunView;
  let tuesday: RunView;
  let inOrder: unknown;

  beforeAll(async () => {
    monday = await published('monday', '--as-of', '2026-06-01T00:00:00Z');
    tuesday = await published('tuesday', '--as-of', '2026-06-02T00:00:00Z');
    inOrder = await rowsOf('accounts');
  }, 900_000);

  test('are merged: each record is there once, as the latest object has it', async () => {
    expect(inOrder).toEqual([
      { id: 'a', balance: 1, sluice_run: monday.runId, sluice_row: 1 },
      { id: 'b', balance: 3, sluice_run: monday.runId, sluice_row: 3 },
      { id: 'c', balance: 40, sluice_run: tuesday.runId, sluice_row: 1 },
      { id: 'd', balance: 5, sluice_run: tuesday.runId, sluice_row: 2 },
    ]);
    expect(await rowsOf('accounts_unique')).toEqual(inOrder);
  }, 60_000);

  test('go through Spark without being asked, and say what became of the table', async () => {
    expect(monday.execution?.engine).toEqual({ engine: 'spark', because: 'its rows go into a Delta table' });
    expect(monday.execution?.states.map(({ state }) => state)).toContain('MergeTable');
    expect(monday.manifest).toMatchObject({ counts: { rowsIn: 5, accepted: 4, quarantined: 1 } });
    const table = { key: 'tables/accounts/', files: [] };
    expect(await tableIn(monday)).toEqual({ ...table, version: 1, inserted: 3, updated: 0, deleted: 0 });
    expect(await tableIn(tuesday)).toEqual({ ...table, version: 2, inserted: 1, updated: 1, deleted: 0 });
    const shown = await sluice(['show', monday.runId, '--lake', 'lake'], {
      cwd: folder.path,
      env: { NODE_OPTIONS },
    });
    expect(shown.stdout + shown.stderr).toMatch(
      /table +lake\/curated\/tables\/accounts\/? +version 1: 3 inserted$/m,
    );
  }, 60_000);

  test('leave nothing beside the table', async () => {
    const lake = join(folder.path, 'lake');
    expect(await litterOf(lake)).toEqual([]);
    const paths = Object.keys(await zonesOf(lake));
    expect(paths.filter((path) => /staging\/|processed/.test(path))).toEqual([]);
  });

  test('leave the same table when an older one comes again', async () => {
    expect(await tableIn(await published('monday'))).toMatchObject({ version: 3, inserted: 0, deleted: 0 });
    expect(await rowsOf('accounts')).toEqual(inOrder);
  }, 900_000);

  test('leave the table alone if they are refused', async () => {
    const { code, stdout } = await run('wrong');
    expect([code, JSON.parse(stdout).status]).toEqual([3, 'rejected']);
    expect(await rowsOf('accounts')).toEqual(inOrder);
  }, 900_000);
});
