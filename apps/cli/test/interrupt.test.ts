import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { messyOrders } from '../src/demo/messy-orders.ts';
import { AS_OF } from './orders.ts';
import { litterOf, newFolder, sluice, zonesOf } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
  await writeFile(join(folder.path, 'orders.csv'), Buffer.concat([...messyOrders(300_000)]));
}, 60_000);
afterAll(() => folder.remove());

const run = (lake: string): string[] => [
  'run',
  'orders.csv',
  '--dataset',
  'orders',
  '--as-of',
  AS_OF,
  '--lake',
  lake,
];

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s stops a run cleanly, with exit code %i, and it can be run again',
  async (signal, code) => {
    const lake = join(folder.path, signal);
    const stopped = await stopWhenWorking(lake, signal);
    expect(stopped).toMatchObject({ code, signal: null });
    expect(stopped.stderr).toMatch(/sluice: stopped; run the same command again to finish the job\n$/);
    expect(await litterOf(lake)).toEqual([]);
    expect(Object.keys(await zonesOf(lake)).filter((path) => /processed|runs/.test(path))).toEqual([]);

    const again = await sluice(run(lake), { cwd: folder.path });
    expect(again).toMatchObject({ code: 0 });
    expect(Object.keys(await zonesOf(lake)).filter((path) => /\.parquet$|staging/.test(path))).toHaveLength(
      1,
    );
  },
  120_000,
);

/** Sends the signal as soon as an engine has begun its work. */
const stopWhenWorking = (lake: string, signal: NodeJS.Signals) =>
  sluice(run(lake), {
    cwd: folder.path,
    stop: {
      signal,
      when: async () => {
        const scratch = join(lake, '.sluice/scratch');
        const isWorking = async () =>
          (await readdir(scratch, { recursive: true }).catch((): string[] => [])).some((name) =>
            name.includes('step-'),
          );
        while (!(await isWorking())) await setTimeout(5);
        await setTimeout(50);
      },
    },
  });
