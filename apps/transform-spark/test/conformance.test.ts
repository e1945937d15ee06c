import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  differencesInStage,
  readVectors,
  renderingsOf,
  sideBySide,
} from '@sluice/record-transform/conformance';
import { ahead } from './ahead.ts';
import { compareEngines } from './compare-engines.ts';
import { allCharacters, generatedObjects } from './generated-objects.ts';
import { sparkHere } from './python-tools.ts';
import { createSparkEngine, type SparkEngine } from './spark-engine.ts';
import { type SparkWorker, startSparkWorker } from './spark-worker.ts';

// `pnpm test:conformance` asks for the long form: every vector by itself in each of its forms, with generated code, and
// rows that no run before has seen. Otherwise vectors of cells stand side by side, and of those that are about objects there
// is one for each clause in CI, and for each area elsewhere, since a run takes Spark a second or two.
const isLong = process.env.SLUICE_CONFORMANCE === 'full';
const isInCi = process.env.SLUICE_TESTS === 'all';
const asked = process.env.SLUICE_PROPERTY_ROWS;
const ROWS = Number(asked ?? (isLong ? 100_000 : 20_000));
const ROWS_PER_DATASET = isLong ? 1000 : isInCi ? 2500 : 5000;
const SEED = isLong || asked !== undefined ? Date.now() % 2 ** 31 : 20260615;
const COLUMNS_SIDE_BY_SIDE = 100;
const RUNS_AT_ONCE = 2;
const SUITE_MS = isLong ? 4 * 3600_000 : 20 * 60_000;

/** Expressions are interpreted: small objects are done before Spark has compiled what it generates. */
const INTERPRETED = {
  'spark.sql.adaptive.enabled': 'false',
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
  // Nobody reads the plans, which are long.
  'spark.sql.debug.maxToStringFields': '1',
};
const GENERATED = {
  'spark.sql.adaptive.enabled': 'true',
  'spark.sql.codegen.wholeStage': 'true',
  'spark.sql.codegen.factoryMode': 'FALLBACK',
};
/** Splits end within rows, within characters and between CR and LF. */
const TINY_SPLITS = { 'spark.sql.files.maxPartitionBytes': '64' };
const SPLITS = { 'spark.sql.files.maxPartitionBytes': '100000' };

interface Task {
  readonly title: string;
  /** One line for each way in which Spark differs. */
  readonly differences: (spark: SparkEngine) => Promise<readonly string[]>;
}

type Vectors = Parameters<typeof sideBySide>[0];
const vectors: Vectors = readVectors().flatMap((vector) => (vector.kind === 'object' ? [vector] : []));

type Case = Pick<Vectors[number], 'dataset' | 'asOf' | 'pseudonymKey' | 'expected' | 'input'>;

/** `forms`: which of the forms that carry the vector are put to Spark. */
const taskOf = (title: string, one: Case, forms: 'one' | 'all', turn: number): Task => ({
  title,
  differences: async (spark) => {
    const { dataset, asOf, pseudonymKey, expected, input } = one;
    const context = { asOf, ...(pseudonymKey !== undefined && { pseudonymKey }) };
    const whole = renderingsOf(dataset, input).filter(({ chunkSize }) => chunkSize === null);
    const zipped = whole.flatMap(({ label, key, bytes, ...rest }) =>
      input.kind === 'cells'
        ? [{ ...rest, label: `${label}, gzip`, key: `${key}.gz`, bytes: gzipSync(bytes) }]
        : [],
    );
    const every = [...whole, ...zipped];
    const inTurn = (of: typeof every): typeof every => of.slice(turn % of.length).slice(0, 1);
    const chosen = forms === 'all' ? [...whole, ...inTurn(zipped)] : inTurn(every);
    const found: string[] = [];
    for (const { label, ...object } of chosen) {
      const lines = await spark.run(dataset, object, context, (answer) =>
        differencesInStage(expected, answer),
      );
      found.push(...lines.map((line) => `${label}: ${line}`));
    }
    return found;
  },
});

const { merged, alone } = sideBySide(vectors, COLUMNS_SIDE_BY_SIDE);

/** Of each kind the vector with the most rows. */
const oneOfEach = (kind: 'clause' | 'area', all: Vectors): Vectors => {
  const chosen = new Map<string, Vectors[number]>();
  const rowsOf = ({ expected }: Vectors[number]): number => ('rows' in expected ? expected.rows.length : 0);
  for (const vector of all) {
    const best = chosen.get(vector[kind]);
    if (!best || rowsOf(vector) > rowsOf(best)) chosen.set(vector[kind], vector);
  }
  return [...chosen.values()];
};

const byThemselves = (isLong ? vectors : oneOfEach(isInCi ? 'clause' : 'area', alone)).map((vector, at) =>
  // An object's bytes come as they are; gzipped ones have vectors of their own.
  taskOf(
    `${vector.area}: ${vector.name}`,
    vector,
    isLong ? 'all' : 'one',
    vector.input.kind === 'cells' ? at : 0,
  ),
);
const together = merged.map((one, at) =>
  taskOf(`${one.names.length} vectors: ${one.names.join('; ')}`, one, 'one', at),
);
const objects = generatedObjects(Math.ceil(ROWS / ROWS_PER_DATASET), ROWS_PER_DATASET, SEED);
const generated = [allCharacters(), ...objects].map(
  (one): Task => ({ title: one.label, differences: (spark) => compareEngines(spark, one) }),
);

const groups: readonly {
  readonly title: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly tasks: readonly Task[];
}[] = [
  {
    title: 'Spark does with a vector what it lays down',
    settings: { ...(isLong ? GENERATED : INTERPRETED), ...TINY_SPLITS },
    tasks: byThemselves,
  },
  {
    title: 'Spark does with vectors side by side what they lay down',
    settings: { ...INTERPRETED, ...SPLITS },
    tasks: together,
  },
  {
    title: `Spark, DuckDB and TypeScript make the same of ${ROWS} generated rows`,
    settings: { ...GENERATED, ...SPLITS },
    tasks: generated,
  },
];

const spark = await sparkHere();
const isPossible = !('missing' in spark);
if (!isPossible && process.env.CI === 'true') throw new Error(spark.missing);
if (!isPossible) process.stderr.write(`Skipped: ${spark.missing}\n`);

let worker: SparkWorker | undefined;
beforeAll(async () => {
  if (isPossible) worker = await startSparkWorker({ runs: RUNS_AT_ONCE });
}, 10 * 60_000);
afterAll(() => worker?.stop());

for (const { title, settings, tasks } of groups) {
  (isPossible ? describe : describe.skip)(title, () => {
    let outcomeOf: (at: number) => Promise<readonly string[]> = async () => ['not run'];
    beforeAll(async () => {
      if (!worker) return;
      await worker.set({ 'spark.sql.shuffle.partitions': '1', ...settings });
      const engine = createSparkEngine(worker);
      outcomeOf = ahead(tasks, RUNS_AT_ONCE, ({ differences }) => differences(engine));
    });
    test.each(tasks.map((task, at) => [task.title, at] as const))(
      '%s',
      async (_title, at) => expect(await outcomeOf(at)).toEqual([]),
      SUITE_MS,
    );
  });
}
