import {
  failpoint,
  mapConcurrently,
  type ObjectStore,
  type ObjectVersion,
  putJson,
  readJson,
} from '@sluice/lake-storage';
import {
  arrivedName,
  manifestKey,
  objectIdOf,
  type PartitionValue,
  partitionFolder,
  processedPrefix,
  quarantinedObjectKey,
  quarantinedRowsKey,
  stagingPrefix,
} from '@sluice/lake-storage/zones';
import { type Manifest, manifest, type RunInput, stagedName } from '@sluice/step-contracts';
import { z } from 'zod';

/** What both endings of a run need. All keys are in the curated bucket. */
export interface CuratedZone {
  readonly objects: ObjectStore;
  readonly bucket: string;
  /** Told how many of the staged objects are cleared away, when all is done with them. */
  readonly onCleared?: (done: number, total: number) => void;
}

export interface Replacement {
  readonly run: RunInput;
  /** Everything the run leaves for readers, the manifest left out. */
  readonly copies: readonly { readonly from: ObjectVersion; readonly to: string }[];
  /** The partition that the run belongs to. */
  readonly partition: readonly PartitionValue[];
  /** Makes the partition known to the catalogue, once its files are there. */
  readonly catalogue: () => Promise<void>;
  readonly manifest: Manifest;
}

// Spark leaves hundreds of files, each of which takes some seconds; the function has minutes.
const COPIED_AT_ONCE = 16;

/** `staging/<run-id>/publishing.json`: every key that this or a crashed earlier attempt may have written. */
const journal = z.object({ keys: z.array(z.string()) });

/**
 * Replaces all that earlier runs of the same version of the object left, by what this run leaves. Killed at any point
 * and called again, with the same or another `asOf`, it finishes the job and leaves no orphan.
 */
export const replaceRun = async (zone: CuratedZone, replacement: Replacement): Promise<void> => {
  const { objects, bucket } = zone;
  const { run, copies } = replacement;
  const targets = new Set(copies.map(({ to }) => to));
  const journalAt = { bucket, key: `${stagingPrefix(run.runId)}publishing.json` };
  const manifestAt = { bucket, key: manifestKey(run.dataset, run.runId) };

  const written = journal.nullable().parse(await readJson(objects, journalAt))?.keys ?? [];
  const previous = await readManifest(zone, run);
  const earlier = new Set([
    ...written,
    ...(previous ? keysOf(previous) : []),
    ...(await keysByName(zone, replacement)),
  ]);
  // From here on the journal alone knows what there is to take back: the previous manifest goes, since it would
  // describe files that are being replaced.
  await putJson(objects, journalAt, { keys: [...new Set([...earlier, ...targets])].sort() });
  failpoint('publish:journalled');
  if (previous) await objects.delete(manifestAt);
  failpoint('publish:opened');

  await mapConcurrently(copies, COPIED_AT_ONCE, async ({ from, to }) => {
    const copied = await objects.copy(from, { bucket, key: to });
    if (!copied)
      throw new Error(`The object ${from.key} in bucket ${from.bucket} has vanished; run it again.`);
    failpoint('publish:copied');
  });
  await deleteAll(
    zone,
    [...earlier].filter((key) => !targets.has(key)),
  );
  failpoint('publish:cleaned');
  await replacement.catalogue();
  failpoint('publish:catalogued');
  await putJson(objects, manifestAt, replacement.manifest);
  failpoint('publish:recorded');
  await clearStaging(zone, run.runId);
};

export const readManifest = async (zone: CuratedZone, run: RunInput): Promise<Manifest | null> => {
  const at = { bucket: zone.bucket, key: manifestKey(run.dataset, run.runId) };
  return manifest.nullable().parse(await readJson(zone.objects, at));
};

/** As many as S3 deletes in one request. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const CLEARED_AT_ONCE = 1000;

/**
 * Removes what the engines left. Their report goes first: without it, what is left is nobody's finished work, so an
 * attempt that dies halfway is not mistaken for a run that lost rows.
 */
export const clearStaging = async (zone: CuratedZone, runId: string): Promise<void> => {
  const prefix = stagingPrefix(runId);
  await zone.objects.delete({ bucket: zone.bucket, key: `${prefix}${stagedName.report}` });
  failpoint('publish:closed');
  const left: string[] = [];
  for await (const key of zone.objects.keys(zone.bucket, prefix)) left.push(key);
  for (let done = 0; done < left.length; done += CLEARED_AT_ONCE) {
    zone.onCleared?.(done, left.length);
    await deleteAll(zone, left.slice(done, done + CLEARED_AT_ONCE));
  }
};

const keysOf = (previous: Manifest): string[] => {
  if (previous.status === 'rejected') return previous.quarantined ? [previous.quarantined.key] : [];
  const files = previous.files.map(({ key }) => key);
  return previous.quarantine ? [...files, previous.quarantine.key] : files;
};

/** What can be found by its name alone, should manifest and journal be lost. */
const keysByName = async (
  { objects, bucket }: CuratedZone,
  { run, partition }: Replacement,
): Promise<string[]> => {
  const objectId = objectIdOf(run.object);
  const found: string[] = [];
  const folder = `${processedPrefix(run.dataset)}${partitionFolder(partition)}`;
  for await (const key of objects.keys(bucket, `${folder}${objectId}-`)) found.push(key);
  const inQuarantine = [quarantinedRowsKey(run.dataset, run.runId, 'jsonl'), quarantinedObject(run)];
  for (const key of inQuarantine) if (await objects.head({ bucket, key })) found.push(key);
  return found;
};

/** Where a rejected object goes. */
export const quarantinedObject = ({ dataset, object }: RunInput): string =>
  quarantinedObjectKey(dataset, objectIdOf(object), arrivedName(object.key));

const deleteAll = async ({ objects, bucket }: CuratedZone, keys: readonly string[]): Promise<void> => {
  const { failed } = await objects.deleteMany(bucket, keys);
  if (failed.length === 0) return;
  const reasons = failed.map(({ key, reason }) => `${key}: ${reason}`).join('; ');
  throw new Error(`${failed.length} objects in bucket ${bucket} could not be deleted: ${reasons}`);
};
