import type { WorkflowChoice } from '@sluice/record-schema';
import { chooseWorkflow, type WorkflowName } from '../choice.ts';
import type { CsvMapSettings } from '../csv-map.ts';
import { assumptions } from './assumptions.ts';
import { type Batches, batchesOf } from './batches.ts';
import {
  type CostLine,
  expressCosts,
  type Invocations,
  lambdaCosts,
  sparkCost,
  storageCosts,
  sumOf,
  transitionCost,
} from './costs.ts';
import type { ObjectToPlan } from './object-to-plan.ts';
import { endings, prices, workload } from './prices.ts';
import { serviceLimits, serviceRates, words } from './service-limits.ts';
import type { FunctionName, PlanSettings } from './settings.ts';
import { csvMapWarnings, over, type Warning } from './warnings.ts';
import { csvMapWay, eventsOfRetry, historyEvents, type Step } from './way.ts';

/** How a Distributed Map would go. */
export interface MapPlan extends Batches {
  readonly executionType: CsvMapSettings['executionType'];
  /** Children that run at once, at most. */
  readonly concurrency: number;
  /** What keeps there from being more of them. */
  readonly boundBy: string;
  /** Of one child. */
  readonly childSeconds: number;
  /** From the first child's start to the last one's end. */
  readonly seconds: number;
}

/** What an object would take, and what it would cost. Seconds, bytes, US dollars. */
export interface Plan {
  readonly workflow: WorkflowName;
  readonly engine: 'duckdb' | 'typescript' | 'spark';
  readonly because: string;
  /** Null for `etl`. */
  readonly map: MapPlan | null;
  /** In order, without waiting for a crawler. */
  readonly durations: readonly { readonly state: string; readonly seconds: number }[];
  readonly seconds: number;
  /** Events in the histories: of the execution, and of a standard child that needs one attempt, or all of its attempts. */
  readonly history: {
    readonly execution: number;
    readonly child: number | null;
    readonly childAtMost: number | null;
  };
  readonly transitions: number;
  readonly costs: readonly CostLine[];
  readonly usd: number;
  readonly prices: { readonly region: string; readonly asOf: string; readonly sources: readonly string[] };
  /** What could be chosen otherwise, with its figures: STANDARD or EXPRESS, a larger batch. */
  readonly advice: readonly string[];
  readonly warnings: readonly Warning[];
}

export interface PlanOptions {
  /** Asked for, whether it suits the object or not. Default: what `wanted` and the object decide. */
  readonly workflow?: WorkflowName | undefined;
  /** The dataset's own setting. Default: by size. */
  readonly wanted?: WorkflowChoice | undefined;
  /** Objects like this one that are in hand at the same time. Default: 1. They share Lambda's concurrency. */
  readonly objectsAtOnce?: number | undefined;
}

/**
 * What a run of the object would take under the settings: an estimate, for people who decide, by `prices` and `assumptions`.
 *
 * @throws TypeError if `csv-map` is asked for and the object is no CSV
 */
export const planObject = (object: ObjectToPlan, settings: PlanSettings, options: PlanOptions = {}): Plan => {
  const { size, csv, compressed } = object;
  const chosen = chooseWorkflow(
    { size, plainCsv: csv !== null && !compressed, delimiter: csv?.delimiter ?? '' },
    options.wanted ?? 'by_size',
    settings.transform.lambdaMaxBytes,
  );
  const workflow = options.workflow ?? chosen.workflow;
  const objectsAtOnce = options.objectsAtOnce ?? 1;
  return workflow === 'etl' ? planEtl(object, settings) : planCsvMap(object, settings, objectsAtOnce);
};

const priced = { region: prices.region, asOf: prices.asOf, sources: prices.sources };

const gbOf = ({ lambda }: PlanSettings, name: FunctionName): number => lambda.functions[name].memoryMb / 1024;

/** A function that reads the whole object takes as long as that takes. */
const readerSeconds = (size: number, settings: PlanSettings, name: FunctionName): number =>
  workload.secondsPerInvocation + (size * workload.gbSecondsPerByte) / gbOf(settings, name);

/** What one thread has of a processor: more memory than comes with a whole one does not make it faster. */
const processorOf = ({ memoryMb }: { readonly memoryMb: number }): number =>
  Math.min(1, memoryMb / assumptions.memoryMbPerProcessor);

