import type { BatchObjects } from './landed-batches.ts';

/** What a store threw: trying again may mend it, as it mends no mistake of ours. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** The same objects; whatever they throw is the cause of a `StoreError`. */
export const tellingStoreErrors = (objects: BatchObjects): BatchObjects => ({
  async *keys(bucket, prefix, options) {
    // Not `yield*`: what the one who iterates throws is no error of the store.
    const keys = objects.keys(bucket, prefix, options)[Symbol.asyncIterator]();
    try {
      for (let next = await told(() => keys.next()); !next.done; next = await told(() => keys.next()))
        yield next.value;
    } finally {
      await keys.return?.();
    }
  },
  async read(at, options) {
    const body = await told(() => objects.read(at, options));
    return body && chunksOf(body);
  },
  put: (at, body, options) => told(() => objects.put(at, body, options)),
});

async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (let next = await told(() => chunks.next()); !next.done; next = await told(() => chunks.next()))
      yield next.value;
  } finally {
    await chunks.return?.();
  }
}

const told = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    throw new StoreError('The store failed.', { cause });
  }
};
