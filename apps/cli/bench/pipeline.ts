/**
 * The whole way of a file of orders, from CSV to published Parquet: `sluice run` against a careful pandas script, as
 * whole processes, in turns. Before anything is timed, both must give the same counts, profile, score and rows.
 *
 * node apps/cli/bench/pipeline.ts [megabytes] [rounds]
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differenceOf } from './answers.ts';
import type { Measured } from './measured-process.ts';
import { writeOrders } from './orders-file.ts';
import { pandasPipeline, sluicePipeline } from './pipelines.ts';

const [megabytes = 100, rounds = 5] = process.argv.slice(2).map(Number);

const spread = (of: readonly number[], digits: number): string => {
  const sorted = [...of].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const median = (at((of.length - 1) >> 1) + at(of.length >> 1)) / 2;
  return `${median.toFixed(digits)} (${at(0).toFixed(digits)}–${at(of.length - 1).toFixed(digits)})`;
};
const line = (cells: readonly string[]): void =>
  console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(8) : cell.padStart(20))).join(''));

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  const pandasRun = await pandasPipeline();
  const file = join(folder, 'orders.csv');
  await writeOrders(file, megabytes * 1e6);

  const [ours, theirs] = [await sluicePipeline(file, folder), await pandasRun(file, folder)];
  const difference = await differenceOf(ours.answer, theirs.answer);
  if (difference !== null)
    throw new Error(`the answers differ, so there is nothing to compare; ${difference}`);
  const { rowsIn, accepted, duplicates, quarantined } = ours.answer.counts;
  const { size } = await stat(file);
  console.log(
    `${(size / 1e6).toFixed(1)} MB, ${rowsIn} rows: ${accepted} accepted, ${duplicates} duplicates, ${quarantined} quarantined; both agree on every value`,
  );

  const sluice: Measured[] = [];
  const pandas: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    sluice.push((await sluicePipeline(file, folder)).measured);
    pandas.push((await pandasRun(file, folder)).measured);
  }
  line(['', 'seconds', 'CPU seconds', 'peak RSS, MB']);
  for (const [name, all] of Object.entries({ sluice, pandas })) {
    const figuresOf = (figure: (one: Measured) => number, digits: number) => spread(all.map(figure), digits);
    line([
      name,
      figuresOf((one) => one.seconds, 2),
      figuresOf((one) => one.cpuSeconds, 2),
      figuresOf((one) => one.peakRss / 1e6, 0),
    ]);
  }
  const ratios = (figure: (one: Measured) => number): string =>
    spread(
      sluice.map((one, round) => figure(pandas[round] ?? one) / figure(one)),
      2,
    );
  console.log(
    `sluice is ${ratios((one) => one.seconds)} times as fast as pandas by the clock, ${ratios((one) => one.cpuSeconds)} by CPU time; ${rounds} rounds, median (least–most)`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
