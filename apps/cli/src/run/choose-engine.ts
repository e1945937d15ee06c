import type { Dataset } from '@sluice/record-schema';
import type { SparkEnvironment, SparkState } from '@sluice/transform-spark/environment';
import { CliError } from '../cli-error.ts';
import { didYouMean } from '../did-you-mean.ts';
import { EXIT } from '../exit-codes.ts';
import type { ChosenEngine } from '../lake/execution-record.ts';
import { bytes } from '../terminal/figures.ts';

/** What a run may be asked to go by. */
const WISHES = ['duckdb', 'spark', 'auto'] as const;
export type EngineWish = (typeof WISHES)[number];

/** What decides on the engine of a run, beside its object. */
export interface Engines {
  readonly wanted: EngineWish;
  /** Whether Spark can run here; asked only where it matters, and fetches nothing. */
  readonly sparkState: () => Promise<SparkState>;
  /** Spark, ready to run; fetched if it is not there. Throws CliError. */
  readonly sparkEnvironment: () => Promise<SparkEnvironment>;
}

/** Why an engine is the one that somebody named. */
export const ASKED_FOR = 'it was asked for';

const GIB = 1024 ** 3;

/** Larger objects are Spark's, if it is installed. */
export const SPARK_ABOVE_BYTES = 4 * GIB;
export const SPARK_ABOVE = `${SPARK_ABOVE_BYTES / GIB} GiB`;

/** Whoever asks for nothing gets DuckDB; Spark is not even looked for. */
export const duckdbOnly: Engines = {
  wanted: 'duckdb',
  sparkState: async () => ({ state: 'impossible', missing: 'Spark was not looked for' }),
  sparkEnvironment: async () => {
    throw new CliError("this run is DuckDB's; run it again with --engine spark");
  },
};

/** The engines of this machine, as the variables of its environment tell of Java and Python. */
export const enginesOf = (
  wanted: EngineWish,
  env: NodeJS.ProcessEnv,
  onInstall: (line: string) => void,
): Engines => ({
  wanted,
  sparkState: async () => (await import('@sluice/transform-spark/environment')).sparkState({ env }),
  sparkEnvironment: async () => {
    const { SparkMissing, sparkEnvironment } = await import('@sluice/transform-spark/environment');
    try {
      return await sparkEnvironment({ env, onInstall });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new CliError(message, error instanceof SparkMissing ? EXIT.usage : EXIT.fault, error);
    }
  },
});

export const engineNamed = (name: string): EngineWish => {
  const found = WISHES.find((wish) => wish === name);
  if (found) return found;
  const hint = didYouMean(name, WISHES) || `; there are ${WISHES.join(', ')}`;
  throw new CliError(`there is no engine ${JSON.stringify(name)}${hint}`);
};

/** What is asked for; if that is `auto`, Spark for an object above the limit, if it is installed, else DuckDB. */
export const chooseEngine = async (
  { wanted, sparkState }: Pick<Engines, 'wanted' | 'sparkState'>,
  size: number,
  { target }: Pick<Dataset, 'target'> = { target: { format: 'parquet' } },
): Promise<ChosenEngine> => {
  if (wanted !== 'auto') return { engine: wanted, because: ASKED_FOR };
  if (target.format === 'delta') return { engine: 'spark', because: 'its rows go into a Delta table' };
  if (size <= SPARK_ABOVE_BYTES)
    return { engine: 'duckdb', because: `${bytes(size)} is at most ${SPARK_ABOVE}` };
  const large = `${bytes(size)} is more than ${SPARK_ABOVE}`;
  const spark = await sparkState();
  switch (spark.state) {
    case 'installed':
      return { engine: 'spark', because: large };
    case 'installable':
      return {
        engine: 'duckdb',
        because: `${large}, but Spark is not installed: --engine spark installs it`,
      };
    case 'impossible':
      return { engine: 'duckdb', because: `${large}, but Spark cannot run here: ${spark.missing}` };
  }
};