const planEtl = (object: ObjectToPlan, settings: PlanSettings): Plan => {
  const { size } = object;
  const { lambdaMaxBytes } = settings.transform;
  const spark = size > lambdaMaxBytes;
  const sparkSeconds =
    assumptions.sparkStartSeconds + size / (assumptions.sparkDpus * assumptions.sparkBytesPerDpuSecond);
  const invocation = (of: FunctionName): Invocations => ({
    of,
    count: 1,
    seconds: workload.readers.some((name) => name === of)
      ? readerSeconds(size, settings, of)
      : workload.secondsPerInvocation,
  });
  const invocations = endings.published.functions
    .filter((name) => !(spark && name === 'transformObject'))
    .map(invocation);
  const secondsOf = (name: FunctionName): number => invocations.find(({ of }) => of === name)?.seconds ?? 0;
  const durations = [
    { state: 'ValidateInput', seconds: secondsOf('validateObject') },
    { state: 'RunDataQualityCheck', seconds: secondsOf('scoreQuality') },
    spark
      ? { state: 'RunETLJob', seconds: sparkSeconds }
      : { state: 'TransformObject', seconds: secondsOf('transformObject') },
    { state: 'UpdateDataCatalog', seconds: secondsOf('publishRun') },
  ];
  const { states } = endings.published;
  const transitions = states.length + 1;
  const costs = [
    ...lambdaCosts(settings, invocations),
    transitionCost(transitions),
    ...storageCosts(workload.s3Writes, workload.s3Reads),
    ...(spark ? [sparkCost(sparkSeconds)] : []),
  ];
  return {
    workflow: 'etl',
    engine: spark ? 'spark' : 'duckdb',
    because: spark
      ? `${words(size, 'bytes')} are more than transform.lambdaMaxBytes, ${words(lambdaMaxBytes, 'bytes')}`
      : `${words(size, 'bytes')} fit a Lambda: transform.lambdaMaxBytes is ${words(lambdaMaxBytes, 'bytes')}`,
    map: null,
    durations,
    seconds: durations.reduce((sum, { seconds }) => sum + seconds, 0),
    history: { execution: etlEvents(states), child: null, childAtMost: null },
    transitions,
    costs,
    usd: sumOf(costs),
    prices: priced,
    advice: [],
    warnings: [
      ...(spark
        ? [
            {
              code: 'no_spark',
              message: 'the object needs Spark, which is not deployed yet: validate-object refuses it',
              value: size,
              limit: {
                value: lambdaMaxBytes,
                unit: 'bytes' as const,
                link: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
              },
              change: 'Split the object, raise transform.lambdaMaxBytes, or take CSV through csv-map.',
            },
          ]
        : []),
      ...invocations.flatMap(({ of, seconds }) =>
        over(
          'timeout',
          of,
          Math.ceil(seconds),
          { ...serviceLimits.lambdaSeconds, value: settings.lambda.functions[of].timeoutSeconds },
          `Give lambda.functions.${of} more memory, which comes with processors, or more timeoutSeconds (at most 900).`,
        ),
      ),
    ],
  };
};

const etlEvents = (states: readonly string[]): number =>
  historyEvents(states.map((state): Step => ({ state, type: typeOfEtl(state) })));

const typeOfEtl = (state: string): Step['type'] =>
  state === 'Succeeded' ? 'Succeed' : /^(Check|Needs|Choose)/.test(state) ? 'Choice' : 'Task';

const planCsvMap = (object: ObjectToPlan, settings: PlanSettings, objectsAtOnce: number): Plan => {
  const { csv } = object;
  if (csv === null) throw new TypeError('csv-map takes CSV only.');
  const { map } = settings;
  const reckon = (other: Partial<CsvMapSettings>): Reckoned =>
    reckonCsvMap(object, csv, { ...settings, map: { ...map, ...other } }, objectsAtOnce);
  const largest = batchesOf(csv, { ...map, maxItemsPerBatch: Number.MAX_SAFE_INTEGER }).itemsPerBatch;
  return {
    ...reckon({}),
    advice: [
      typeAdvice(reckon({ executionType: 'STANDARD' }), reckon({ executionType: 'EXPRESS' }), settings),
      ...(largest > map.maxItemsPerBatch && csv.rows > map.maxItemsPerBatch
        ? [
            `${map.maxInputBytesPerBatch} bytes hold ${largest} rows: map.maxItemsPerBatch ${largest} instead of ${map.maxItemsPerBatch} takes ${figuresOf(reckon({ maxItemsPerBatch: largest }))}.`,
          ]
        : []),
    ],
  };
};

/** Express children end after five minutes, leave no history but in CloudWatch Logs, and may run more than once. */
const typeAdvice = (standard: Reckoned, express: Reckoned, { lambda }: PlanSettings): string => {
  const { processRows, recordFailedRows } = lambda.functions;
  const longest = processRows.timeoutSeconds + recordFailedRows.timeoutSeconds;
  const figures = `STANDARD takes ${figuresOf(standard)}, EXPRESS ${figuresOf(express)}.`;
  if (longest > serviceLimits.expressSeconds.value)
    return `STANDARD: a child may take ${longest} s, an express one has ${serviceLimits.expressSeconds.value}. ${figures}`;
  return express.usd < standard.usd
    ? `EXPRESS is cheaper, and a batch that runs twice writes the same; its history is in CloudWatch Logs only. ${figures}`
    : `STANDARD is no dearer, and keeps each child's history. ${figures}`;
};

