import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { diskError } from './disk-error.ts';
import type {
  LocalFile,
  ObjectAddress,
  ObjectStore,
  ObjectVersion,
  PutOptions,
  PutResult,
  ReadOptions,
} from './object-store.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Writes the object to a new local file; false, and no file, if there is no such object. A broken download leaves no file. */
export async function downloadFile(
  store: ObjectStore,
  from: ObjectVersion,
  toFile: string,
  options: Pick<ReadOptions, 'ifMatch'> = {},
): Promise<boolean> {
  const body = await store.read(from, options);
  if (!body) return false;
  const file = createWriteStream(toFile, { flags: 'wx' });
  try {
    await pipeline(Readable.from(body, { objectMode: false }), file);
    return true;
  } catch (cause) {
    // With EEXIST the file is somebody else's.
    if (file.bytesWritten > 0 || file.pending === false) await rm(toFile, { force: true });
    throw diskError(cause, toFile);
  }
}

/** Streams a local file into the store. */
export function uploadFile(
  store: ObjectStore,
  fromFile: string,
  to: ObjectAddress,
  options?: PutOptions,
): Promise<PutResult> {
  return store.put(to, createReadStream(fromFile, { highWaterMark: CHUNK_BYTES }), options);
}

/** `asLocalFile` for stores whose objects are not files: a copy that disposal removes. */
export async function downloadToScratch(
  store: ObjectStore,
  from: ObjectVersion,
  scratchDir: string,
  options?: Pick<ReadOptions, 'ifMatch'>,
): Promise<LocalFile | null> {
  await mkdir(scratchDir, { recursive: true });
  // The extension stays: DuckDB and others choose their reader by it.
  const path = join(scratchDir, `${randomUUID()}${extname(from.key)}`);
  if (!(await downloadFile(store, from, path, options))) return null;
  return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}
