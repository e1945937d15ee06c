import { type ObjectStore, readJson } from '@sluice/lake-storage';
import { embeddedZones, mapResultsPrefix } from '@sluice/lake-storage/zones';
import { handledBatch, processRowsInput } from '@sluice/step-contracts';
import { z } from 'zod';
import { linesOf } from '../lake/lines-of.ts';
import type { BatchFailure, BatchResults, StripCell } from '../lake/map-run-record.ts';
import { emptyCell } from './batch-strip.ts';

/** An error's name is a word; whatever else somebody throws must not fill the record. */
const MAX_NAME = 120;

// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
const resultFiles = z.array(z.object({ Key: z.string(), Size: z.int() }));
const manifest = z.object({
  ResultFiles: z.object({ SUCCEEDED: resultFiles, FAILED: resultFiles, PENDING: resultFiles }),
});
const succeededChild = z.object({ result: handledBatch });
const failedChild = z.object({ Input: z.string(), Status: z.string(), Error: z.string().optional() });
const failedInput = z.object({ Items: processRowsInput.shape.items });

export interface EndedBatch {
  readonly cell: StripCell;
  readonly end: 'processed' | 'stopped' | BatchFailure['end'];
  readonly error: string | null;
}

export interface EndedBatches {
  readonly files: BatchResults['files'];
  readonly batches: readonly EndedBatch[];
}

/**
 * The batches of a Map Run, in the order of the object, from what its ResultWriter left. Null if that is not there, or
 * cannot be read: a run has ended as it has, whether or not it can be told in detail.
 */
export const readEndedBatches = async (
  store: ObjectStore,
  runId: string,
  mapRunArn: string,
): Promise<EndedBatches | null> => {
  const id = mapRunArn.slice(mapRunArn.lastIndexOf(':') + 1);
  try {
    return await readFiles(store, `${mapResultsPrefix(runId)}${id}/manifest.json`);
  } catch {
    return null;
  }
};

const readFiles = async (store: ObjectStore, key: string): Promise<EndedBatches | null> => {
  const bucket = embeddedZones.curated;
  const parsed = manifest.nullable().parse(await readJson(store, { bucket, key }));
  if (!parsed) return null;
  const { SUCCEEDED, FAILED, PENDING } = parsed.ResultFiles;
  const batches: EndedBatch[] = [];
  const read = async (file: { readonly Key: string }, batchOf: (line: unknown) => EndedBatch) => {
    const body = await store.read({ bucket, key: file.Key });
    if (!body) throw new Error(`${file.Key} is gone`);
    for await (const line of linesOf(body)) batches.push(batchOf(JSON.parse(line)));
  };
  for (const file of SUCCEEDED) await read(file, succeededBatch);
  for (const file of FAILED) await read(file, failedBatch);
  const named = (status: BatchResults['files'][number]['status'], files: z.output<typeof resultFiles>) =>
    files.map(({ Key, Size }) => ({ status, key: Key, bytes: Size }));
  return {
    // What was never started is not read, being whole rows: it is what the others leave over.
    files: [...named('SUCCEEDED', SUCCEEDED), ...named('FAILED', FAILED), ...named('PENDING', PENDING)],
    batches: batches.sort((one, other) => one.cell.first - other.cell.first),
  };
};

const succeededBatch = (line: unknown): EndedBatch => {
  const { first, rows, handled, accepted, filtered, quarantined, error } = succeededChild.parse(line).result;
  const cell = { ...emptyCell(first, rows), batches: 1 };
  return handled === 'processed'
    ? { cell: { ...cell, accepted, filtered, quarantined }, end: 'processed', error: null }
    : { cell: { ...cell, notProcessed: rows }, end: 'recorded', error: error?.slice(0, MAX_NAME) ?? null };
};

const failedBatch = (line: unknown): EndedBatch => {
  const { Input, Status, Error: error = Status } = failedChild.parse(line);
  const { Items } = failedInput.parse(JSON.parse(Input));
  const cell = { ...emptyCell(Items[0].row, Items.length), batches: 1 };
  return Status === 'ABORTED'
    ? { cell: { ...cell, unfinished: Items.length }, end: 'stopped', error: null }
    : { cell: { ...cell, notProcessed: Items.length }, end: 'failed', error: error.slice(0, MAX_NAME) };
};
