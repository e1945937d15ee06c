import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { judge } from '@sluice/data-quality';
import { failpoint, type ObjectStore, putJson, readBytes, uploadFile } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { encodePart, failedBatch } from '@sluice/record-transform/batches';
import { RefusedObject } from '@sluice/record-transform/reading';
import {
  type CollectMapRunInput,
  type CollectMapRunOutput,
  qualityReport,
  type RowCounts,
  refusalOf,
  type StagedQuality,
  stagedName,
  totalsOf,
  transformReport,
  unaccounted,
} from '@sluice/step-contracts';
import { acceptedFiles } from './accepted-files.ts';
import { findDuplicates } from './find-duplicates.ts';
import { type Batch, type FailedChild, readMapResults } from './map-results.ts';
import { mergeParts } from './merge-parts.ts';
import { type RawRows, readRawRows } from './raw-rows.ts';
import { ScratchWriter } from './scratch-files.ts';

export interface CollectMapRunDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly objects: ObjectStore;
  readonly curatedBucket: string;
  /** For rows that are judged anew, of datasets that use `pseudonym`; as the batches had it. */
  readonly pseudonymKey?: string | undefined;
  /** Gives the work a folder and removes it afterwards. */
  readonly withScratchFolder: <T>(work: (folder: string) => Promise<T>) => Promise<T>;
  readonly valuesToParquet: (
    dataset: Dataset,
    files: { readonly values: string; readonly parquet: string; readonly scratchDir: string },
  ) => Promise<number>;
  /** How far the pass over the object has come, and then the one over the parts; between 0 and 1. */
  readonly onProgress?: (fraction: number) => void;
}

/**
 * Puts the parts of a Map Run together as one engine would have staged the object: every row once, duplicates found
 * over the whole, the object scored. Leaves the quality report and, last, the report of the transform.
 *
 * @throws {MapRunIncomplete} {ReaderDisagreement} {MixedParts} nothing may be published
 */
export const collectMapRun = async (
  input: CollectMapRunInput,
  deps: CollectMapRunDeps,
): Promise<CollectMapRunOutput> => {
  const dataset = deps.findDataset(input.dataset);
  if (!dataset) throw new Error(`There is no dataset ${input.dataset}.`);
  const { objects, curatedBucket: bucket } = deps;
  const prefix = stagingPrefix(input.runId);
  const stageQuality = (report: StagedQuality) =>
    putJson(objects, { bucket, key: `${prefix}${stagedName.quality}` }, report);
  await clearLeftovers(objects, bucket, prefix);
  failpoint('collect:cleared');

  return deps.withScratchFolder(async (scratchDir) => {
    const batches = await batchesOf(input, dataset, deps);
    const raw = await readRaw(input, dataset, scratchDir, deps);
    if (raw instanceof RefusedObject) {
      const refusal = refusalOf(raw.code, raw.message);
      await stageQuality({ refusal });
      return { quality: { passed: false, refusal } };
    }
    const { counts, profile } = await stageRows(input, dataset, raw, batches, scratchDir, deps);
    failpoint('collect:uploaded');
    const report = qualityReport.parse({ profile, verdict: judge(dataset, profile) });
    await stageQuality(report);
    const { score, threshold, passed } = report.verdict;
    const quality = {
      score,
      threshold,
      passed,
      rowsIn: profile.rowsIn,
      report: { bucket, key: `${prefix}${stagedName.quality}` },
    };
    if (!passed) return { quality };
    failpoint('collect:scored');
    const { unknownColumns } = raw;
    const transform = transformReport.parse({ engine: 'typescript', counts, unknownColumns });
    await putJson(objects, { bucket, key: `${prefix}${stagedName.report}` }, transform);
    return {
      quality,
      transform: { engine: 'typescript', staged: { bucket, prefix }, counts: totalsOf(counts) },
    };
  });
};

