/**
 * One object of orders through each engine, from CSV to published Parquet, against a Spark job as the tutorials write it
 * (multi_pass.py): whole processes, in turns. Every answer is compared before any time is told: our engines publish the
 * same rows, quarantine the same lines and count the same; the job's counts follow from ours.
 *
 * node apps/cli/bench/engines.ts [--megabytes 100,1000] [--rounds 1] [--folder DIR]
 *
 * Ends with 1 if answers differ, or if a file of 1,000 MB misses a gate.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { differenceOf } from './answers.ts';
import { type Measured, median } from './measured-process.ts';
import { DRIVER_MEMORY, jobCountsOf, multiPassJob } from './multi-pass.ts';
import { writeOrders } from './orders-file.ts';
import { type Pipeline, sluiceRun } from './pipelines.ts';
import { quarantinesDiffer } from './quarantines.ts';

const ENGINES = ['multi-pass', 'spark', 'duckdb'] as const;
type Engine = (typeof ENGINES)[number];
type Rounds = Readonly<Record<Engine, readonly Measured[]>>;

/** Of a file of so many megabytes. */
const GATED_MB = 1000;
const GATES: readonly { readonly what: string; readonly holds: (rounds: Rounds) => boolean }[] = [
  {
    what: 'spark is at least 3 times as fast as multi-pass',
    holds: (rounds) => timesAsFast(rounds, 'spark') >= 3,
  },
  {
    what: 'spark takes less memory than multi-pass',
    holds: ({ spark, 'multi-pass': theirs }) => median(spark.map(memory)) < median(theirs.map(memory)),
  },
  {
    what: 'duckdb is at least 10 times as fast as multi-pass',
    holds: (rounds) => timesAsFast(rounds, 'duckdb') >= 10,
  },
  {
    what: 'duckdb takes less than 1 GB of memory',
    holds: ({ duckdb }) => Math.max(...duckdb.map(memory)) < 1e9,
  },
];

const memory = ({ peakRss }: Measured): number => peakRss;

/** The median of what each round says. */
const timesAsFast = (rounds: Rounds, engine: Engine): number =>
  median(
    rounds['multi-pass'].map(({ seconds }, at) => seconds / (rounds[engine][at]?.seconds ?? Number.NaN)),
  );

const spark = sluiceRun('spark', '--engine', 'spark');
const duckdb = sluiceRun('duckdb', '--engine', 'duckdb');

/** A round in which all agree. */
const compareEngines = async (file: string, folder: string): Promise<Readonly<Record<Engine, Measured>>> => {
  const theirs = await multiPassJob(file, folder);
  const bySpark = await run(spark, file, folder, 'spark');
  const byDuckDb = await run(duckdb, file, folder, 'duckdb');
  const difference =
    (await differenceOf(byDuckDb.answer, bySpark.answer)) ??
    (await quarantinesDiffer(join(folder, 'duckdb'), join(folder, 'spark')));
  if (difference !== null) throw new Error(`duckdb and spark differ; ${difference}`);
  const expected = JSON.stringify(await jobCountsOf(byDuckDb.answer.counts, join(folder, 'duckdb')));
  const counted = JSON.stringify(theirs.counts);
  if (counted !== expected) throw new Error(`multi-pass counts ${counted}, which should be ${expected}`);
  return { 'multi-pass': theirs.measured, spark: bySpark.measured, duckdb: byDuckDb.measured };
};

const run = async (pipeline: Pipeline, file: string, folder: string, name: string) => {
  console.error(`  ${name} …`);
  return pipeline(file, folder);
};

const tableOf = (bytes: number, rounds: Rounds): string[] =>
  ENGINES.map((engine) => {
    const of = (figure: (one: Measured) => number): number => median(rounds[engine].map(figure));
    const seconds = of((one) => one.seconds);
    const cells = [
      `${(bytes / 1e6).toFixed(0)} MB`,
      engine,
      seconds.toFixed(1),
      of((one) => one.cpuSeconds).toFixed(1),
      (of(memory) / 1e6).toFixed(0),
      (bytes / 1e6 / seconds).toFixed(1),
      timesAsFast(rounds, engine).toFixed(2),
    ];
    return `| ${cells.join(' | ')} |`;
  });

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '100,1000' },
    rounds: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const sizes = values.megabytes.split(',').map(Number);
const rounds = Number(values.rounds);
if (![...sizes, rounds].every((number) => number >= 1)) throw new Error('megabytes and rounds are from 1 on');

const folder = await mkdtemp(join(values.folder, 'sluice-bench-'));
const table: string[] = [];
const missed: string[] = [];
try {
  for (const megabytes of sizes) {
    const file = join(folder, 'orders.csv');
    await writeOrders(file, megabytes * 1e6);
    const measured: Record<Engine, Measured[]> = { 'multi-pass': [], spark: [], duckdb: [] };
    for (let round = 0; round < rounds; round += 1) {
      console.error(`${megabytes} MB, round ${round + 1} of ${rounds}`);
      const one = await compareEngines(file, folder);
      for (const engine of ENGINES) measured[engine].push(one[engine]);
    }
    table.push(...tableOf((await stat(file)).size, measured));
    if (megabytes !== GATED_MB) continue;
    missed.push(...GATES.filter(({ holds }) => !holds(measured)).map(({ what }) => what));
  }
  console.log(
    `All agree. Median of ${rounds} round${rounds === 1 ? '' : 's'}; Spark as local[${availableParallelism()}] with ${DRIVER_MEMORY} of driver memory, of ${(totalmem() / 2 ** 30).toFixed(0)} GiB\n`,
  );
  console.log(
    '| object | engine | seconds | CPU seconds | peak memory, MB | MB/s | times as fast as multi-pass |',
  );
  console.log('| ---: | --- | ---: | ---: | ---: | ---: | ---: |');
  for (const line of table) console.log(line);
  for (const what of missed) console.log(`MISSED at ${GATED_MB} MB: ${what}`);
  if (missed.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
