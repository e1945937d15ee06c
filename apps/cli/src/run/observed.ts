import type { ObjectAddress, ObjectStore } from '@sluice/local-stepfunctions';
import { processRowsInput } from '@sluice/step-contracts';
import type { FailedAttempts } from './map-run-facts.ts';
import type { Steps } from './steps.ts';

/** The same steps; `attempts` has those at batches that failed. One that succeeds costs nothing. */
export const countFailedAttempts = (
  steps: Steps,
): { readonly steps: Steps; readonly attempts: FailedAttempts } => {
  const attempts = new Map<number, number>();
  const processRows: Steps['processRows'] = async (payload) => {
    try {
      return await steps.processRows(payload);
    } catch (error) {
      const first = processRowsInput.safeParse(payload).data?.items[0].row;
      if (first !== undefined) attempts.set(first, (attempts.get(first) ?? 0) + 1);
      throw error;
    }
  };
  return { steps: { ...steps, processRows }, attempts };
};

/** The same store; `bytes` tells how much of the object was read by now. */
export const countReads = (
  store: ObjectStore,
  object: ObjectAddress,
): { readonly store: ObjectStore; readonly bytes: () => number } => {
  let read = 0;
  return {
    store: {
      ...store,
      read: async (at, options) => {
        const body = await store.read(at, options);
        if (body === null || at.bucket !== object.bucket || at.key !== object.key) return body;
        return tapped(body, (bytes) => {
          read += bytes;
        });
      },
    },
    bytes: () => read,
  };
};

async function* tapped(
  body: AsyncIterable<Uint8Array>,
  onChunk: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of body) {
    onChunk(chunk.length);
    yield chunk;
  }
}
