import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failpoint, type ObjectStore, withLocalFile } from '@sluice/lake-storage';
import { stagingPrefix, tablePrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { compileSparkPlan } from '@sluice/record-transform/spark';
import { type RunInput, runInput } from '@sluice/step-contracts';
import { z } from 'zod';
import type { SparkEnvironment } from './environment.ts';
import { readLines } from './read-lines.ts';
import { type SparkProgress, type SparkSize, startSpark } from './spark-process.ts';
import { clearStaged, stageOutput } from './stage-output.ts';

export type { SparkProgress };

/** A run whose rows Spark is to stage. */
export interface SparkRun extends SparkSize {
  readonly environment: SparkEnvironment;
  readonly objects: ObjectStore;
  readonly curatedBucket: string;
  readonly dataset: Dataset;
  readonly run: RunInput;
  /** A folder on a disk that has room for the object and what becomes of it. Left as it was. */
  readonly scratchDir: string;
  readonly pseudonymKey?: string | undefined;
  /** Its abort ends Spark at once, and its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: SparkProgress) => void) | undefined;
  /** Lines of Spark's own log. They may hold values of the object. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/** The program did not come to its end. The message is one line: what, where, what to do. */
export class SparkFailed extends Error {
  override readonly name = 'SparkJobFailed';
}

/** A run whose staged rows go into its dataset's table, or whose merged rows are taken back. */
export interface TableRun extends Omit<SparkRun, 'objects' | 'curatedBucket'> {
  readonly step: 'merge' | 'retract';
  /** The folder of this machine that is the curated zone. */
  readonly curatedFolder: string;
}

const startJobRun = z.object({
  Arguments: z.object({
    '--run': z.string(),
    '--step': z.enum(['stage', 'merge', 'retract']).default('stage'),
  }),
});

/** The run of a `glue:startJobRun`, from the task's parameters. */
export const runOfJob = (parameters: unknown): RunInput =>
  runInput.parse(JSON.parse(startJobRun.parse(parameters).Arguments['--run']));

/** What the job is to do with it. */
export const stepOfJob = (parameters: unknown): 'stage' | TableRun['step'] =>
  startJobRun.parse(parameters).Arguments['--step'];

/**
 * Does what the deployed job does, on this machine: takes the rows of one object to their fates and leaves them in
 * `staging/<run-id>/`, `transform.json` last. What an attempt that died left there goes first. A refused object leaves
 * `figures.json` alone.
 *
 * @throws {SparkFailed} if the program fails or is killed; a LakeStorageError if the object is not the run's any more
 */
export const runSparkProgram = async (spark: SparkRun): Promise<void> => {
  const { objects, curatedBucket: bucket, run } = spark;
  const prefix = stagingPrefix(run.runId);
  spark.signal?.throwIfAborted();
  await clearStaged(objects, bucket, prefix);
  failpoint('spark:cleared');
  await inFolder(spark.scratchDir, async (folder) => {
    const { etag, size: _size, ...version } = run.object;
    await withLocalFile(objects, version, folder, { ifMatch: etag }, (path) =>
      runProgram(spark, path, folder),
    );
    spark.signal?.throwIfAborted();
    await stageOutput(objects, join(folder, OUTPUT), { bucket, prefix });
  });
};

/**
 * Does what the deployed job does behind the gate, on a table of this machine. Nobody else may merge into it meanwhile. A
 * merge leaves `merged.json` in staging.
 *
 * @throws {SparkFailed} if the program fails or is killed; what it had not committed is not in the table then
 */
export const runTableStep = async (spark: TableRun): Promise<void> => {
  const { curatedFolder, dataset, run, step, signal } = spark;
  const table = join(curatedFolder, tablePrefix(dataset.name));
  signal?.throwIfAborted();
  // Spark need not start for what is plain to see: there is nothing to take back.
  if (step === 'retract' && !existsSync(join(table, '_delta_log'))) return;
  await mkdir(table, { recursive: true });
  await inFolder(spark.scratchDir, async (folder) => {
    const address = async (path: string, name: string): Promise<string> => {
      if (!PATTERN.test(path)) return uriOf(path);
      await symlink(path, join(folder, name));
      return uriOf(join(folder, name));
    };
    const staged = await address(join(curatedFolder, stagingPrefix(run.runId)), 'staged');
    await carryOut(spark, folder, [
      ...['--step', step, '--table', await address(table, 'table'), '--output', staged],
    ]);
  });
};

/** Spark takes a path with such a character for a pattern. */
const PATTERN = /[{}[\]*?\\]/;

const inFolder = async (scratchDir: string, work: (folder: string) => Promise<void>): Promise<void> => {
  const parent = PATTERN.test(scratchDir) ? tmpdir() : scratchDir;
  const folder = await mkdtemp(join(parent, 'spark-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

const OUTPUT = 'output';
const script = fileURLToPath(new URL('../local_job.py', import.meta.url));

const runProgram = async (spark: SparkRun, path: string, folder: string): Promise<void> => {
  const input = join(folder, 'input', `object${plainExtension(spark.run.object.key)}`);
  for (const name of [join(folder, 'input'), join(folder, OUTPUT)]) await mkdir(name);
  await symlink(path, input);
  await carryOut(spark, folder, [
    ...['--curated-bucket', spark.curatedBucket, '--input', uriOf(input)],
    ...['--output', `${uriOf(join(folder, OUTPUT))}/`],
  ]);
};

type Program = Omit<SparkRun, 'objects' | 'curatedBucket'>;

const carryOut = async (spark: Program, folder: string, options: readonly string[]): Promise<void> => {
  const { environment, dataset, run, scratchDir: _parent, signal, ...others } = spark;
  const plans = join(folder, 'plans');
  await mkdir(plans);
  await writeFile(join(plans, `${dataset.name}.json`), JSON.stringify(compileSparkPlan(dataset)));

  const lines = readLines(others);
  const { child, ended, kill } = await startSpark({
    ...others,
    environment,
    scratchDir: folder,
    command: [script, '--run', JSON.stringify(run), '--plans', uriOf(plans), ...options],
    onLine: lines.line,
  });
  child.stdout.resume();
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted) kill();
  try {
    const end = await ended;
    signal?.throwIfAborted();
    if (end.code !== 0) throw new SparkFailed(lines.failure(end));
  } finally {
    signal?.removeEventListener('abort', kill);
    // A JVM may outlive the Python that started it.
    kill();
  }
};

/** Not as `pathToFileURL` writes it: Hadoop takes percent signs as they are. */
const uriOf = (path: string): string => `file://${path}`;

/** The program's reader goes by the name, and Spark by it, too; the rest of it could be a pattern, or hidden. */
const plainExtension = (key: string): string => /(?:\.[A-Za-z0-9]+){1,2}$/.exec(key)?.[0] ?? '';
