import type { Json } from '../../json.ts';
import type { ListedObject, ObjectStore } from '../../object-store.ts';
import type { FileFormat } from '../distributed-map.ts';
import type { ItemChunk } from '../item-chunk.ts';
import { readFile } from './read-file.ts';

/** Objects that ListObjectsV2 gives at a time. */
const PAGE_OBJECTS = 1_000;

/** The entries of a bucket's list. */
export async function* readList(
  objects: ObjectStore,
  bucket: string,
  prefix: string,
): AsyncGenerator<ItemChunk, void> {
  const source = `s3://${bucket}`;
  let values: Json[] = [];
  for await (const object of objects.list(bucket, prefix)) {
    values.push(entryOf(object));
    if (values.length < PAGE_OBJECTS) continue;
    yield { values, source };
    values = [];
  }
  if (values.length > 0) yield { values, source };
}

function entryOf({ key, size, etag, lastModified, storageClass }: ListedObject): Json {
  return {
    Etag: etag.startsWith('"') ? etag : `"${etag}"`,
    Key: key,
    LastModified: lastModified.getTime() / 1_000,
    Size: size,
    StorageClass: storageClass ?? 'STANDARD',
  };
}

/** The items of all objects under a prefix; folders, which have no bytes, are none. */
export async function* readListedFiles(
  objects: ObjectStore,
  bucket: string,
  prefix: string,
  format: FileFormat,
): AsyncGenerator<ItemChunk, void> {
  for await (const { key } of objects.list(bucket, prefix)) {
    if (!key.endsWith('/')) yield* readFile(objects, { bucket, key }, format);
  }
}
