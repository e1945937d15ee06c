import { SOURCE_FORMATS } from '@sluice/record-schema';
import { z } from 'zod';
import { rowCounts, rowTotals } from './counts.ts';
import { qualityReport } from './quality.ts';
import { objectLocation, runInput } from './run.ts';

/** A reason code and one clear line for the person who sent the object. */
export const refusal = z.object({ code: z.string().regex(/^[a-z_]+$/), message: z.string() });
export type Refusal = z.output<typeof refusal>;

// A message may quote a name from the object; with the rest of the document it has to fit into 256 KiB.
const MAX_MESSAGE = 1000;

export const refusalOf = (code: string, message: string): Refusal => ({
  code,
  message: shortened(message, MAX_MESSAGE),
});

/** At most `limit` characters, in whole code points, so that no half of one is left. */
export const shortened = (text: string, limit: number): string => {
  if (text.length <= limit) return text;
  const characters = [...text];
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`;
};

const acceptedObject = z.object({
  valid: z.literal(true),
  format: z.enum(SOURCE_FORMATS),
  /** The object has exactly the declared columns, in any order. If not, discovery looks at it first. */
  headerKnown: z.boolean(),
  /** Undeclared columns, which are ignored; at most the first 100 of them, each cut to 128 characters. */
  unknownColumns: z.array(z.string()),
  /** By its bytes, or by its name in any case of letters; csv-map alone asks. */
  gzipped: z.literal(true).exactOptional(),
});

export const validateObjectInput = runInput.extend({
  /** The state machine that asks: csv-map cannot read what is gzipped. */
  workflow: z.enum(['etl', 'csv-map']).default('etl'),
});
export type ValidateObjectInput = z.input<typeof validateObjectInput>;
export const validateObjectOutput = z.discriminatedUnion('valid', [
  acceptedObject,
  refusal.extend({ valid: z.literal(false) }),
]);
export type ValidateObjectOutput = z.output<typeof validateObjectOutput>;

const stagingFolder = z.object({ bucket: z.string().min(1), prefix: z.string().regex(/\/$/) });

export const scoreQualityInput = runInput.extend({
  /** Where Spark has read the object and left `StagedFigures`; without it the object itself is read. */
  staged: stagingFolder.exactOptional(),
});
export type ScoreQualityInput = z.output<typeof scoreQualityInput>;
const scoredObject = z.object({
  score: z.number(),
  threshold: z.number(),
  passed: z.boolean(),
  rowsIn: z.int().min(0),
  /** A `QualityReport`. */
  report: objectLocation,
});
export const scoreQualityOutput = z.union([
  scoredObject,
  // Some damage shows only when the whole object is read: a cut gzip stream, a broken array.
  z.object({ passed: z.literal(false), refusal }),
]);
export type ScoreQualityOutput = z.output<typeof scoreQualityOutput>;

export const transformObjectInput = runInput.extend({ quality: scoredObject });
export type TransformObjectInput = z.output<typeof transformObjectInput>;

export const ENGINES = ['duckdb', 'spark', 'typescript'] as const;
export type Engine = (typeof ENGINES)[number];

/** Where an engine left its work: files named by `stagedName` in this folder. The prefix ends in a slash. */
const stagedFolder = z.object({
  engine: z.enum(ENGINES),
  staged: stagingFolder,
});

export const transformObjectOutput = stagedFolder.extend({ counts: rowTotals });
export type TransformObjectOutput = z.output<typeof transformObjectOutput>;

const rows = z.int().min(0);

/** A row as Step Functions' reader of CSV hands it on: all texts, short rows padded, long ones cut. */
export interface CsvItem {
  /** Its place among the reader's items, from 0. */
  readonly row: number;
  /** By the names of the header. */
  readonly cells: Readonly<Record<string, string>>;
}

const isCsvItem = (item: unknown): item is CsvItem =>
  typeof item === 'object' &&
  item !== null &&
  'row' in item &&
  Number.isSafeInteger(item.row) &&
  'cells' in item &&
  typeof item.cells === 'object' &&
  item.cells !== null;

/** Neighbours in their object, in its order. By hand, since a batch has thousands of cells: those are looked at when they are read. */
const csvItems = z.custom<readonly [CsvItem, ...CsvItem[]]>(
  (items) =>
    Array.isArray(items) &&
    items.length > 0 &&
    items.every((item, at) => isCsvItem(item) && item.row === items[0].row + at),
  'a batch is {row, cells} of rows that follow each other',
);

/** A batch of rows. */
export const processRowsInput = runInput.extend({ items: csvItems });
export type ProcessRowsInput = z.output<typeof processRowsInput>;

/** A batch of rows that failed for good, and the name of the error. */
export const recordFailedRowsInput = processRowsInput.extend({ error: z.string() });
export type RecordFailedRowsInput = z.output<typeof recordFailedRowsInput>;

/** What became of a batch. Its rows are in the part of that name. */
export const handledBatch = z.object({
  handled: z.enum(['processed', 'recorded_as_failed']),
  /** The place of its first row among the reader's items, from 0. */
  first: rows,
  rows,
  /** Where the part is, in the curated zone. */
  part: z.string().min(1),
  /** Before duplicates are looked for, and rows that the reader padded or cut. */
  accepted: rows,
  filtered: rows,
  quarantined: rows,
  /** The name of the error for which its rows were recorded as failed. */
  error: z.string().exactOptional(),
});
export type HandledBatch = z.output<typeof handledBatch>;

/** `results`: the manifest that the Map's ResultWriter left. */
export const collectMapRunInput = runInput.extend({ results: objectLocation });
export type CollectMapRunInput = z.output<typeof collectMapRunInput>;

/** What scoring and transforming answer in `etl`; nothing is staged of an object that did not pass. */
export const collectMapRunOutput = z.union([
  z.object({ quality: scoredObject, transform: transformObjectOutput }),
  z.object({ quality: scoreQualityOutput }),
]);
export type CollectMapRunOutput = z.output<typeof collectMapRunOutput>;

/**
 * The names of the staged files. Every engine leaves a `TransformReport` there, last: a folder without one is
 * unfinished work. Rows go to `accepted-<n>.parquet`, n from 0, and `quarantine.jsonl`; Spark's accepted ones go to
 * `accepted-rows/part-<n>-<anything>.parquet`.
 */
export const stagedName = {
  quality: 'quality.json',
  figures: 'figures.json',
  report: 'transform.json',
  merged: 'merged.json',
  quarantine: 'quarantine.jsonl',
  accepted: (n: number): string => `accepted-${n}.parquet`,
  /** What every file of accepted rows begins with, an engine's own included. */
  acceptedPrefix: 'accepted-',
  /** Of a Distributed Map: what became of one batch of rows. `first`: the place of its first row, from 0. */
  part: (first: number, rows: number): string => `parts/${first}-${rows}.jsonl`,
} as const;

/** `<prefix>figures.json`: what Spark saw of all rows, or why it could not read them. */
export const stagedFigures = z.union([
  z.object({
    /** Every data row of the object, malformed ones too. */
    rowsIn: rows,
    malformed: rows,
    duplicates: rows,
    /** Of the rows that are not malformed, in the order of the dataset's fields. */
    fields: z.array(z.object({ nulls: rows, invalid: rows, numericLooking: rows })),
  }),
  z.object({ refusal }),
]);
export type StagedFigures = z.output<typeof stagedFigures>;

/** `<prefix>quality.json` */
export const stagedQuality = z.union([qualityReport, z.object({ refusal })]);
export type StagedQuality = z.output<typeof stagedQuality>;

/** `<prefix>transform.json` */
export const transformReport = z.object({
  engine: z.enum(ENGINES),
  counts: rowCounts,
  /** Columns of the object that the dataset does not declare. */
  unknownColumns: z.array(z.string()),
});
export type TransformReport = z.output<typeof transformReport>;

/** `<prefix>merged.json`: what merging the staged rows into their table did, and the version that the table then had. */
export const mergeReport = z.object({ version: rows, inserted: rows, updated: rows, deleted: rows });
export type MergeReport = z.output<typeof mergeReport>;

/** A finished run, whose engine has staged its rows. Spark's job returns no counts: they are read from its report. */
export const publishRunInput = runInput.extend({
  action: z.literal('publish'),
  validation: acceptedObject,
  quality: scoredObject,
  transform: stagedFolder,
});
export type PublishRunInput = z.output<typeof publishRunInput>;
export const publishRunOutput = z.object({ manifest: objectLocation, counts: rowTotals });
export type PublishRunOutput = z.output<typeof publishRunOutput>;

/** A run that ends at a gate: the object is not valid, or, if it is, the report in staging says what it lacks. */
export const rejectRunInput = runInput.extend({
  action: z.literal('reject'),
  validation: validateObjectOutput,
});
export type RejectRunInput = z.output<typeof rejectRunInput>;
export const rejectRunOutput = refusal.extend({
  gate: z.enum(['validation', 'quality']),
  manifest: objectLocation,
  /** The rejected object's copy; null if the object was gone by then. */
  quarantined: objectLocation.nullable(),
});
export type RejectRunOutput = z.output<typeof rejectRunOutput>;
