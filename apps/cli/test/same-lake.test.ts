import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AS_OF, HEADER, smallOrders } from './orders.ts';
import { litterOf, newFolder, sluice, zonesOf } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeEach(async () => {
  folder = await newFolder();
  await writeFile(join(folder.path, 'a.csv'), smallOrders);
  await writeFile(join(folder.path, 'b.csv'), smallOrders.replaceAll('A', 'B'));
  await writeFile(join(folder.path, 'invalid.csv'), 'ID,name\n1,a\n');
  await writeFile(join(folder.path, 'hollow.csv'), `${HEADER}\n,,,,,,,,\n,,,,,,,,\n`);
});
afterEach(() => folder.remove());

const run = async (lake: string, ...files: string[]): Promise<void> => {
  for (const file of files) {
    const { code } = await sluice(['run', file, '--dataset', 'orders', '--as-of', AS_OF, '--lake', lake], {
      cwd: folder.path,
    });
    expect([0, 3, 4]).toContain(code);
  }
};
const zones = (lake: string) => zonesOf(join(folder.path, lake));

const all = ['a.csv', 'b.csv', 'invalid.csv', 'hollow.csv'];

test('objects run in any order, or more than once, leave the same lake', async () => {
  await run('once', ...all);
  const once = await zones('once');
  expect(Object.keys(once).filter((path) => path.endsWith('.parquet'))).toHaveLength(2);
  expect(Object.keys(once).filter((path) => path.startsWith('/curated/runs/orders/'))).toHaveLength(4);

  await run('once', ...all);
  expect(await zones('once')).toEqual(once);

  await run('backwards', ...all.toReversed());
  expect(await zones('backwards')).toEqual(once);
}, 120_000);

test('two processes that run the same object at once leave the same lake as one', async () => {
  await run('one', 'a.csv');
  const runs = await Promise.all(
    [1, 2].map(() =>
      sluice(['run', 'a.csv', '--dataset', 'orders', '--as-of', AS_OF, '--lake', 'two'], {
        cwd: folder.path,
      }),
    ),
  );
  expect(runs.map(({ code }) => code)).toEqual([0, 0]);
  expect(await zones('two')).toEqual(await zones('one'));
  expect(await litterOf(join(folder.path, 'two'))).toEqual([]);
}, 120_000);

test('without --as-of, the time of landing is kept: running again changes nothing', async () => {
  const args = ['run', 'a.csv', '--dataset', 'orders', '--json'];
  const first = JSON.parse((await sluice(args, { cwd: folder.path })).stdout);
  const before = await zones('.lake');
  const second = JSON.parse((await sluice(args, { cwd: folder.path })).stdout);
  expect(second).toMatchObject({ asOf: first.asOf, runId: first.runId });
  expect(await zones('.lake')).toEqual(before);
}, 60_000);

test('another --as-of moves the rows to its partition and leaves nothing behind', async () => {
  await run('lake', 'a.csv');
  await sluice(['run', 'a.csv', '--dataset', 'orders', '--as-of', '2025-07-01', '--lake', 'lake'], {
    cwd: folder.path,
  });
  const files = Object.keys(await zones('lake')).filter((path) => path.endsWith('.parquet'));
  expect(files).toEqual([expect.stringContaining('process_month=7/process_day=1/')]);
  await run('lake', 'a.csv');
  const moved = await zones('lake');
  await run('other', 'a.csv');
  expect(moved).toEqual(await zones('other'));
}, 120_000);

test('other bytes under the same name are a version of their own; what the first one published stays', async () => {
  await run('lake', 'a.csv');
  await writeFile(join(folder.path, 'a.csv'), smallOrders.replaceAll('A', 'C'));
  await run('lake', 'a.csv');
  const paths = Object.keys(await zones('lake'));
  expect(paths.filter((path) => path.endsWith('.parquet'))).toHaveLength(2);
  expect(paths.filter((path) => path.startsWith('/curated/runs/orders/'))).toHaveLength(2);
}, 60_000);
