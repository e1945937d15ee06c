import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { messyOrders } from '../src/demo/messy-orders.ts';
import { type CalmRun, calmRun, crashRound } from './crash-rounds/crash-round.ts';
import { inTwos } from './crash-rounds/in-twos.ts';
import { summaryOf } from './crash-rounds/summary.ts';
import { newFolder } from './sluice.ts';

// `pnpm --filter @sluice/cli test:crash-rounds` runs 50. The same SLUICE_SEED gives the same faults and failpoints.
const ROUNDS = Number(process.env.SLUICE_CRASH_ROUNDS ?? 4);
const SEED = Number(process.env.SLUICE_SEED ?? Date.now() % 1_000_000);
const ROWS = 2000;

let folder: Awaited<ReturnType<typeof newFolder>>;
let calm: CalmRun;
beforeAll(async () => {
  folder = await newFolder();
  const file = join(folder.path, 'orders.csv');
  await writeFile(file, Buffer.concat([...messyOrders(ROWS)]));
  calm = await calmRun(file, join(folder.path, 'calm'));
}, 60_000);
afterAll(() => folder.remove());

test(
  `${ROUNDS} runs through faults and kills leave the lake of a calm one (SLUICE_SEED=${SEED})`,
  async () => {
    const seeds = Array.from({ length: ROUNDS }, (_, nth) => SEED + nth);
    const rounds = await inTwos(seeds, (seed) => crashRound(seed, calm, join(folder.path, `round ${seed}`)));
    if (process.env.SLUICE_CRASH_ROUNDS) process.stderr.write(summaryOf(rounds));
    expect(rounds.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
    expect(rounds.some(({ kills }) => kills.length > 0)).toBe(true);
  },
  ROUNDS * 60_000,
);
