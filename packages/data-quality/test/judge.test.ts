import { describe, expect, test } from '@jest/globals';
import { defineDataset, integer, type QualityCheck, text } from '@sluice/record-schema';
import fc from 'fast-check';
import { judge, type Profile } from '../src/index.ts';

const dataset = (
  quality: {
    score?: 'cells' | 'columns';
    threshold?: number;
    gateFrom?: number;
    checks?: QualityCheck[];
  } = {},
) => defineDataset({ name: 'things', fields: { a: text(), b: integer() }, quality });

const profile = (
  rowsIn: number,
  over: Partial<Profile> & { nulls?: [number, number]; invalid?: number } = {},
): Profile => {
  const [a, b] = over.nulls ?? [0, 0];
  return {
    rowsIn,
    malformed: 0,
    duplicates: 0,
    columns: [
      { name: 'a', type: 'text', nulls: a, invalid: 0, numericLooking: 0 },
      { name: 'b', type: 'integer', nulls: b, invalid: over.invalid ?? 0 },
    ],
    ...over,
  };
};

describe('the score over cells', () => {
  test('is 100 for an object without nulls and duplicates', () => {
    expect(judge(dataset(), profile(10)).score).toBe(100);
  });

  test('takes off the share of null cells and of duplicate rows', () => {
    const verdict = judge(dataset(), profile(10, { nulls: [3, 1], duplicates: 2 }));
    expect(verdict.score).toBe(60);
    expect(verdict.costs).toEqual([
      { figure: 'nulls', points: 20, because: '4 of 20 cells are null' },
      { figure: 'duplicates', points: 20, because: '2 of 10 rows are duplicates' },
    ]);
  });

  test('rounds once, half up, from exact fractions', () => {
    // 100 − 100/800·… : 1 of 1600 cells is 0.0625 %, so that 99.9375 becomes 99.94.
    expect(judge(dataset(), profile(800, { nulls: [1, 0] })).score).toBe(99.94);
    // A third of the rows and a sixth of the cells: rounding each figure first would give 50.01.
    expect(judge(dataset(), profile(3, { nulls: [1, 0], duplicates: 1 })).score).toBe(50);
  });

  test('never falls below zero', () => {
    expect(judge(dataset(), profile(4, { nulls: [4, 4], duplicates: 3 })).score).toBe(0);
  });

  test('is zero without rows, and says so', () => {
    const verdict = judge(dataset(), profile(0));
    expect(verdict).toMatchObject({ score: 0, passed: false });
    expect(verdict.costs).toEqual([{ figure: 'rows', points: 100, because: 'there are no rows' }]);
  });

  test('is a number from 0 to 100 with two places at most, whatever the profile', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000 }).chain((rows) =>
          fc.record({
            rows: fc.constant(rows),
            a: fc.integer({ min: 0, max: rows }),
            b: fc.integer({ min: 0, max: rows }),
            duplicates: fc.integer({ min: 0, max: rows }),
            score: fc.constantFrom('cells' as const, 'columns' as const),
          }),
        ),
        ({ rows, a, b, duplicates, score: kind }) => {
          const { score } = judge(dataset({ score: kind }), profile(rows, { nulls: [a, b], duplicates }));
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(100);
          expect(Number(score.toFixed(2))).toBe(score);
        },
      ),
    );
  });
});

describe('the score over columns', () => {
  test('takes off ten points for a column of nulls', () => {
    expect(judge(dataset({ score: 'columns' }), profile(10, { nulls: [10, 5], duplicates: 1 })).score).toBe(
      75,
    );
  });
});

