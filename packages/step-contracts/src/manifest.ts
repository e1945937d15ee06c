import { SOURCE_FORMATS } from '@sluice/record-schema';
import { z } from 'zod';
import { rowCounts } from './counts.ts';
import { qualityReport } from './quality.ts';
import { objectLocation, runInput } from './run.ts';
import { ENGINES, mergeReport } from './steps.ts';

/** A published file of the curated zone. */
const publishedFile = z.object({
  key: z.string().min(1),
  rows: z.int().min(0),
  bytes: z.int().min(0),
});
export type ManifestFile = z.output<typeof publishedFile>;

/**
 * The record of a run, `runs/<dataset>/<run-id>.json`, written last: it exists if, and only if, the run is over.
 *
 * It holds no wall clock, no durations and no host: the same object run again leaves the same bytes, but for the version of
 * a table. How long it took is in the execution's history, whose name is the run id.
 */
export const manifest = z.discriminatedUnion('status', [
  z.object({
    manifestVersion: z.literal(1),
    status: z.literal('published'),
    ...runInput.shape,
    format: z.enum(SOURCE_FORMATS),
    engine: z.enum(ENGINES),
    counts: rowCounts,
    /** The partition's columns and values, in the order of the folders. */
    partition: z.array(z.object({ column: z.string(), value: z.int() })),
    /** The accepted rows; none of a dataset that has a table. */
    files: z.array(publishedFile),
    /** The table that the accepted rows were merged into, by the prefix of its keys. */
    table: z.object({ key: z.string().min(1), ...mergeReport.shape }).exactOptional(),
    /** The quarantined rows with their reasons, one a line; null if there are none. */
    quarantine: publishedFile.nullable(),
    /** Columns of the object that the dataset does not declare; they were ignored. */
    unknownColumns: z.array(z.string()),
    quality: qualityReport,
  }),
  z.object({
    manifestVersion: z.literal(1),
    status: z.literal('rejected'),
    ...runInput.shape,
    /** The gate that closed. */
    gate: z.enum(['validation', 'quality']),
    code: z.string(),
    message: z.string(),
    /** The refused object's copy; null if the object was gone by then. */
    quarantined: objectLocation.nullable(),
    /** Null if the object was refused before it was scored. */
    quality: qualityReport.nullable(),
  }),
]);
export type Manifest = z.output<typeof manifest>;
