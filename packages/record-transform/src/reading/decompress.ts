import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RefusedObject } from '../outcome.ts';

export type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

const CHUNK_BYTES = 64 * 1024;

/** zlib's own errors, told from those of the source by their code. */
const zlibMessage = (error: unknown): string | null => {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return null;
  return String(error.code).startsWith('Z_') ? String(error.message) : null;
};

/** The chunks, of which the first holds at least two bytes, or all there are. */
async function* withFullStart(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | null = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (start === null) {
      yield chunk;
    } else {
      const joined: Uint8Array = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
      if (joined.length >= 2) {
        yield joined;
        start = null;
      } else {
        start = joined;
      }
    }
  }
  if (start !== null && start.length > 0) yield start;
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflate = createGunzip({ chunkSize: CHUNK_BYTES });
  // Its failure is seen by the loop below, which reads the same stream.
  const fed = pipeline(Readable.from(chunks), inflate).catch(() => undefined);
  try {
    for await (const chunk of inflate) yield chunk as Uint8Array; // zlib's streams give nothing but Buffers
  } catch (error) {
    const message = zlibMessage(error);
    if (message === null) throw error;
    throw new RefusedObject('corrupt_gzip', `the object is gzipped, but cut off or damaged (${message})`);
  } finally {
    await fed;
  }
}

/**
 * An object's bytes, gunzipped (all members) if they are gzip, whatever the object's name. Reads no faster than
 * it is read. Throws `RefusedObject` with `corrupt_gzip` when it comes to the damage, maybe after good bytes.
 */
export async function* decompressed(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  const source = withFullStart(chunks);
  const first = await source.next();
  if (first.done) return;
  const whole = (async function* () {
    yield first.value;
    yield* source;
  })();
  try {
    if (first.value[0] === 0x1f && first.value[1] === 0x8b) yield* gunzip(whole);
    else yield* whole;
  } finally {
    await source.return(undefined);
  }
}

/** The bytes of a local file, gunzipped if they are gzip. */
export const openBytes = (path: string): AsyncGenerator<Uint8Array> =>
  decompressed(createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>); // no encoding set: Buffers
