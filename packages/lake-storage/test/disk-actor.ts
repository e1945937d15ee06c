// A process for tests to kill, or to race against: `node disk-actor.ts <operation> <root> [content]`.
import { diskStore } from '../src/disk.ts';

const [operation, root = '', content = 'new,whole'] = process.argv.slice(2);
const store = diskStore(root);
const at = { bucket: 'test-bucket', key: 'folder/object' };
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function* inTwoParts(): AsyncGenerator<Uint8Array> {
  const half = Math.ceil(content.length / 2);
  yield text(content.slice(0, half));
  yield text(content.slice(half));
}

const operations: Record<string, () => Promise<unknown>> = {
  put: () => store.put(at, inTwoParts()),
  create: () => store.put(at, inTwoParts(), { ifNoneMatch: '*' }),
  replace: async () => store.put(at, inTwoParts(), { ifMatch: (await store.head(at))?.etag ?? '' }),
  copy: () =>
    store.copy({ bucket: 'test-bucket', key: 'source' }, { bucket: 'test-bucket', key: 'folder/copy' }),
  delete: () => store.delete(at),
};

const result = await operations[operation ?? '']?.();
process.stdout.write(`${JSON.stringify(result ?? null)}\n`);
