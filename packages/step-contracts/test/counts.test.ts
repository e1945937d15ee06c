import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type RowCounts, totalsOf, unaccounted } from '../src/index.ts';

const count = fc.nat({ max: 1_000_000 });
const counts: fc.Arbitrary<RowCounts> = fc
  .record({
    accepted: count,
    filtered: fc.array(fc.record({ rule: fc.string(), rows: count }), { maxLength: 5 }),
    duplicates: count,
    quarantined: count,
  })
  .map((fates) => ({
    ...fates,
    rowsIn:
      fates.accepted +
      fates.filtered.map((one) => one.rows).reduce((a, b) => a + b, 0) +
      fates.duplicates +
      fates.quarantined,
    reasons: [],
  }));

describe('the law of the lake', () => {
  test('no row is unaccounted for when the four fates add up', () => {
    fc.assert(fc.property(counts, (all) => unaccounted(all) === 0));
  });

  test('rows that nobody counted are missing, rows counted twice are too many', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: -1000, max: 1000 }), (all, lost) => {
        expect(unaccounted({ ...all, rowsIn: all.rowsIn + lost })).toBe(lost);
      }),
    );
  });

  test('holds of the totals if it holds of the counts', () => {
    fc.assert(
      fc.property(counts, (all) => {
        const { rowsIn, accepted, filtered, duplicates, quarantined } = totalsOf(all);
        expect(rowsIn).toBe(accepted + filtered + duplicates + quarantined);
      }),
    );
  });
});
