/**
 * The whole way of a file of orders, from CSV to published Parquet: `sluice run` against two pandas scripts, one as it
 * comes to mind and one tuned with pyarrow, as whole processes, in turns. Before anything is timed, all must give the
 * same counts, profile, score and rows.
 *
 * node apps/cli/bench/pipeline.ts [megabytes] [rounds]
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differenceOf } from './answers.ts';
import { type Measured, spread } from './measured-process.ts';
import { writeOrders } from './orders-file.ts';
import { type Pipeline, pandasPipeline, sluicePipeline } from './pipelines.ts';

const [megabytes = 100, rounds = 5] = process.argv.slice(2).map(Number);

const line = (cells: readonly string[]): void =>
  console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(14) : cell.padStart(22))).join(''));

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  const peers = {
    'pandas, plain': await pandasPipeline('pandas_plain.py'),
    'pandas, tuned': await pandasPipeline('pandas_pipeline.py'),
  };
  const file = join(folder, 'orders.csv');
  await writeOrders(file, megabytes * 1e6);

  const ours = await sluicePipeline(file, folder);
  for (const [name, peer] of Object.entries(peers)) {
    const difference = await differenceOf(ours.answer, (await peer(file, folder)).answer);
    if (difference !== null) {
      throw new Error(`sluice and ${name} differ, so there is nothing to compare; ${difference}`);
    }
  }
  const { rowsIn, accepted, duplicates, quarantined } = ours.answer.counts;
  const { size } = await stat(file);
  console.log(
    `${(size / 1e6).toFixed(1)} MB, ${rowsIn} rows: ${accepted} accepted, ${duplicates} duplicates, ${quarantined} quarantined; all agree on every value`,
  );

  const pipelines: Readonly<Record<string, Pipeline>> = { sluice: sluicePipeline, ...peers };
  const measured = new Map<string, Measured[]>(Object.keys(pipelines).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, pipeline] of Object.entries(pipelines)) {
      measured.get(name)?.push((await pipeline(file, folder)).measured);
    }
  }
  const sluice = measured.get('sluice') ?? [];
  line(['', 'seconds', 'CPU seconds', 'peak RSS, MB', 'times as slow']);
  for (const [name, all] of measured) {
    const figuresOf = (figure: (one: Measured) => number, digits: number) => spread(all.map(figure), digits);
    line([
      name,
      figuresOf((one) => one.seconds, 2),
      figuresOf((one) => one.cpuSeconds, 2),
      figuresOf((one) => one.peakRss / 1e6, 0),
      spread(
        all.map((one, round) => one.seconds / (sluice[round]?.seconds ?? Number.NaN)),
        2,
      ),
    ]);
  }
  console.log(`${rounds} rounds, median (least–most)`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
