import { createHash } from 'node:crypto';
import { changedError, checkAddress, checkBucket, compareUtf8, cutRange } from './check-address.ts';
import { downloadToScratch } from './local-file.ts';
import type {
  ListedObject,
  ListOptions,
  ObjectAddress,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  ObjectVersion,
  PutOptions,
  PutResult,
  ReadOptions,
} from './object-store.ts';

interface MemoryObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly lastModified: Date;
}

const chunkBytes = 64 * 1024;

/** For tests: an object store that forgets. It streams as the others do, and buckets need no creating. */
export function memoryStore(): ObjectStore {
  const buckets = new Map<string, Map<string, MemoryObject>>();

  const find = (at: ObjectVersion): MemoryObject | undefined => {
    checkAddress(at);
    return at.versionId === undefined ? buckets.get(at.bucket)?.get(at.key) : undefined;
  };

  const store = ({ bucket, key }: ObjectAddress, bytes: Uint8Array): PutResult & { outcome: 'stored' } => {
    const etag = createHash('md5').update(bytes).digest('hex');
    const objects = buckets.get(bucket) ?? new Map<string, MemoryObject>();
    buckets.set(bucket, objects.set(key, { bytes, etag, lastModified: new Date() }));
    return { outcome: 'stored', etag };
  };

  const memory: ObjectStore = {
    async head(at): Promise<ObjectHead | null> {
      const found = find(at);
      return found ? { size: found.bytes.length, etag: found.etag, lastModified: found.lastModified } : null;
    },

    async read(at, options: ReadOptions = {}) {
      const found = find(at);
      if (!found) return null;
      if (options.ifMatch !== undefined && options.ifMatch !== found.etag)
        throw changedError(at, options.ifMatch);
      const { start, end } = cutRange(options.range, found.bytes.length);
      return chunksOf(found.bytes.subarray(start, end));
    },

    async put(at, body: ObjectBody, options: PutOptions = {}) {
      checkAddress(at);
      const bytes = await collect(body);
      // Nothing awaits between these checks and the write: that is what makes the conditions atomic.
      const current = find(at);
      if (options.ifNoneMatch && current) return { outcome: 'exists' };
      if (options.ifMatch !== undefined && current?.etag !== options.ifMatch) return { outcome: 'changed' };
      return store(at, bytes);
    },

    async copy(from, to) {
      checkAddress(to);
      const found = find(from);
      return found ? store(to, found.bytes) : null;
    },

    async delete(at) {
      checkAddress(at);
      buckets.get(at.bucket)?.delete(at.key);
    },

    async deleteMany(bucket, keys) {
      const deleted = [...keys];
      for (const key of deleted) checkAddress({ bucket, key });
      for (const key of deleted) await memory.delete({ bucket, key });
      return { deleted, failed: [] };
    },

    async *list(bucket, prefix, options): AsyncIterable<ListedObject> {
      for await (const key of memory.keys(bucket, prefix, options)) {
        const found = find({ bucket, key });
        if (found)
          yield { key, size: found.bytes.length, etag: found.etag, lastModified: found.lastModified };
      }
    },

    async *keys(bucket, prefix, { startAfter }: ListOptions = {}) {
      checkBucket(bucket);
      const objects = buckets.get(bucket) ?? new Map<string, MemoryObject>();
      const isListed = (key: string) =>
        key.startsWith(prefix) && (startAfter === undefined || compareUtf8(key, startAfter) > 0);
      yield* [...objects.keys()].filter(isListed).sort(compareUtf8);
    },

    asLocalFile: (at, scratchDir, options) => downloadToScratch(memory, at, scratchDir, options),
  };
  return memory;
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
}

async function collect(body: ObjectBody): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body.slice();
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}
