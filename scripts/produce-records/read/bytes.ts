import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { EXIT, errnoOf, oneLine, ProduceError } from '../produce-error.ts';

/** What is read of a file, or of standard input. */
export interface ByteSource {
  readonly label: string;
  readonly chunks: AsyncIterable<Buffer>;
}

const READ_BYTES = 64 * 1024;

/** `onBytes` is told of what is read, before it is unpacked. */
export const fileBytes = (
  path: string,
  label: string,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): ByteSource => ({
  label,
  chunks: read(createReadStream(path, { highWaterMark: READ_BYTES, signal }), label, onBytes, signal),
});

export const standardInputBytes = (
  label: string,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): ByteSource => {
  // Nobody may write any more, and would be waited for.
  signal.addEventListener('abort', () => process.stdin.destroy(), { once: true });
  return { label, chunks: read(process.stdin, label, onBytes, signal) };
};

/** The bytes; where they stop because of the signal, they end. */
async function* read(
  stream: AsyncIterable<Buffer>,
  label: string,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of stream) {
      onBytes(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new ProduceError(`${label} cannot be read: ${reasonOf(error)}`, EXIT.usage, error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission',
  EISDIR: 'it is a folder',
};

export const reasonOf = (error: unknown): string => REASONS[errnoOf(error) ?? ''] ?? oneLine(error);

/** The chunks as they are, or unpacked if they begin as gzip does; the name does not matter. */
export async function* unpacked({ label, chunks }: ByteSource): AsyncGenerator<Buffer, void> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let isDone = false;
  while (head.length < 2 && !isDone) {
    const next = await iterator.next();
    if (next.done) isDone = true;
    else head = Buffer.concat([head, next.value]);
  }
  const whole = (async function* () {
    if (head.length > 0) yield head;
    if (!isDone) yield* { [Symbol.asyncIterator]: () => iterator };
  })();
  if (head[0] === 0x1f && head[1] === 0x8b) yield* gunzipped(whole, label);
  else yield* whole;
}

async function* gunzipped(chunks: AsyncIterable<Buffer>, label: string): AsyncGenerator<Buffer, void> {
  const source = Readable.from(chunks);
  const gunzip = createGunzip();
  let inputFault: unknown = null;
  source.once('error', (error) => {
    inputFault = error;
    gunzip.destroy(error);
  });
  source.pipe(gunzip);
  try {
    yield* gunzip;
  } catch (error) {
    if (inputFault !== null) throw inputFault;
    throw new ProduceError(`${label} is gzipped, and damaged or cut off: ${oneLine(error)}`, EXIT.fault);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
