import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { mapConcurrently } from '../src/index.ts';

const items = Array.from({ length: 20 }, (_, at) => at);

describe('work on many items', () => {
  test('gives the results in their order, whichever is done first', async () => {
    const turns = (item: number) => (item * 7) % 5;
    const results = await mapConcurrently(items, 4, async (item) => {
      for (let turn = 0; turn < turns(item); turn += 1) await setImmediate();
      return item * 2;
    });
    expect(results).toEqual(items.map((item) => item * 2));
  });

  test('is done for so many at a time and no more', async () => {
    let running = 0;
    const seen: number[] = [];
    await mapConcurrently(items, 4, async () => {
      running += 1;
      seen.push(running);
      await setImmediate();
      running -= 1;
    });
    expect(Math.max(...seen)).toBe(4);
  });

  test('begins no more when one fails, and throws when those under way are over', async () => {
    const [begun, ended]: [number[], number[]] = [[], []];
    const work = mapConcurrently(items, 4, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('the second one broke');
      await setImmediate();
      ended.push(item);
    });
    await expect(work).rejects.toThrow('the second one broke');
    expect(begun).toEqual([0, 1, 2, 3]);
    expect(ended).toEqual([0, 2, 3]);
  });

  test('is none of no items', async () => {
    expect(await mapConcurrently([], 4, async () => 1)).toEqual([]);
  });
});
