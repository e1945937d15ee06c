import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { ObjectStore, ObjectVersion } from '../../object-store.ts';
import type { FileFormat } from '../distributed-map.ts';
import type { ItemChunk } from '../item-chunk.ts';
import { readCsv } from './csv.ts';
import { type JsonItems, readJson } from './json-file.ts';
import { readJsonLines } from './json-lines.ts';
import { readParquet } from './parquet.ts';
import { readerFailed } from './reader-failed.ts';

/** Bytes that a data set's file may have (Step Functions quota). */
const MAX_FILE_BYTES = 10 * 1024 ** 3;

/** "External compression types: GZIP, ZSTD. Example file names: myObject.jsonl.gz and myObject.csv.zstd." */
const COMPRESSED_NAME = /\.(?:gz|gzip|zst|zstd)$/i;

/** The items of one object, which is compressed if its name says so. */
export async function* readFile(
  objects: ObjectStore,
  at: ObjectVersion,
  format: FileFormat,
): AsyncGenerator<ItemChunk, void> {
  const source = uriOf(at);
  const size = await sizeOf(objects, at);
  if (format.type === 'PARQUET') {
    for await (const values of readParquet(objects, at, size)) yield { values, source };
    return;
  }
  const opened = await openObject(objects, at);
  const body = COMPRESSED_NAME.test(at.key) ? await decompressed(opened) : opened;
  for await (const items of itemsIn(body, format)) yield { ...items, source };
}

async function* itemsIn(
  body: AsyncIterable<Uint8Array>,
  format: Exclude<FileFormat, { type: 'PARQUET' }>,
): AsyncGenerator<JsonItems, void> {
  if (format.type === 'JSON') {
    yield* readJson(body, format.pointer);
    return;
  }
  const chunks = format.type === 'CSV' ? readCsv(body, format) : readJsonLines(body);
  for await (const values of chunks) yield { values };
}

/** The items of an object that may be compressed with gzip or Zstandard, as its first bytes say. */
export async function* readCompressedFile(
  objects: ObjectStore,
  at: ObjectVersion,
  format: FileFormat,
): AsyncGenerator<ItemChunk, void> {
  if (format.type === 'PARQUET') {
    yield* readFile(objects, at, format);
    return;
  }
  const source = uriOf(at);
  await sizeOf(objects, at);
  const body = await decompressed(await openObject(objects, at));
  for await (const items of itemsIn(body, format)) yield { ...items, source };
}

export function uriOf({ bucket, key }: ObjectVersion): string {
  return `s3://${bucket}/${key}`;
}

async function sizeOf(objects: ObjectStore, at: ObjectVersion): Promise<number> {
  const head = await objects.head(at);
  if (head === null) throw missing(at);
  if (head.size > MAX_FILE_BYTES) {
    throw readerFailed(
      `${uriOf(at)} has ${head.size} bytes, which is more than the maximum of ${MAX_FILE_BYTES}.`,
    );
  }
  return head.size;
}

export async function openObject(
  objects: ObjectStore,
  at: ObjectVersion,
): Promise<AsyncIterable<Uint8Array>> {
  const body = await objects.read(at);
  if (body === null) throw missing(at);
  return body;
}

function missing(at: ObjectVersion): Error {
  return readerFailed(`The specified key does not exist: ${uriOf(at)}`);
}

const GZIP = [0x1f, 0x8b];
const ZSTANDARD = [0x28, 0xb5, 0x2f, 0xfd];

async function decompressed(body: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const parts = body[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array();
  while (head.length < ZSTANDARD.length) {
    const { done, value } = await parts.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  const whole = resumed(head, parts);
  if (startsWith(head, GZIP)) return through(whole, createGunzip());
  return startsWith(head, ZSTANDARD) ? through(whole, createZstdDecompress()) : whole;
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

async function* resumed(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield head;
  for (let part = await rest.next(); !part.done; part = await rest.next()) yield part.value;
}

function through(body: AsyncIterable<Uint8Array>, transform: Transform): AsyncIterable<Uint8Array> {
  // A fault reaches whoever reads the transform.
  pipeline(Readable.from(body, { objectMode: false }), transform, () => {});
  return transform;
}
