import type { WorkflowChoice } from '@sluice/record-schema';
import { chooseWorkflow, type WorkflowName } from '../choice.ts';
import type { CsvMapSettings } from '../csv-map.ts';
import { assumptions } from './assumptions.ts';
import { batchesOf } from './batches.ts';
import { expressCosts, type Invocations, lambdaCosts, storageCosts, sumOf, transitionCost } from './costs.ts';
import type { ObjectToPlan } from './object-to-plan.ts';
import { etlFigures, planEtl } from './plan-etl.ts';
import { type EngineFigures, type Plan, priced } from './plan-types.ts';
import { workload } from './prices.ts';
import { serviceLimits, serviceRates, words } from './service-limits.ts';
import type { FunctionName, PlanSettings } from './settings.ts';
import { csvMapWarnings } from './warnings.ts';
import { csvMapWay, eventsOfRetry, historyEvents } from './way.ts';

export interface PlanOptions {
  /** Asked for, whether it suits the object or not. Default: what `wanted` and the object decide. */
  readonly workflow?: WorkflowName | undefined;
  /** The dataset's own setting. Default: by size. */
  readonly wanted?: WorkflowChoice | undefined;
  /** Its rows go into a Delta table: Spark takes it, whatever its size, and a second job merges. */
  readonly intoTable?: boolean;
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
  const { objectsAtOnce = 1, intoTable = false } = options;
  const mapped = csv === null || intoTable ? null : reckonCsvMap(object, csv, settings, objectsAtOnce);
  const engines = [
    ...etlFigures(object, settings, intoTable),
    ...(mapped === null ? [] : [mapFigures(mapped)]),
  ];
  const planned =
    workflow === 'etl' ? planEtl(object, settings, intoTable) : planCsvMap(object, settings, objectsAtOnce);
  return { ...planned, engines };
};

/** What one thread has of a processor: more memory than comes with a whole one does not make it faster. */
const processorOf = ({ memoryMb }: { readonly memoryMb: number }): number =>
  Math.min(1, memoryMb / assumptions.memoryMbPerProcessor);

const planCsvMap = (
  object: ObjectToPlan,
  settings: PlanSettings,
  objectsAtOnce: number,
): Omit<Plan, 'engines'> => {
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

type Reckoned = Omit<Plan, 'advice' | 'engines'>;

const mapFigures = ({ seconds, usd: dollars, warnings }: Reckoned): EngineFigures => ({
  engine: 'typescript',
  workflow: 'csv-map',
  seconds,
  usd: dollars,
  obstacle: warnings[0]?.message ?? null,
});

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
