import { datasets } from '@sluice/datasets';
import type { ObjectStore } from '@sluice/lake-storage';
import { embeddedZones } from '@sluice/lake-storage/zones';
import type { SparkProgress } from '@sluice/transform-spark/run-program';
import type { Engines } from './choose-engine.ts';

interface SparkParts {
  readonly engines: Engines;
  readonly store: ObjectStore;
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
  ({ engines, store, ...parts }: SparkParts): RunSpark =>
  async (parameters, signal) => {
    const { runOfJob, runSparkProgram } = await import('@sluice/transform-spark/run-program');
    const run = runOfJob(parameters);
    const dataset = datasets.get(run.dataset);
    if (!dataset) throw new Error(`There is no dataset ${run.dataset}.`);
    await runSparkProgram({
      ...parts,
      environment: await engines.sparkEnvironment(),
      objects: store,
      curatedBucket: embeddedZones.curated,
      dataset,
      run,
      signal,
    });
  };
