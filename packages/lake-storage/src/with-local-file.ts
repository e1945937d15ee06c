import { LakeStorageError } from './lake-storage-error.ts';
import type { ObjectStore, ObjectVersion, ReadOptions } from './object-store.ts';

/**
 * Gives the work the object as a local file, and lets go of it however the work ends. An object that is gone throws a
 * LakeStorageError with code `changed`.
 */
export async function withLocalFile<T>(
  store: ObjectStore,
  at: ObjectVersion,
  scratchDir: string,
  options: Pick<ReadOptions, 'ifMatch'>,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const file = await store.asLocalFile(at, scratchDir, options);
  if (!file) {
    throw new LakeStorageError(
      'changed',
      `The object ${at.key} in bucket ${at.bucket} is gone; put it there again.`,
    );
  }
  try {
    return await work(file.path);
  } finally {
    await file[Symbol.asyncDispose]();
  }
}
