import { LakeStorageError, type ObjectStore, readJson } from '@sluice/lake-storage';
import { embeddedZones, manifestKey } from '@sluice/lake-storage/zones';
import { type Manifest, manifest } from '@sluice/step-contracts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';

export const manifestAddress = (dataset: string, runId: string) => ({
  bucket: embeddedZones.curated,
  key: manifestKey(dataset, runId),
});

/** Manifests are small; on S3 the wait for each is most of the time. */
const READ_AT_ONCE = 16;

/** Null if the run is not over. */
export const readManifest = async (
  store: ObjectStore,
  dataset: string,
  runId: string,
  bucket: string = embeddedZones.curated,
): Promise<Manifest | null> => readAt(store, bucket, manifestKey(dataset, runId));

/** Every run that is over, by dataset and run id; or those of one dataset. */
export const listManifests = async (
  store: ObjectStore,
  bucket: string = embeddedZones.curated,
  prefix = 'runs/',
): Promise<Manifest[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list(bucket, prefix)) if (key.endsWith('.json')) keys.push(key);
  const found: (Manifest | null)[] = [];
  for (let at = 0; at < keys.length; at += READ_AT_ONCE) {
    const some = keys.slice(at, at + READ_AT_ONCE);
    found.push(...(await Promise.all(some.map((key) => readAt(store, bucket, key)))));
  }
  return found.filter((one) => one !== null);
};

const readAt = async (store: ObjectStore, bucket: string, key: string): Promise<Manifest | null> => {
  const json = await readJson(store, { bucket, key }).catch((error: unknown) => {
    if (error instanceof LakeStorageError) throw error;
    return undefined;
  });
  const parsed = manifest.nullable().safeParse(json);
  if (parsed.success) return parsed.data;
  throw new CliError(
    `the manifest ${bucket}/${key} is damaged; delete it and run its object again`,
    EXIT.fault,
  );
};
