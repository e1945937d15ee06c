import { csvDelimiterOf } from '../choice.ts';
import { batchesOf, fitsAlone } from './batches.ts';
import type { CsvRows, ObjectToPlan } from './object-to-plan.ts';
import { type Limit, serviceLimits } from './service-limits.ts';
import { checkMapSettings, type PlanSettings } from './settings.ts';

/** A limit that the object would hit. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  /** What was reckoned, and what it may be at most; null where the settings themselves are at fault. */
  readonly value: number | null;
  readonly limit: Limit | null;
  readonly change: string;
}

export const over = (
  code: string,
  what: string,
  value: number,
  limit: Limit,
  change: string,
): readonly Warning[] => (value > limit.value ? [{ code, message: what, value, limit, change }] : []);

/** Whatever `csv-map` would not get past, whether at synth, in the reader or on the way. */
export const csvMapWarnings = (
  { size, compressed }: ObjectToPlan,
  csv: CsvRows,
  settings: PlanSettings,
  reckoned: {
    readonly childSeconds: number;
    readonly collectSeconds: number;
    readonly concurrency: number;
    readonly objectsAtOnce: number;
    readonly historyEvents: number;
  },
): Warning[] => {
  const { map, lambda } = settings;
  const { processRows, collectMapRun } = lambda.functions;
  const { payloadBytes, cutBy } = batchesOf(csv, map);
  const widest = csv.maxItemBytes ?? Math.ceil(csv.meanItemBytes);
  return [
    ...checkMapSettings(settings).map((message) => ({
      code: 'settings',
      message,
      value: null,
      limit: null,
      change: "Change the environment's settings; as they are it does not synthesize.",
    })),
    ...over(
      'file_size',
      'the file',
      size,
      serviceLimits.csvFileBytes,
      'Split the file, or send it to Spark: --workflow etl.',
    ),
    ...(compressed
      ? [
          {
            code: 'compressed',
            message: 'the file is gzipped, and the reader of a Distributed Map takes CSV as it is',
            value: null,
            limit: null,
            change: 'Decompress it before it is uploaded, or take it through etl.',
          },
        ]
      : []),
    ...(csvDelimiterOf(csv.delimiter) !== null
      ? []
      : [
          {
            code: 'delimiter',
            message: `the delimiter is ${JSON.stringify(csv.delimiter)}, and the reader of a Distributed Map takes comma, pipe, semicolon, space and tab`,
            value: null,
            limit: null,
            change: 'Take it through etl.',
          },
        ]),
    ...over(
      'header',
      'the header',
      csv.headerBytes ?? 0,
      serviceLimits.csvHeaderBytes,
      'Shorten the names of the columns, or take it through etl.',
    ),
    ...over(
      'items_read',
      'the rows',
      csv.rows,
      serviceLimits.itemsRead,
      'Split the file: what comes after them is never read.',
    ),
    ...(fitsAlone(widest, csv.rows)
      ? []
      : [
          {
            code: 'row_size',
            message: 'the widest row, as JSON and with what is around a batch',
            value: widest,
            limit: serviceLimits.itemBytes,
            change: 'Take it through etl, which takes rows of up to 16 MiB.',
          },
        ]),
    ...over(
      'payload',
      'a batch',
      payloadBytes,
      serviceLimits.payloadBytes,
      'Lower map.maxItemsPerBatch or map.maxInputBytesPerBatch.',
    ),
    ...over(
      'concurrency',
      'children at once',
      reckoned.concurrency * reckoned.objectsAtOnce,
      serviceLimits.lambdaConcurrency,
      'Lower map.maxConcurrency, or ask for more; what is beyond it is throttled, then tried again.',
    ),
    ...over(
      'map_runs',
      'map runs open at once',
      reckoned.objectsAtOnce,
      serviceLimits.openMapRuns,
      'Let fewer objects in at once; map runs beyond it wait.',
    ),
    ...over(
      'history',
      'events of one execution',
      reckoned.historyEvents,
      serviceLimits.historyEvents,
      'Fewer retries.',
    ),
    ...(map.executionType === 'EXPRESS'
      ? over(
          'express_seconds',
          'an express child',
          reckoned.childSeconds,
          serviceLimits.expressSeconds,
          'Lower map.maxItemsPerBatch, or choose STANDARD children.',
        )
      : []),
    ...over(
      'timeout',
      'a batch in process-rows',
      reckoned.childSeconds,
      {
        ...serviceLimits.lambdaSeconds,
        value: Math.min(processRows.timeoutSeconds, serviceLimits.lambdaSeconds.value),
      },
      'Lower map.maxItemsPerBatch, or raise lambda.functions.processRows.timeoutSeconds (at most 900).',
    ),
    ...over(
      'collect_timeout',
      'collect-map-run',
      Math.ceil(reckoned.collectSeconds),
      {
        ...serviceLimits.lambdaSeconds,
        value: Math.min(collectMapRun.timeoutSeconds, serviceLimits.lambdaSeconds.value),
      },
      cutBy === 'items'
        ? 'Raise map.maxItemsPerBatch for fewer parts, or split the file.'
        : 'Split the file: its batches are as large as they can be.',
    ),
  ];
};
