import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { LakeStorageError, type ObjectStore, type PutOptions } from '@sluice/lake-storage';
import { incomingKey, runIdOf } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { CliError } from '../cli-error.ts';
import { askAws } from '../deployed/aws-error.ts';
import type { DeployedLake } from '../deployed/deployed-lake.ts';
import { EXIT } from '../exit-codes.ts';
import { chunksOf, type LocalSource } from '../lake/land-file.ts';
import type { PutObject, Putting } from './put-object.ts';
import { hasSameBytes } from './same-bytes.ts';

/** Others that write the same name at the same moment are rare; many are a mistake. */
const MAX_TRIES = 3;

/** Puts files into the raw zone of a deployed lake. */
export interface DeployedPut {
  /**
   * Puts the file, unless the newest object of its name has the same bytes: S3 would keep them as a new version, and the
   * run of that would publish their rows once more. `again` wants just that.
   *
   * @throws {CliError} if AWS does not take it; nothing is left of it then
   */
  readonly put: (source: LocalSource, again: boolean, putting: Putting) => Promise<PutObject>;
}

/** Runs `work` with a client for the environment's raw zone, and the caller's own credentials. */
export const withDeployedPut = async <T>(
  lake: DeployedLake,
  dataset: Dataset,
  work: (deployed: DeployedPut) => Promise<T>,
): Promise<T> => {
  const [{ S3Client }, { s3Store }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@sluice/lake-storage/s3'),
  ]);
  const client = new S3Client({ region: lake.region });
  const s3 = { client, store: s3Store(client) };
  try {
    return await work({
      put: (source, again, putting) => putOnce(s3, lake.bucketOf('raw'), dataset, source, again, putting),
    });
  } finally {
    client.destroy();
  }
};

const putOnce = async (
  s3: { readonly client: S3Client; readonly store: ObjectStore },
  bucket: string,
  dataset: Dataset,
  source: LocalSource,
  again: boolean,
  { signal, onBytes }: Putting,
): Promise<PutObject> => {
  const at = { bucket, key: incomingKey(dataset.name, source.name) };
  const done = (
    outcome: PutObject['outcome'],
    version: { readonly etag: string; readonly versionId?: string },
  ): PutObject => {
    const { etag, versionId } = version;
    const object = { ...at, ...(versionId === undefined ? {} : { versionId }), size: source.size, etag };
    const runId = runIdOf(dataset.name, object);
    return { source, object, shown: `s3://${bucket}/${at.key}`, outcome, runId, isOver: null };
  };
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const before = await clearly('s3:GetObject', () => s3.store.head(at));
    if (before && !again) {
      const { versionId } = before;
      const version = versionId === undefined ? at : { ...at, versionId };
      const comparing = { signal, onBytes: (soFar: number) => onBytes('compared', soFar) };
      if (await clearly('s3:GetObject', () => hasSameBytes(s3, version, before, source, comparing)))
        return done('unchanged', before);
    }
    // What was looked at is what is replaced, or nothing is.
    const condition: PutOptions = before ? { ifMatch: before.etag } : { ifNoneMatch: '*' };
    const stored = await clearly('s3:PutObject', () =>
      s3.store.put(
        at,
        chunksOf(source, signal, (soFar) => onBytes('put', soFar)),
        { ...condition, checksum: 'sha256' },
      ),
    );
    if (stored.outcome === 'stored') return done(before ? 'replaced' : 'new', stored);
    await sleep(tries * 100, undefined, { signal });
  }
  throw new CliError(
    `others write s3://${bucket}/${at.key} at the same time; find out who, or put ${source.path} under another --name`,
    EXIT.fault,
  );
};

/** What the store says in a clear line stays that line. */
const clearly = <T>(action: string, call: () => Promise<T>): Promise<T> =>
  askAws(action, async () => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof LakeStorageError) throw new CliError(error.message, EXIT.fault, error);
      throw error;
    }
  });
