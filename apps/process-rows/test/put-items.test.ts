import { describe, expect, test } from '@jest/globals';
import { type PutItems, putItems } from '../src/put-items.ts';

const items = Array.from({ length: 60 }, (_, at) => at);

/** A table that takes what `takes` lets through. */
const setUp = (takes: (item: number, call: number) => boolean, remaining = 60_000) => {
  const taken: number[] = [];
  const sizes: number[] = [];
  const sleeps: number[] = [];
  const deps: PutItems<number> = {
    write: async (some) => {
      sizes.push(some.length);
      const isTaken = (item: number): boolean => takes(item, sizes.length);
      taken.push(...some.filter(isTaken));
      return some.filter((item) => !isTaken(item));
    },
    sleep: async (milliseconds) => {
      sleeps.push(milliseconds);
    },
    random: () => 0.5,
    remainingMs: () => remaining - sleeps.reduce((sum, one) => sum + one, 0),
  };
  return { deps, taken, sizes, sleeps };
};

describe('items', () => {
  test('are put 25 at a time', async () => {
    const { deps, taken, sizes } = setUp(() => true);
    await putItems(items, deps);
    expect(sizes).toEqual([25, 25, 10]);
    expect(taken).toEqual(items);
  });

  test('that were not taken are put again, and no others, ever later and with jitter', async () => {
    const { deps, taken, sizes, sleeps } = setUp((item, call) => item % 2 === 0 || call > 3);
    await putItems(items.slice(0, 25), deps);
    expect(sizes).toEqual([25, 12, 12, 12]);
    expect(taken.toSorted((a, b) => a - b)).toEqual(items.slice(0, 25));
    expect(sleeps).toEqual([25, 50, 100]);
  });

  test('that are never taken fail the batch while there is time left to say so', async () => {
    const { deps, sleeps } = setUp((item) => item !== 3, 20_000);
    await expect(putItems(items, deps)).rejects.toMatchObject({ name: 'ItemsNotTaken' });
    expect(Math.max(...sleeps)).toBeLessThanOrEqual(5_000);
    expect(sleeps.reduce((sum, one) => sum + one, 0)).toBeLessThan(15_000);
  });
});
