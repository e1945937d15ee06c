import { reasonOf } from '../../errors.ts';
import { isArray, isObject, type Json, type JsonObject, valueAt } from '../../json.ts';
import type { ObjectStore, ObjectVersion } from '../../object-store.ts';
import type { FileFormat } from '../distributed-map.ts';
import type { ItemChunk } from '../item-chunk.ts';
import { RowSplitter } from './csv.ts';
import { openObject, readCompressedFile, uriOf } from './read-file.ts';
import { readerFailed } from './reader-failed.ts';
import { textPieces } from './text-pieces.ts';

/** A manifest names files; one of more characters is something else. */
const MAX_MANIFEST_CHARACTERS = 64 * 1024 * 1024;

/** The rows of an S3 inventory, which its manifest.json describes. */
export async function* readInventory(
  objects: ObjectStore,
  at: ObjectVersion,
): AsyncGenerator<ItemChunk, void> {
  const manifest = parseManifest(await readText(objects, at), at);
  const bucket = textIn(manifest, 'destinationBucket', at).replace(/^arn:[^:]+:s3:::/, '');
  const format = inventoryFormat(manifest, at);
  const files = valueAt(manifest, 'files');
  if (!isArray(files)) throw invalid(at, 'it has no files');
  const source = uriOf(at);
  for (const file of files) {
    if (!isObject(file)) throw invalid(at, 'a file has no key');
    const key = textIn(file, 'key', at);
    for await (const chunk of readCompressedFile(objects, { bucket, key }, format))
      yield { ...chunk, source };
  }
}

function inventoryFormat(manifest: JsonObject, at: ObjectVersion): FileFormat {
  const type = textIn(manifest, 'fileFormat', at);
  if (type === 'Parquet') return { type: 'PARQUET' };
  if (type !== 'CSV') throw invalid(at, `files of the format ${type} cannot be read here`);
  const headers = textIn(manifest, 'fileSchema', at)
    .split(',')
    .map((name) => name.trim());
  return { type: 'CSV', delimiter: ',', headers };
}

/** The items of the files that an Athena UNLOAD has written: its manifest has their URIs, one a line. */
export async function* readAthenaManifest(
  objects: ObjectStore,
  at: ObjectVersion,
  format: FileFormat,
): AsyncGenerator<ItemChunk, void> {
  const splitter = new RowSplitter(',');
  const rows = [...splitter.push(await readText(objects, at)), ...splitter.end()];
  for (const [uri = ''] of rows) {
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri.trim()) ?? [];
    if (bucket === undefined || key === undefined) throw invalid(at, `'${uri}' is no URI of an object`);
    yield* readCompressedFile(objects, { bucket, key }, format);
  }
}

async function readText(objects: ObjectStore, at: ObjectVersion): Promise<string> {
  let text = '';
  for await (const piece of textPieces(await openObject(objects, at))) {
    text += piece;
    if (text.length > MAX_MANIFEST_CHARACTERS) throw invalid(at, 'it is too large');
  }
  return text;
}

function parseManifest(text: string, at: ObjectVersion): JsonObject {
  let manifest: Json = null;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw invalid(at, reasonOf(error));
  }
  if (!isObject(manifest)) throw invalid(at, 'it is no JSON object');
  return manifest;
}

function textIn(object: JsonObject, field: string, at: ObjectVersion): string {
  const value = valueAt(object, field);
  if (typeof value !== 'string') throw invalid(at, `the field ${field} is missing`);
  return value;
}

function invalid(at: ObjectVersion, reason: string): Error {
  return readerFailed(`${uriOf(at)} is no manifest: ${reason}.`);
}
