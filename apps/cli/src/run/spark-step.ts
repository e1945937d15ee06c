import { join } from 'node:path';
import { datasets } from '@sluice/datasets';
import { embeddedZones } from '@sluice/lake-storage/zones';
import type { SparkProgress } from '@sluice/transform-spark/run-program';
import type { Lake } from '../lake/open-lake.ts';
import { withTableLock } from '../lake/run-lock.ts';
import type { Engines } from './choose-engine.ts';

interface SparkParts {
  readonly engines: Engines;
  readonly lake: Lake;
  /** A folder for files that nobody keeps. */
  readonly scratchDir: string;
  readonly pseudonymKey: string | undefined;
  readonly onProgress: (progress: SparkProgress) => void;
  /** Lines of Spark's own log. */
  readonly onLog: (line: string) => void;
}

/** Does the Spark job's work on this machine; takes the parameters of `glue:startJobRun`. */
export type RunSpark = (parameters: unknown, signal: AbortSignal) => Promise<void>;

export const sparkStep =
  ({ engines, lake, ...parts }: SparkParts): RunSpark =>
  async (parameters, signal) => {
    const { runOfJob, runSparkProgram, runTableStep, stepOfJob } = await import(
      '@sluice/transform-spark/run-program'
    );
    const run = runOfJob(parameters);
    const dataset = datasets.get(run.dataset);
    if (!dataset) throw new Error(`There is no dataset ${run.dataset}.`);
    const program = { ...parts, environment: await engines.sparkEnvironment(), dataset, run, signal };
    const curatedBucket = embeddedZones.curated;
    const step = stepOfJob(parameters);
    if (step === 'stage') return runSparkProgram({ ...program, objects: lake.store, curatedBucket });
    const curatedFolder = join(lake.root, curatedBucket);
    await withTableLock(lake, dataset.name, signal, () => runTableStep({ ...program, step, curatedFolder }));
  };
