import { describe, expect, test } from '@jest/globals';
import { Pace } from '../src/pace.ts';

/** How many records of 100 bytes may go in the second from `start` on, asked every millisecond. */
function recordsIn(pace: Pace, shard: string, start: number): number {
  let records = 0;
  for (let now = start; now < start + 1000; now += 1) {
    while (records < 5_000 && pace.waitOf(shard, now) === 0) {
      pace.spend(shard, 100, now);
      records += 1;
    }
  }
  return records;
}

describe('the pace of a shard', () => {
  test('has no limit until the shard throttles', () => {
    expect(recordsIn(new Pace(), 'a', 0)).toBe(5_000);
  });

  test('is below what a shard takes after a throttle, and grows from there', () => {
    const pace = new Pace();
    pace.throttled('a', 0, 0);
    const first = recordsIn(pace, 'a', 0);
    const second = recordsIn(pace, 'a', 1000);
    expect(first).toBeGreaterThan(650);
    expect(first).toBeLessThan(850);
    expect(second).toBeGreaterThan(first);
  });

  test('falls once for all requests of a storm', () => {
    const pace = new Pace();
    pace.throttled('a', 0, 100);
    for (const sentAt of [10, 20, 90]) pace.throttled('a', sentAt, 110);
    expect(pace.shares().a).toBeCloseTo(0.7, 1);
    pace.throttled('a', 120, 130);
    expect(pace.shares().a).toBeCloseTo(0.49, 1);
  });

  test('counts bytes where they are the tighter limit', () => {
    const pace = new Pace();
    pace.throttled('a', 0, 0);
    expect(pace.waitOf('a', 10)).toBe(0);
    pace.spend('a', 1024 * 1024, 10);
    expect(pace.waitOf('a', 10)).toBeGreaterThan(1_000);
  });

  test('leaves other shards alone', () => {
    const pace = new Pace();
    pace.throttled('a', 0, 0);
    expect(recordsIn(pace, 'b', 0)).toBe(5_000);
  });

  test('is forgotten once the shard takes twice its rate', () => {
    const pace = new Pace();
    pace.throttled('a', 0, 0);
    expect(pace.waitOf('a', 60_000)).toBe(0);
    expect(pace.shares()).toEqual({});
  });
});