describe('the gate', () => {
  test.each([
    [70, true],
    [70.01, false],
  ])('at threshold %d lets a score of 70 pass: %s', (threshold, passed) => {
    expect(judge(dataset({ threshold }), profile(10, { nulls: [6, 0] })).passed).toBe(passed);
  });

  test('is seventy unless the dataset says otherwise', () => {
    expect(judge(dataset(), profile(10, { nulls: [6, 1] }))).toMatchObject({ threshold: 70, passed: false });
  });

  test.each<
    [string, QualityCheck, Partial<Profile> & { nulls?: [number, number]; invalid?: number }, number]
  >([
    [
      'nulls of a field',
      { check: 'max_null_percent', field: 'b', percent: 10, level: 'error' },
      { nulls: [0, 2] },
      20,
    ],
    [
      'invalid values',
      { check: 'max_invalid_percent', field: 'b', percent: 10, level: 'error' },
      { invalid: 2 },
      20,
    ],
    ['duplicates', { check: 'max_duplicate_percent', percent: 10, level: 'error' }, { duplicates: 2 }, 20],
    ['rows', { check: 'min_rows', rows: 11, level: 'error' }, {}, 10],
  ])('closes when a check on %s fails, however good the score', (_, check, over, actual) => {
    const verdict = judge(dataset({ checks: [check] }), profile(10, over));
    expect(verdict.score).toBeGreaterThanOrEqual(70);
    expect(verdict.passed).toBe(false);
    expect(verdict.checks).toEqual([expect.objectContaining({ check: check.check, passed: false, actual })]);
  });

  test('stays open when a check of level warning fails', () => {
    const checks: QualityCheck[] = [{ check: 'min_rows', rows: 11, level: 'warning' }];
    const verdict = judge(dataset({ checks }), profile(10));
    expect(verdict.passed).toBe(true);
    expect(verdict.checks[0]?.passed).toBe(false);
  });

  test('lets a check pass at its very limit', () => {
    const checks: QualityCheck[] = [{ check: 'max_duplicate_percent', percent: 10, level: 'error' }];
    expect(judge(dataset({ checks }), profile(10, { duplicates: 1 })).checks[0]?.passed).toBe(true);
  });
});

describe('findings', () => {
  const levels = (over: Parameters<typeof profile>[1], rows = 1000) =>
    judge(dataset(), profile(rows, over)).findings.map(({ level, code }) => `${level} ${code}`);

  test.each([
    [[400, 0], []],
    [[401, 0], ['warning many_nulls']],
    [[1000, 0], ['warning many_nulls']],
    [[1000, 1], ['error many_nulls']],
  ] as const)('on nulls %j', (nulls, expected) => {
    expect(levels({ nulls: [...nulls] })).toEqual(expected);
  });

  test.each([
    [100, []],
    [101, ['warning many_duplicates']],
    [300, ['warning many_duplicates']],
    [301, ['error many_duplicates']],
  ])('on %d duplicates of a thousand', (duplicates, expected) => {
    expect(levels({ duplicates })).toEqual(expected);
  });

  test('note a text column of which over 80 % of the values look like numbers', () => {
    const numeric = (numericLooking: number): Profile => ({
      ...profile(100),
      columns: [{ name: 'a', type: 'text', nulls: 50, invalid: 0, numericLooking }],
    });
    expect(judge(dataset(), numeric(40)).findings.map(({ code }) => code)).not.toContain('numeric_text');
    expect(judge(dataset(), numeric(41)).findings).toContainEqual({
      level: 'note',
      code: 'numeric_text',
      field: 'a',
      message: 'a is text, yet 82 % of its values look like numbers',
    });
  });
});

describe('a gate that takes a number of rows', () => {
  const some = dataset({
    gateFrom: 3,
    checks: [{ check: 'max_invalid_percent', field: 'b', percent: 0, level: 'error' }],
  });

  test('is open for fewer, whatever they score, and says why', () => {
    const verdict = judge(some, profile(2, { nulls: [2, 1], duplicates: 1 }));
    expect(verdict).toMatchObject({ score: 0, passed: true });
    expect(verdict.findings).toContainEqual({
      level: 'note',
      code: 'few_rows',
      message: '2 rows are too few for the score to close the gate, which takes 3',
    });
  });

  test('is closed by the score from that number on', () => {
    const verdict = judge(some, profile(3, { nulls: [3, 1] }));
    expect(verdict.passed).toBe(false);
    expect(verdict.findings.map(({ code }) => code)).not.toContain('few_rows');
  });

  test('is closed by a check, and for an object without rows, all the same', () => {
    expect(judge(some, profile(1, { invalid: 1 })).passed).toBe(false);
    expect(judge(some, profile(0)).passed).toBe(false);
  });
});
