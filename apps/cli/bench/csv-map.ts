/**
 * A file of orders through the Distributed Map, in batches of 100 rows: read, judged, staged, collected and published;
 * against a loop that parses the file with fast-csv and validates its rows with zod, and does nothing else. Whole
 * processes, in turns. Before anything is timed, `etl` must have published the same rows.
 *
 * node apps/cli/bench/csv-map.ts [rows] [rounds]     against the loop
 * node apps/cli/bench/csv-map.ts memory [rows…]      memory is bounded, whatever the file's size
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { differenceOf } from './answers.ts';
import { type Measured, measureProcess, spread } from './measured-process.ts';
import { writeOrders } from './orders-file.ts';
import { csvMapPipeline, sluicePipeline } from './pipelines.ts';

const BYTES_PER_ROW = 101.8;
const MOST_BYTES = 400e6;

const loop = fileURLToPath(
  new URL('../../../packages/record-transform/bench/fast-csv-file.ts', import.meta.url),
);
const loopAnswer = z.object({ rows: z.number() });

const figuresOf = (all: readonly Measured[]): string =>
  [
    `${spread(
      all.map(({ seconds }) => seconds),
      2,
    )} s`,
    `${spread(
      all.map(({ cpuSeconds }) => cpuSeconds),
      2,
    )} s of CPU`,
    `${spread(
      all.map(({ peakRss }) => peakRss / 1e6),
      0,
    )} MB`,
  ].join('   ');

const compare = async (folder: string, rows: number, rounds: number): Promise<void> => {
  const file = join(folder, 'orders.csv');
  await writeOrders(file, rows * BYTES_PER_ROW);
  const map = await csvMapPipeline(file, folder);
  const difference = await differenceOf(map.answer, (await sluicePipeline(file, folder)).answer);
  if (difference !== null) throw new Error(`csv-map and etl differ; ${difference}`);
  const { rowsIn } = map.answer.counts;
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push((await csvMapPipeline(file, folder)).measured);
    const measured = await measureProcess(process.execPath, [loop, file]);
    if (loopAnswer.parse(JSON.parse(measured.stdout)).rows !== rowsIn)
      throw new Error('fast-csv sees other rows in the file');
    theirs.push(measured);
  }
  console.log(`${rowsIn} rows in batches of 100; csv-map publishes what etl does`);
  console.log(`csv-map          ${figuresOf(ours)}`);
  console.log(`fast-csv + zod   ${figuresOf(theirs)}`);
  const ratios = theirs.map(({ seconds }, round) => seconds / (ours[round]?.seconds ?? Number.NaN));
  console.log(`times as fast as the loop: ${spread(ratios, 2)}; ${rounds} rounds, median (least–most)`);
};

const measureMemory = async (folder: string, sizes: readonly number[]): Promise<void> => {
  let most = 0;
  for (const rows of sizes) {
    const file = join(folder, 'orders.csv');
    await writeOrders(file, rows * BYTES_PER_ROW);
    const { measured, answer } = await csvMapPipeline(file, folder);
    console.log(`${String(answer.counts.rowsIn).padStart(9)} rows   ${figuresOf([measured])}`);
    most = Math.max(most, measured.peakRss);
  }
  if (most >= MOST_BYTES) throw new Error(`more than ${MOST_BYTES / 1e6} MB in memory`);
};

const [what, ...rest] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  if (what === 'memory') await measureMemory(folder, rest.length > 0 ? rest.map(Number) : [1e6, 3e6, 1e7]);
  else await compare(folder, Number(what ?? 1e6), Number(rest[0] ?? 3));
} finally {
  await rm(folder, { recursive: true, force: true });
}
