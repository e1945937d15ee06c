import { assumptions } from './assumptions.ts';
import { type Invocations, lambdaCosts, sparkCost, storageCosts, sumOf, transitionCost } from './costs.ts';
import type { ObjectToPlan } from './object-to-plan.ts';
import { type EngineFigures, type Plan, priced } from './plan-types.ts';
import { endings, publishedBySpark, workload } from './prices.ts';
import { serviceLimits, words } from './service-limits.ts';
import { dpusOf, type FunctionName, type PlanSettings } from './settings.ts';
import { over, type Warning } from './warnings.ts';
import { eventsOfSync, historyEvents, type Step } from './way.ts';

type EtlPlan = Omit<Plan, 'engines'>;
type EtlEngine = 'duckdb' | 'spark';

/** `etl` by the engine that its state machine would choose. `intoTable`: the rows go into a Delta table. */
export const planEtl = (object: ObjectToPlan, settings: PlanSettings, intoTable: boolean): EtlPlan => {
  const bySpark = intoTable || object.size > settings.transform.lambdaMaxBytes;
  return reckonEtl(object, settings, bySpark ? 'spark' : 'duckdb', intoTable);
};

/** What each engine of `etl` would take. */
export const etlFigures = (
  object: ObjectToPlan,
  settings: PlanSettings,
  intoTable: boolean,
): EngineFigures[] =>
  (['duckdb', 'spark'] as const).map((engine) => {
    const { seconds, usd, warnings } = reckonEtl(object, settings, engine, intoTable);
    return {
      engine,
      workflow: 'etl',
      seconds,
      usd,
      obstacle: obstacleOf(object, settings, engine, warnings, intoTable),
    };
  });

const obstacleOf = (
  { size }: ObjectToPlan,
  { transform: { lambdaMaxBytes } }: PlanSettings,
  engine: EtlEngine,
  [warning]: readonly Warning[],
  intoTable: boolean,
): string | null => {
  if (engine === 'duckdb' && intoTable) return 'only Spark merges rows into a Delta table';
  if (warning) return `${warning.message} takes longer than it has`;
  if (engine === 'duckdb' && size > lambdaMaxBytes)
    return `more than transform.lambdaMaxBytes, ${words(lambdaMaxBytes, 'bytes')}`;
  return null;
};

const reckonEtl = (
  object: ObjectToPlan,
  settings: PlanSettings,
  engine: EtlEngine,
  intoTable: boolean,
): EtlPlan => {
  const { size } = object;
  const { lambdaMaxBytes } = settings.transform;
  const bySpark = engine === 'spark';
  const merges = bySpark && intoTable;
  const jobs = Number(bySpark) + Number(merges);
  const published = bySpark ? publishedBySpark : endings.published;
  const { functions } = published;
  const states: readonly string[] = merges ? [...published.states, 'MergeTable'] : published.states;
  const invocations = functions.map((of) => invocation(of, size, settings, bySpark));
  const secondsOf = (name: FunctionName): number => invocations.find(({ of }) => of === name)?.seconds ?? 0;
  const job = sparkSeconds(size, settings);
  const durations = [
    { state: 'ValidateInput', seconds: secondsOf('validateObject') },
    ...(bySpark
      ? [
          { state: 'RunETLJob', seconds: job },
          { state: 'ScoreStagedRows', seconds: secondsOf('scoreQuality') },
        ]
      : [
          { state: 'RunDataQualityCheck', seconds: secondsOf('scoreQuality') },
          { state: 'TransformObject', seconds: secondsOf('transformObject') },
        ]),
    // What it takes goes with the table, of which nothing is known here: as long as staging.
    ...(merges ? [{ state: 'MergeTable', seconds: job }] : []),
    { state: 'UpdateDataCatalog', seconds: secondsOf('publishRun') },
  ];
  const transitions = states.length + 1;
  const costs = [
    ...lambdaCosts(settings, invocations),
    transitionCost(transitions),
    ...storageCosts(workload.s3Writes, workload.s3Reads),
    ...(bySpark ? [sparkCost(job, settings.spark, jobs)] : []),
  ];
  return {
    workflow: 'etl',
    engine,
    because: merges
      ? 'its rows go into a Delta table'
      : bySpark
        ? `${words(size, 'bytes')} are more than transform.lambdaMaxBytes, ${words(lambdaMaxBytes, 'bytes')}`
        : `${words(size, 'bytes')} fit a Lambda: transform.lambdaMaxBytes is ${words(lambdaMaxBytes, 'bytes')}`,
    map: null,
    durations,
    seconds: durations.reduce((sum, { seconds }) => sum + seconds, 0),
    history: {
      execution: etlEvents(states) + jobs * eventsOfSync,
      child: null,
      childAtMost: null,
    },
    transitions,
    costs,
    usd: sumOf(costs),
    prices: priced,
    advice: [],
    warnings: [
      ...invocations.flatMap(({ of, seconds }) =>
        over(
          'timeout',
          of,
          Math.ceil(seconds),
          { ...serviceLimits.lambdaSeconds, value: settings.lambda.functions[of].timeoutSeconds },
          `Give lambda.functions.${of} more memory, which comes with processors, or more timeoutSeconds (at most 900).`,
        ),
      ),
      ...(bySpark ? sparkWarnings(job, settings) : []),
    ],
  };
};

/** A function that reads the whole object takes as long as that takes. Spark's rows are scored by what it counted. */
const invocation = (
  of: FunctionName,
  size: number,
  settings: PlanSettings,
  bySpark: boolean,
): Invocations => {
  const reads = !bySpark && workload.readers.some((name) => name === of);
  const gb = settings.lambda.functions[of].memoryMb / 1024;
  const reading = reads ? (size * workload.gbSecondsPerByte) / gb : 0;
  return { of, count: 1, seconds: workload.secondsPerInvocation + reading };
};

/** The driver's worker does no work of its own. */
const sparkSeconds = (size: number, { spark }: PlanSettings): number => {
  const working = dpusOf({ ...spark, workers: spark.workers - 1 });
  return assumptions.sparkStartSeconds + size / (working * assumptions.sparkBytesPerDpuSecond);
};

const sparkWarnings = (seconds: number, { spark }: PlanSettings): readonly Warning[] =>
  over(
    'spark_timeout',
    'the Spark job',
    Math.ceil(seconds),
    { ...serviceLimits.glueJobSeconds, value: spark.timeoutMinutes * 60 },
    'Give spark more workers, a larger workerType, or more timeoutMinutes.',
  );

const etlEvents = (states: readonly string[]): number =>
  historyEvents(states.map((state): Step => ({ state, type: typeOfEtl(state) })));

const typeOfEtl = (state: string): Step['type'] =>
  state === 'Succeeded' ? 'Succeed' : /^(Check|Needs|Choose)/.test(state) ? 'Choice' : 'Task';
