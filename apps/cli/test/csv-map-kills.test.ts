import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandInProcess } from './failures/command-in-process.ts';
import { codeSpansOf } from './failures/failure.ts';
import { kills } from './failures/kills.ts';
import { AS_OF, smallOrders } from './orders.ts';
import { litterOf, newFolder, sluice, zonesOf } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
let file: string;
let calm: Readonly<Record<string, string>>;

const runIn = (lake: string): string[] => [
  ...['run', file, '--dataset', 'orders', '--as-of', AS_OF, '--workflow', 'csv-map', '--lake', lake],
];

/** The zones without the results of Map Runs, which have names of their own each time. */
const lakeAt = async (lake: string): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    Object.entries(await zonesOf(lake)).filter(([path]) => !path.startsWith('/curated/map-results')),
  );

beforeAll(async () => {
  folder = await newFolder();
  file = join(folder.path, 'a.csv');
  const more = Array.from(
    { length: 600 },
    (_, at) => `B${at},ann,a@example.com,1,2,10,ACTIVE,2025-06-01 10:00:00,01\n`,
  );
  await writeFile(file, smallOrders + more.join(''));
  const [name = '', ...args] = runIn(join(folder.path, 'calm'));
  await commandInProcess(name, args);
  calm = await lakeAt(join(folder.path, 'calm'));
}, 60_000);
afterAll(() => folder.remove());

const has = async (lake: string, part: RegExp): Promise<boolean> =>
  Object.keys(await lakeAt(lake)).some((path) => part.test(path));

test.each(kills)(
  '$what: rows $rows',
  async ({ at, sees, rows, type }) => {
    const lake = join(folder.path, `killed at ${at}`);
    const { signal, stderr } = await sluice(runIn(lake), { env: { SLUICE_FAILPOINT: at } });
    expect([signal, /sluice: /.test(stderr)]).toEqual(['SIGKILL', false]);

    const [runs, show] = await Promise.all([
      commandInProcess('runs', ['--lake', lake]),
      commandInProcess('show', ['orders', '--lake', lake]).catch(() => ({ stdout: '', stderr: '' })),
    ]);
    const seen = `sluice runs ${runs.stdout} sluice show ${show.stdout} ${show.stderr}`;
    for (const span of codeSpansOf(sees)) expect(seen).toContain(span);
    expect(runs.stdout.includes('orders-')).toBe(type === 'redrive');
    expect([await has(lake, /processed.*parquet/), await has(lake, /runs\/.*json/)]).toEqual([
      rows === 'partly' || rows === 'published',
      rows === 'published',
    ]);

    const [name = '', ...args] = type === 'redrive' ? ['redrive', 'orders', '--lake', lake] : runIn(lake);
    expect(await commandInProcess(name, args)).toMatchObject({ code: 0 });
    expect(await lakeAt(lake)).toEqual(calm);
    expect(await litterOf(lake)).toEqual([]);
  },
  30_000,
);
