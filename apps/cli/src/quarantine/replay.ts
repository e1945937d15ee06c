import { arrivedName, stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import type { Manifest, RunInput } from '@sluice/step-contracts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { readManifest } from '../lake/manifests.ts';
import { count } from '../terminal/figures.ts';
import type { RunName } from './find-run-id.ts';
import type { LakeZones } from './lake-zones.ts';
import { landMendedObject, mendedObjects, objectAt } from './mended-objects.ts';
import type { MendedRows } from './mended-rows.ts';
import { quarantinedRows } from './quarantined-rows.ts';

export interface ReplayRequest {
  readonly zones: LakeZones;
  readonly name: RunName;
  readonly dataset: Dataset;
  /** Null: the object goes through its workflow again as it is. */
  readonly mended: { readonly path: string; readonly rows: MendedRows } | null;
  /** The clock of the run's last execution, should its manifest be gone. */
  readonly lastAsOf: () => Promise<string | null>;
}

/** A replay that is ready to be executed. */
export interface Replay {
  /** The run as it was, with the object that it is about now. */
  readonly run: RunInput;
  /** Null if an earlier replay was cut off. */
  readonly before: Manifest | null;
  /** Rows that were replaced, and copies of them; null if none were. */
  readonly mended: { readonly replaced: number; readonly copies: number } | null;
  /** The file was replayed before, and its run is over: there is nothing to do. */
  readonly done: boolean;
}

/**
 * Makes a run ready to be executed again, with mended rows if there are any. Everything that can be wrong is found before
 * anything is written, and what is written is one object, whole or not at all: see docs/adr/0012-mended-objects.md.
 * Whoever calls it holds the run's lock.
 *
 * @throws {CliError} what is wrong with the rows, or why the run cannot be replayed
 */
export const prepareReplay = async (request: ReplayRequest): Promise<Replay> => {
  const { zones, name, mended } = request;
  const { store, buckets } = zones;
  const before = await readManifest(store, name.dataset, name.runId, buckets.curated);
  const earlier = await mendedObjects(zones, name.dataset, name.runId);
  const last = earlier.at(-1);
  const object = last
    ? await objectAt(store, { bucket: buckets.raw, key: last.key })
    : (before?.object ?? null);
  const asOf = before?.asOf ?? (await request.lastAsOf());
  if (!object || asOf === null) {
    throw new CliError(
      `the run ${name.runId} was never finished, so there is nothing to replay; see: sluice show ${name.runId}`,
    );
  }
  await checkObject(zones, object);
  const run: RunInput = { runId: name.runId, dataset: name.dataset, asOf, object };
  const isFinished =
    before !== null && before.object.key === object.key && before.object.etag === object.etag;
  const again = { run, before: isFinished ? before : null, mended: null };
  if (!mended) return { ...again, done: false };
  if (earlier.some(({ rowsId }) => rowsId === mended.rows.id)) {
    return { ...again, done: isFinished && (await isTidy(zones, name.runId)) };
  }
  if (!isFinished) {
    throw new CliError(
      `an earlier replay of ${name.runId} was cut off; finish it first: sluice quarantine replay ${name.runId}${zones.option}`,
    );
  }
  await checkRows(request, mended, before);
  const { path, rows } = mended;
  const landed = await landMendedObject({
    zones,
    dataset: request.dataset,
    run,
    before: last?.number ?? 0,
    rows,
    path,
  });
  const { replaced, copies } = landed;
  return { run: { ...run, object: landed.object }, before, mended: { replaced, copies }, done: false };
};

/** Whether nothing is left in staging: a run that was killed behind its manifest leaves it to the next one. */
const isTidy = async ({ store, buckets }: LakeZones, runId: string): Promise<boolean> => {
  for await (const _ of store.list(buckets.curated, stagingPrefix(runId))) return false;
  return true;
};

/** Publishing would take everything back if the object turned out to be another one. */
const checkObject = async ({ store, shown }: LakeZones, object: RunInput['object']): Promise<void> => {
  const { etag, size: _size, ...version } = object;
  const head = await store.head(version);
  if (head?.etag === etag) return;
  throw new CliError(
    `${shown(object)} ${head ? 'was replaced by other bytes' : 'is gone'} since its run; land ${JSON.stringify(arrivedName(object.key))} again`,
    EXIT.fault,
  );
};

/** Only rows that are in quarantine may be replaced: an accepted row stays what it is. */
const checkRows = async (
  { zones: { store, buckets, option }, name: { runId } }: ReplayRequest,
  { path, rows }: { readonly path: string; readonly rows: MendedRows },
  manifest: Manifest,
): Promise<void> => {
  if (manifest.status === 'rejected') {
    throw new CliError(
      `the object of ${runId} was refused as a whole (${manifest.code}), so there are no rows to mend; correct the object and run it, or the dataset and replay it without --with`,
    );
  }
  if (manifest.format === 'parquet') {
    throw new CliError(
      `rows of a Parquet object cannot be mended one by one; correct the object where it came from and run it`,
    );
  }
  if (rows.rows.size === 0) {
    throw new CliError(
      `no row of ${path} was changed; mend some, or replay without --with if it was the dataset that was mended`,
    );
  }
  const left = new Set(rows.rows.keys());
  for await (const { row } of quarantinedRows(store, buckets.curated, manifest)) left.delete(row);
  const [number] = left;
  const first = number === undefined ? undefined : rows.rows.get(number);
  if (!first) return;
  throw new CliError(
    `${left.size === 1 ? 'a row' : `${count(left.size)} rows`} of ${path} (first ${first.label}, its row ${count(first.fileRow)}) are not in quarantine of ${runId}; give the rows out again: sluice quarantine show ${runId} --csv${option}`,
  );
};
