import { LakeStorageError } from './lake-storage-error.ts';
import type { ObjectAddress, ObjectStore, ObjectVersion, PutOptions, PutResult } from './object-store.ts';

// Larger objects are streamed: a Lambda's memory is not to depend on what somebody uploads.
const maxBytes = 64 * 1024 * 1024;

/** The whole object; `null` if there is none. Over 64 MiB it throws a LakeStorageError with code `too_large`. */
export async function readBytes(store: ObjectStore, at: ObjectVersion): Promise<Uint8Array | null> {
  const body = await store.read(at);
  if (!body) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) {
      throw new LakeStorageError(
        'too_large',
        `The object ${at.key} in bucket ${at.bucket} is over ${maxBytes} bytes; read it as a stream.`,
      );
    }
  }
  return Buffer.concat(chunks, size);
}

/** The object parsed as JSON, for the caller to validate; `null` if there is none. Broken JSON throws a SyntaxError. */
export async function readJson(store: ObjectStore, at: ObjectVersion): Promise<unknown> {
  const bytes = await readBytes(store, at);
  if (!bytes) return null;
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    // JSON.parse quotes the text in its message, which would put records into logs.
    throw new SyntaxError(`The object ${at.key} in bucket ${at.bucket} is not JSON.`);
  }
}

/** One line of JSON, ended by a line feed, so that files of them can be joined. */
export function putJson(
  store: ObjectStore,
  at: ObjectAddress,
  value: unknown,
  options?: Omit<PutOptions, 'contentType'>,
): Promise<PutResult> {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
  return store.put(at, bytes, { ...options, contentType: 'application/json' });
}