const figuresOf = (one: Reckoned): string => `${usd(one.usd)} and ${minutes(one.seconds)}`;
const usd = (value: number): string => `${value.toFixed(2)} USD`;
const minutes = (seconds: number): string => `${(seconds / 60).toFixed(1)} min`;

type Reckoned = Omit<Plan, 'advice'>;

const reckonCsvMap = (
  object: ObjectToPlan,
  csv: NonNullable<ObjectToPlan['csv']>,
  settings: PlanSettings,
  objectsAtOnce: number,
): Reckoned => {
  const { size } = object;
  const { map, lambda, region } = settings;
  const { executionType } = map;
  const batches = batchesOf(csv, map);
  const { children, itemsPerBatch } = batches;

  const { processRows } = lambda.functions;
  const childSeconds =
    assumptions.secondsPerBatch +
    (Math.min(itemsPerBatch, csv.rows) * csv.meanItemBytes) /
      (assumptions.jsonBytesPerSecond * processorOf(processRows));

  // AWS does not say whether a child's start is a transition of the map's. Counted as one, so that no bill is a surprise.
  const childTransitions = executionType === 'STANDARD' ? csvMapWay.child.length + 1 : 1;
  const transitions = csvMapWay.parent.length + 1 + children * childTransitions;

  const pool = processRows.reservedConcurrency ?? serviceLimits.lambdaConcurrency.value;
  const startedPerSecond = serviceRates.childrenStarted[executionType];
  const perSecond =
    executionType === 'STANDARD'
      ? Math.min(startedPerSecond, serviceRates.transitions(region) / childTransitions)
      : startedPerSecond;
  const bounds = [
    {
      boundBy: 'map.maxConcurrency',
      most: map.maxConcurrency === 0 ? serviceLimits.children.value : map.maxConcurrency,
    },
    { boundBy: 'children of one map run', most: serviceLimits.children.value },
    { boundBy: "Lambda's concurrency", most: Math.max(1, Math.floor(pool / objectsAtOnce)) },
    { boundBy: 'the number of batches', most: children },
    {
      boundBy: `${perSecond} ${executionType.toLowerCase()} children started a second`,
      most: Math.ceil(perSecond * childSeconds),
    },
  ];
  const tightest = bounds.reduce((least, bound) => (bound.most < least.most ? bound : least));
  const concurrency = tightest.most;
  const seconds =
    children === 0
      ? 0
      : assumptions.coldStartSeconds +
        Math.max((children / concurrency) * childSeconds, children / perSecond, childSeconds);

  const collectSeconds =
    workload.secondsPerInvocation +
    (size * assumptions.collectSecondsPerByte) / processorOf(lambda.functions.collectMapRun) +
    children / assumptions.partsPerSecond;
  const durations = [
    { state: 'ValidateInput', seconds: workload.secondsPerInvocation },
    { state: 'ProcessCsvRows', seconds },
    { state: 'CollectMapRun', seconds: collectSeconds },
    { state: 'UpdateDataCatalog', seconds: workload.secondsPerInvocation },
  ];
  const once = (of: FunctionName, taking: number = workload.secondsPerInvocation): Invocations => ({
    of,
    count: 1,
    seconds: taking,
  });
  const costs = [
    ...lambdaCosts(settings, [
      once('startPipeline'),
      once('validateObject'),
      { of: 'processRows', count: children, seconds: childSeconds },
      once('collectMapRun', collectSeconds),
      once('publishRun'),
    ]),
    transitionCost(transitions),
    ...(executionType === 'EXPRESS' ? expressCosts(children, childSeconds) : []),
    // Each child writes a part, which is read once when it is collected.
    ...storageCosts(
      workload.s3Writes + children,
      workload.s3Reads + children + Math.ceil(size / assumptions.readerBytesPerRequest),
    ),
  ];
  const execution = historyEvents(csvMapWay.parent);
  const child = executionType === 'STANDARD' ? historyEvents(csvMapWay.child) : null;
  const childAtMost = child === null ? null : child + retriesOfATask * eventsOfRetry + eventsOfRecording;
  return {
    workflow: 'csv-map',
    engine: 'typescript',
    because: `a Distributed Map cuts the file into ${words(children, 'children')}`,
    map: { ...batches, executionType, concurrency, boundBy: tightest.boundBy, childSeconds, seconds },
    durations,
    seconds: durations.reduce((sum, one) => sum + one.seconds, 0),
    history: { execution, child, childAtMost },
    transitions,
    costs,
    usd: sumOf(costs),
    prices: priced,
    warnings: csvMapWarnings(object, csv, settings, {
      childSeconds,
      collectSeconds,
      concurrency,
      objectsAtOnce,
      historyEvents: Math.max(execution, childAtMost ?? 0),
    }),
  };
};

/** The retries that `tasks.ts` gives a batch: six for Lambda's service, two for its process, three for what it threw. */
const retriesOfATask = 11;
/** The rows of a batch that failed for good are recorded by a Task of its own. */
const eventsOfRecording = 5;
