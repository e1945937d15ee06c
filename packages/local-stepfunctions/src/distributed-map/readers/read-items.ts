import { reasonOf, StateError } from '../../errors.ts';
import type { ObjectStore, ObjectVersion } from '../../object-store.ts';
import type { ItemSource } from '../distributed-map.ts';
import type { ItemChunk } from '../item-chunk.ts';
import type { ReaderParameters } from '../settings.ts';
import { readList, readListedFiles } from './list.ts';
import { readAthenaManifest, readInventory } from './manifest.ts';
import { readFile } from './read-file.ts';
import { readerFailed } from './reader-failed.ts';

/**
 * The items of an ItemReader, as they are read. Throws `States.ItemReaderFailed`.
 *
 * @param maxItems 0 for all
 */
export async function* readItems(
  objects: ObjectStore | undefined,
  source: ItemSource,
  parameters: ReaderParameters,
  maxItems: number,
): AsyncGenerator<ItemChunk, void> {
  if (maxItems < 0) throw readerFailed(`The field MaxItems must not be negative, but is ${maxItems}.`);
  if (objects === undefined) throw readerFailed('There is no object store to read from.');
  const left = maxItems === 0 ? Number.POSITIVE_INFINITY : maxItems;
  try {
    yield* limited(chunksOf(objects, source, parameters), left);
  } catch (error) {
    if (error instanceof StateError) throw error;
    throw readerFailed(reasonOf(error));
  }
}

async function* limited(chunks: AsyncIterable<ItemChunk>, maxItems: number): AsyncGenerator<ItemChunk, void> {
  let left = maxItems;
  for await (const chunk of chunks) {
    const { values } = chunk;
    if (values.length >= left) {
      yield { ...chunk, values: values.slice(0, left) };
      return;
    }
    left -= values.length;
    yield chunk;
  }
}

function chunksOf(
  objects: ObjectStore,
  source: ItemSource,
  parameters: ReaderParameters,
): AsyncIterable<ItemChunk> {
  const bucket = required('Bucket', parameters.bucket);
  switch (source.kind) {
    case 'object':
      return readFile(objects, versionOf(bucket, parameters), source.format);
    case 's3-inventory':
      return readInventory(objects, versionOf(bucket, parameters));
    case 'athena-manifest':
      return readAthenaManifest(objects, versionOf(bucket, parameters), source.format);
    case 'list': {
      const prefix = parameters.prefix ?? '';
      if (source.flatten === undefined) return readList(objects, bucket, prefix);
      return readListedFiles(objects, bucket, prefix, source.flatten);
    }
  }
}

function versionOf(bucket: string, { key, versionId }: ReaderParameters): ObjectVersion {
  return { bucket, key: required('Key', key), ...(versionId === undefined ? {} : { versionId }) };
}

function required(field: string, value: string | undefined): string {
  if (value === undefined) throw readerFailed(`The field ${field} of the ItemReader is required.`);
  return value;
}
