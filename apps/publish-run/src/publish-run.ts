import { failpoint, readJson } from '@sluice/lake-storage';
import {
  manifestKey,
  objectIdOf,
  type PartitionValue,
  publishedKey,
  quarantinedRowsKey,
  stagingPrefix,
  tablePrefix,
} from '@sluice/lake-storage/zones';
import type { PartitionName } from '@sluice/record-schema';
import {
  type Manifest,
  mergeReport,
  type PublishRunInput,
  type PublishRunOutput,
  qualityReport,
  type RunInput,
  stagedName,
  type TransformReport,
  totalsOf,
  transformReport,
  unaccounted,
} from '@sluice/step-contracts';
import { type CuratedZone, clearStaging, readManifest, replaceRun } from './replace-run.ts';
import { type CountParquetRows, countStagedRows, type StagedRows } from './staged-rows.ts';

export interface PublishRunDeps {
  readonly zone: CuratedZone;
  readonly countParquetRows: CountParquetRows;
  /** The partition columns of a dataset; undefined if there is no such dataset. */
  readonly partitionsOf: (dataset: string) => readonly PartitionName[] | undefined;
  /** Whether accepted rows of a dataset are merged into a table: then no files of them are published. */
  readonly hasTable: (dataset: string) => boolean;
  /** Adds a partition to the dataset's table; no error if it is there already. */
  readonly addPartition: (dataset: string, partition: readonly PartitionValue[]) => Promise<void>;
}

/** Rows are missing, or there are too many: nothing was published. A person has to look; a retry would not help. */
export class LawViolation extends Error {
  // Step Functions and alarms match this name, which a minifier must not change.
  override readonly name = 'LawViolation';
}

/**
 * Publishes what an engine staged, if accepted + filtered + duplicates + quarantined = rows in.
 *
 * @throws {LawViolation} if that does not hold of what is really in storage
 */
export const publishRun = async (input: PublishRunInput, deps: PublishRunDeps): Promise<PublishRunOutput> => {
  const { runId, dataset, asOf, object, validation } = input;
  const run: RunInput = { runId, dataset, asOf, object };
  const { zone } = deps;
  const prefix = stagingPrefix(runId);
  const { staged } = input.transform;
  if (staged.bucket !== zone.bucket || staged.prefix !== prefix)
    throw new Error(
      `Run ${runId} is staged in ${staged.bucket}/${staged.prefix}, not in ${zone.bucket}/${prefix}.`,
    );
  const columns = deps.partitionsOf(dataset);
  if (!columns) throw new Error(`There is no dataset ${dataset}.`);

  const report = await readJson(zone.objects, { bucket: zone.bucket, key: `${prefix}${stagedName.report}` });
  if (report === null) return finished(run, deps);
  const { counts, unknownColumns, engine } = transformReport.parse(report);
  const quality = qualityReport.parse(await readJson(zone.objects, input.quality.report));
  const rows = await countStagedRows(zone, prefix, engine, deps.countParquetRows);
  checkLaw(run, counts, quality.profile.rowsIn, rows);
  failpoint('publish:checked');

  const table = deps.hasTable(dataset) ? await mergedTable(run, zone) : null;

  const partition = partitionOf(columns, asOf);
  const objectId = objectIdOf(object);
  const files = (table ? [] : rows.accepted).map((file, part) => ({
    from: file.key,
    to: publishedKey({ dataset, partitions: partition, objectId, part }),
    file,
  }));
  const quarantine = rows.quarantine && {
    from: rows.quarantine.key,
    to: quarantinedRowsKey(dataset, runId, 'jsonl'),
    file: rows.quarantine,
  };
  const published = ({ to, file }: (typeof files)[number]) => ({
    key: to,
    rows: file.rows,
    bytes: file.bytes,
  });
  const manifest: Manifest = {
    manifestVersion: 1,
    status: 'published',
    ...run,
    format: validation.format,
    engine,
    counts,
    partition: table ? [] : partition,
    files: files.map(published),
    ...(table && { table }),
    quarantine: quarantine && published(quarantine),
    unknownColumns,
    quality,
  };
  await replaceRun(zone, {
    run,
    copies: [...files, ...(quarantine ? [quarantine] : [])].map(({ from, to }) => ({
      from: { bucket: zone.bucket, key: from },
      to,
    })),
    partition,
    catalogue: async () => {
      if (files.length > 0 && partition.length > 0) await deps.addPartition(dataset, partition);
    },
    manifest,
  });
  return { manifest: { bucket: zone.bucket, key: manifestKey(dataset, runId) }, counts: totalsOf(counts) };
};

/** What the engine says of its merge, which comes before publishing. */
const mergedTable = async ({ runId, dataset }: RunInput, { objects, bucket }: CuratedZone) => {
  const merged = await readJson(objects, { bucket, key: `${stagingPrefix(runId)}${stagedName.merged}` });
  if (merged === null)
    throw new Error(`Run ${runId} has no ${stagedName.merged} in staging: its rows are not in their table.`);
  return { key: tablePrefix(dataset), ...mergeReport.parse(merged) };
};

/** The partition's columns and values; days begin in UTC. */
export const partitionOf = (columns: readonly PartitionName[], asOf: string): PartitionValue[] => {
  const moment = new Date(asOf);
  const values: Readonly<Record<PartitionName, number>> = {
    process_year: moment.getUTCFullYear(),
    process_month: moment.getUTCMonth() + 1,
    process_day: moment.getUTCDate(),
  };
  return columns.map((column) => ({ column, value: values[column] }));
};

/** Nothing is staged: an earlier attempt got as far as the manifest, or the engine did not finish. */
const finished = async (run: RunInput, { zone }: PublishRunDeps): Promise<PublishRunOutput> => {
  const manifest = await readManifest(zone, run);
  if (manifest?.status !== 'published' || !isOf(manifest, run))
    throw new Error(`Run ${run.runId} has no ${stagedName.report} in staging: its engine has not finished.`);
  await clearStaging(zone, run.runId);
  return {
    manifest: { bucket: zone.bucket, key: manifestKey(run.dataset, run.runId) },
    counts: totalsOf(manifest.counts),
  };
};

/** Whether a manifest tells of this run, and not of one with another clock, or before rows were mended. */
export const isOf = (manifest: Manifest, { asOf, object }: RunInput): boolean =>
  manifest.asOf === asOf && manifest.object.key === object.key && manifest.object.etag === object.etag;

const checkLaw = (
  { runId, object }: RunInput,
  counts: TransformReport['counts'],
  rowsIn: number,
  { accepted, quarantine }: StagedRows,
): void => {
  const stored = {
    ...counts,
    rowsIn,
    accepted: accepted.reduce((sum, { rows }) => sum + rows, 0),
    quarantined: quarantine?.rows ?? 0,
  };
  const differences = (['rowsIn', 'accepted', 'quarantined'] as const)
    .filter((figure) => stored[figure] !== counts[figure])
    .map((figure) => `${figure} is ${stored[figure]}, the engine counted ${counts[figure]}`);
  const lost = unaccounted(stored);
  if (lost === 0 && differences.length === 0) return;
  const { accepted: published, filtered, duplicates, quarantined } = totalsOf(stored);
  throw new LawViolation(
    [
      `Run ${runId} of ${object.bucket}/${object.key}: rows in ${rowsIn}, but accepted ${published} + filtered ${filtered} + duplicates ${duplicates} + quarantined ${quarantined} leaves ${lost}.`,
      ...differences.map((one) => `${one}.`),
      'Nothing was published.',
    ].join(' '),
  );
};
