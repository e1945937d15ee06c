import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { noLossRound, type Round } from './no-loss/no-loss-round.ts';
import { summaryOf } from './no-loss/summary.ts';
import { newFolder } from './sluice.ts';

// `pnpm test:no-loss` takes 20 rounds of 200,000. The same SLUICE_SEED does the same to the same requests.
const ROUNDS = Number(process.env.SLUICE_NO_LOSS_ROUNDS ?? 1);
const ORDERS = Number(process.env.SLUICE_NO_LOSS_ORDERS ?? 3_000);
const SEED = Number(process.env.SLUICE_SEED ?? Date.now() % 1_000_000);

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

test(
  `${ORDERS} records through every fault are each in the lake or in quarantine, once (SLUICE_SEED=${SEED}, rounds: ${ROUNDS})`,
  async () => {
    const rounds: Round[] = [];
    for (let nth = 0; nth < ROUNDS; nth += 1) {
      const own = join(folder.path, `round ${nth}`);
      await mkdir(join(own, 'scratch'), { recursive: true });
      const round = await noLossRound(SEED + nth, ORDERS, own);
      if (process.env.SLUICE_NO_LOSS_ROUNDS) process.stderr.write(summaryOf([round]));
      rounds.push(round);
    }
    if (ROUNDS > 1) process.stderr.write(summaryOf(rounds));
    expect(rounds.flatMap(({ seed, wrong }) => wrong.map((what) => `seed ${seed}: ${what}`))).toEqual([]);
  },
  ROUNDS * (240_000 + ORDERS * 2),
);
