import { type ObjectStore, readJson } from '@sluice/lake-storage';
import { embeddedZones, mapResultsPrefix } from '@sluice/lake-storage/zones';
import type { MapRun, MapRunCounts } from '@sluice/local-stepfunctions';
import { handledBatch, processRowsInput } from '@sluice/step-contracts';
import { z } from 'zod';
import { linesOf } from '../lake/lines-of.ts';
import type { BatchFailure, BatchResults, MapRunRecord, StripCell } from '../lake/map-run-record.ts';
import { emptyCell, joined, stripOf } from './batch-strip.ts';

/** Enough to see a pattern; the ResultWriter's files and the quarantine have all of them. */
const MAX_FAILURES = 12;
/** An error's name is a word; whatever else somebody throws must not fill the record. */
const MAX_NAME = 120;

/** How often processing a batch failed in this execution, by the place of its first row. */
export type FailedAttempts = ReadonlyMap<number, number>;

/**
 * What is to be kept of a Map Run that has ended. Its batches are taken from the ResultWriter's files: after a redrive,
 * too, they have the answer of every child.
 */
export const mapRunFacts = async (
  store: ObjectStore,
  runId: string,
  mapRun: MapRun,
  attempts: FailedAttempts,
): Promise<MapRunRecord> => {
  const { mapRunArn, status, startDate, stopDate, redriveCount, redriveDate, itemCounts, executionCounts } =
    mapRun.describe();
  const results = status === 'SUCCEEDED' || status === 'FAILED' ? await readResults() : null;
  return {
    state: mapRun.stateName,
    mapRunArn,
    status,
    startedAt: startDate.toISOString(),
    endedAt: stopDate?.toISOString() ?? null,
    redriveCount,
    redrivenAt: redriveDate?.toISOString() ?? null,
    items: countsOf(itemCounts),
    executions: countsOf(executionCounts),
    results,
  };

  async function readResults(): Promise<BatchResults | null> {
    const id = mapRunArn.slice(mapRunArn.lastIndexOf(':') + 1);
    try {
      const found = await readFiles(store, `${mapResultsPrefix(runId)}${id}/manifest.json`);
      const { succeeded, failed, timedOut, aborted } = executionCounts;
      const ended = found && found.batches.length === succeeded + failed + timedOut + aborted;
      // If not, they are left from an earlier end of the same Map Run.
      return ended ? resultsOf(found, itemCounts.total, attempts) : null;
    } catch {
      // The run has ended as it has, whether or not it can be told in detail.
      return null;
    }
  }
};

const countsOf = ({ failuresNotRedrivable: _, pendingRedrive: __, ...counts }: MapRunCounts) => counts;

// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
const resultFiles = z.array(z.object({ Key: z.string(), Size: z.int() }));
const manifest = z.object({
  ResultFiles: z.object({ SUCCEEDED: resultFiles, FAILED: resultFiles, PENDING: resultFiles }),
});
const succeededChild = z.object({ result: handledBatch });
const failedChild = z.object({ Input: z.string(), Status: z.string(), Error: z.string().optional() });
const failedInput = z.object({ Items: processRowsInput.shape.items });

interface EndedBatch {
  readonly cell: StripCell;
  readonly end: 'processed' | 'stopped' | BatchFailure['end'];
  readonly error: string | null;
}

interface ResultFiles {
  readonly files: BatchResults['files'];
  readonly batches: readonly EndedBatch[];
}

/** Null if there are none. */
const readFiles = async (store: ObjectStore, key: string): Promise<ResultFiles | null> => {
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

const resultsOf = (
  { files, batches }: ResultFiles,
  itemCount: number,
  attempts: FailedAttempts,
): BatchResults => {
  const cells = batches.map(({ cell }) => cell);
  const usualRows = cells.reduce((most, { rows }) => Math.max(most, rows), 0);
  const strip = stripOf(cells, itemCount, usualRows);
  const { first: _, rows: __, batches: ___, ...rows } = joined(strip);
  const countOf = (wanted: EndedBatch['end']): number => batches.filter(({ end }) => end === wanted).length;
  return {
    bucket: embeddedZones.curated,
    files,
    batches: {
      processed: countOf('processed'),
      recordedAsFailed: countOf('recorded'),
      failed: countOf('failed'),
    },
    rows,
    strip,
    failures: batches
      .flatMap(({ cell: { first, rows: count }, end, error }) =>
        end === 'recorded' || end === 'failed'
          ? [{ first, rows: count, end, error, attempts: attempts.get(first) ?? null }]
          : [],
      )
      .slice(0, MAX_FAILURES),
  };
};
