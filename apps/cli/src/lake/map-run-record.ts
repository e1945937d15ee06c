import { z } from 'zod';

const count = z.int().min(0);

/** In the words of Step Functions' DescribeMapRun, of items or of child executions. */
const mapRunCounts = z.object({
  pending: count,
  running: count,
  succeeded: count,
  failed: count,
  timedOut: count,
  aborted: count,
  total: count,
  resultsWritten: count,
});

/** What became of rows, the worst last, before duplicates and rows that the reader padded or cut are looked for. */
export const FATES = ['accepted', 'filtered', 'quarantined', 'unfinished', 'notProcessed'] as const;
/** `notProcessed`: the batch failed for good. `unfinished`: it was stopped, or never started; a redrive runs it. */
export type Fate = (typeof FATES)[number];

const rowsByFate = z.object({
  accepted: count,
  filtered: count,
  quarantined: count,
  notProcessed: count,
  unfinished: count,
});

/** Neighbouring batches: `rows` rows from the place `first`, which counts from 0. */
const stripCell = rowsByFate.extend({
  first: count,
  rows: count,
  /** 0 if none of them has finished: where their borders are is not known then. */
  batches: count,
});
export type StripCell = z.output<typeof stripCell>;

const batchFailure = z.object({
  /** The place of its first row, from 0. */
  first: count,
  rows: count,
  /** Whether its rows are in quarantine, or its child execution failed. */
  end: z.enum(['recorded', 'failed']),
  /** The error's name; null if it is not known. */
  error: z.string().nullable(),
  /** Of processing it, in the last execution; null if it failed in an earlier one. */
  attempts: count.nullable(),
});
export type BatchFailure = z.output<typeof batchFailure>;

const resultFile = z.object({
  status: z.enum(['SUCCEEDED', 'FAILED', 'PENDING']),
  key: z.string(),
  bytes: count,
});

/** What the ResultWriter's files say. Bounded, however many batches there are. */
const batchResults = z.object({
  bucket: z.string(),
  files: z.array(resultFile),
  batches: z.object({ processed: count, recordedAsFailed: count, failed: count }),
  rows: rowsByFate,
  /** In the order of the object; together every row that the reader gave. */
  strip: z.array(stripCell),
  /** The first of them; `batches` has how many there are. */
  failures: z.array(batchFailure),
});
export type BatchResults = z.output<typeof batchResults>;

/** The last run of the workflow's Distributed Map. */
export const mapRunRecord = z.object({
  state: z.string(),
  mapRunArn: z.string(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'ABORTED']),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  redriveCount: count,
  redrivenAt: z.string().nullable(),
  items: mapRunCounts,
  executions: mapRunCounts,
  /** Null if it was stopped, or broke before its results were complete. */
  results: batchResults.nullable(),
});
export type MapRunRecord = z.output<typeof mapRunRecord>;