/** The report goes first, since without it the rest is unfinished work. The parts and publishing's journal stay. */
const clearLeftovers = async (objects: ObjectStore, bucket: string, prefix: string): Promise<void> => {
  await objects.delete({ bucket, key: `${prefix}${stagedName.report}` });
  const left: string[] = [];
  for await (const key of objects.keys(bucket, `${prefix}accepted-`)) left.push(key);
  const { failed } = await objects.deleteMany(bucket, [...left, `${prefix}${stagedName.quarantine}`]);
  if (failed.length === 0) return;
  const reasons = failed.map(({ key, reason }) => `${key}: ${reason}`).join('; ');
  throw new Error(`${failed.length} objects in bucket ${bucket} could not be deleted: ${reasons}`);
};

const partAt = (runId: string, { first, rows }: Batch): string =>
  `${stagingPrefix(runId)}${stagedName.part(first, rows)}`;

/** All batches. One whose child failed, which was tolerated, goes to quarantine, unless it left its part. */
const batchesOf = (
  { runId, asOf, results }: CollectMapRunInput,
  dataset: Dataset,
  { objects, curatedBucket: bucket }: CollectMapRunDeps,
): Promise<readonly Batch[]> =>
  readMapResults(objects, results, async ({ items, error, ...batch }: FailedChild) => {
    const part = failedBatch(dataset, asOf, { first: batch.first, rows: items }, error);
    await objects.put({ bucket, key: partAt(runId, batch) }, encodePart(part), { ifNoneMatch: '*' });
  });

const readRaw = async (
  { object }: CollectMapRunInput,
  dataset: Dataset,
  scratchDir: string,
  { objects, onProgress }: CollectMapRunDeps,
): Promise<RawRows | RefusedObject> => {
  const { etag, size, ...version } = object;
  const body = await objects.read(version, { ifMatch: etag });
  if (!body)
    throw new Error(`The object ${object.key} in bucket ${object.bucket} is gone; put it there again.`);
  try {
    return await readRawRows(dataset, onProgress ? told(body, size, onProgress) : body, scratchDir);
  } catch (error) {
    if (error instanceof RefusedObject) return error;
    throw error;
  }
};

async function* told(
  body: AsyncIterable<Uint8Array>,
  size: number,
  onProgress: (fraction: number) => void,
): AsyncGenerator<Uint8Array, void> {
  let read = 0;
  for await (const chunk of body) {
    yield chunk;
    read += chunk.length;
    onProgress(read / size);
  }
}

/** Stages the rows and proves that none is missing. */
const stageRows = async (
  { runId, asOf, object }: CollectMapRunInput,
  dataset: Dataset,
  raw: RawRows,
  batches: readonly Batch[],
  scratchDir: string,
  { objects, curatedBucket: bucket, pseudonymKey, valuesToParquet, onProgress }: CollectMapRunDeps,
) => {
  const prefix = stagingPrefix(runId);
  const { isDuplicate, duplicates } = await findDuplicates(raw);
  const accepted = acceptedFiles({
    writeParquet: (values, parquet) => valuesToParquet(dataset, { values, parquet, scratchDir }),
    scratchDir,
    onFile: async (path, n) => {
      await uploadFile(objects, path, { bucket, key: `${prefix}${stagedName.accepted(n)}` });
    },
  });
  try {
    const quarantine = await ScratchWriter.create(join(scratchDir, stagedName.quarantine));
    const merging = mergeParts({
      dataset,
      asOf,
      pseudonymKey,
      raw,
      isDuplicate,
      batches,
      readPart: (batch) => {
        onProgress?.(Math.min(1, batch.first / raw.rows));
        return readBytes(objects, { bucket, key: partAt(runId, batch) });
      },
      accepted,
      quarantine,
    });
    const merged = await merging.finally(() => quarantine.close());
    const { filtered, quarantined, reasons, figures } = merged;
    if ((await stat(quarantine.path)).size > 0)
      await uploadFile(objects, quarantine.path, { bucket, key: `${prefix}${stagedName.quarantine}` });
    const counts: RowCounts = {
      rowsIn: raw.rows,
      accepted: await accepted.end(),
      filtered,
      duplicates,
      quarantined,
      reasons,
    };
    const lost = unaccounted(counts);
    if (lost !== 0)
      throw new Error(
        `${lost} of ${raw.rows} rows of ${object.key} are unaccounted for; nothing may be published`,
      );
    return {
      counts,
      profile: figures.profile({ rowsIn: raw.rows, malformed: raw.malformed, duplicates }),
    };
  } finally {
    await accepted.close();
  }
};
