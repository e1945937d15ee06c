import { LakeStorageError, type ObjectStore, readJson } from '@sluice/lake-storage';
import { embeddedZones, manifestKey } from '@sluice/lake-storage/zones';
import { type Manifest, manifest } from '@sluice/step-contracts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';

const bucket = embeddedZones.curated;

export const manifestAddress = (dataset: string, runId: string) => ({
  bucket,
  key: manifestKey(dataset, runId),
});

/** Null if the run is not over. */
export const readManifest = async (
  store: ObjectStore,
  dataset: string,
  runId: string,
): Promise<Manifest | null> => readAt(store, manifestKey(dataset, runId));

/** Every run that is over, by dataset and run id. */
export const listManifests = async (store: ObjectStore): Promise<Manifest[]> => {
  const found: Manifest[] = [];
  for await (const { key } of store.list(bucket, 'runs/')) {
    const one = key.endsWith('.json') ? await readAt(store, key) : null;
    if (one) found.push(one);
  }
  return found;
};

const readAt = async (store: ObjectStore, key: string): Promise<Manifest | null> => {
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
