import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, type Compressors, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { type Json, setKey } from '../../json.ts';
import type { ObjectStore, ObjectVersion } from '../../object-store.ts';
import { readerFailed } from './reader-failed.ts';

// Rows that are handed on at a time.
const CHUNK_ROWS = 1_000;

/** What Node has and hyparquet has not; Snappy and uncompressed it reads itself. */
const COMPRESSORS: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
  ZSTD: (bytes) => zstdDecompressSync(bytes),
};

/** The rows of a Parquet file, a row group in memory at a time. */
export async function* readParquet(
  objects: ObjectStore,
  at: ObjectVersion,
  size: number,
): AsyncGenerator<readonly Json[], void> {
  const file: AsyncBuffer = {
    byteLength: size,
    slice: (start, end) => readRange(objects, at, start, end ?? size),
  };
  const metadata = await parquetMetadataAsync(file);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors: COMPRESSORS });
    for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
      yield rows.slice(start, start + CHUNK_ROWS).map(toJson);
    }
    rowStart = rowEnd;
  }
}

async function readRange(
  objects: ObjectStore,
  at: ObjectVersion,
  start: number,
  end: number,
): Promise<ArrayBuffer> {
  const body = await objects.read(at, { range: { start, end } });
  if (body === null) throw readerFailed(`The object s3://${at.bucket}/${at.key} does not exist any more.`);
  const bytes = new Uint8Array(end - start);
  let offset = 0;
  for await (const part of body) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes.buffer;
}

/** What JSON has no type for becomes text; integers beyond 2^53 too, so that no digit is lost. */
function toJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint': {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toJson);
  const object: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) setKey(object, key, toJson(member));
  return object;
}
