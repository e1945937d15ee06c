import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraries } from '../src/arbitraries/index.ts';
import {
  boolean,
  date,
  decimal,
  defineDataset,
  double,
  integer,
  text,
  timestamp,
  zodSchema,
} from '../src/index.ts';

// Seventeen fields a row; a busy machine takes its time.
jest.setTimeout(60_000);

const everything = defineDataset({
  name: 'everything',
  nullTokens: ['', 'NULL', '-'],
  fields: {
    id: text({ required: true, pattern: '^[A-Z]{2}[0-9]{1,5}$' }),
    name: text({ trim: true, upper: true, maxLength: 20, default: 'X' }),
    status: text({ trim: true, lower: true, oneOf: ['open', 'shut'], required: true }),
    remark: text(),
    details: text({ json: true }),
    ratio: double(),
    share: double({ min: 0, max: 1 }),
    count: integer({ required: true }),
    age: integer({ min: 0, max: 150, onInvalid: 'null' }),
    amount: decimal(38, 10),
    price: decimal(6, 2, { min: '-10', max: '9999.99' }),
    pieces: decimal(5, 0, { required: true, default: '1' }),
    open: boolean({ required: true }),
    day: date(),
    due: date({ formats: ['dd.MM.yyyy', 'yyyyMMdd'], min: '2020-01-01', max: '2024-02-29' }),
    at: timestamp(),
    seen: timestamp({ formats: ['iso', 'yyyy-MM-dd HH:mm'], from: 'Seen At' }),
  },
});

// What happens to single fields is laid down in the conformance vectors; here the schema is the judge.
describe('rows for property tests', () => {
  const schema = zodSchema(everything);
  const { validRow, brokenRow } = arbitraries(everything);

  test('a valid row is one that the schema takes', () => {
    fc.assert(
      fc.property(validRow, (cells) => {
        expect(schema.safeParse(cells).error?.issues ?? []).toEqual([]);
        expect(Object.keys(cells)).toEqual(everything.fields.map((field) => field.from));
      }),
      { numRuns: 500 },
    );
  });

  test('a broken row has every fault that it says', () => {
    const fieldOf = new Map(everything.fields.map((field) => [field.from, field.name]));
    fc.assert(
      fc.property(brokenRow, ({ cells, reasons }) => {
        const issues = (schema.safeParse(cells).error?.issues ?? []).map((issue) => ({
          field: fieldOf.get(String(issue.path[0])),
          code: issue.message,
        }));
        expect(reasons.length).toBeGreaterThan(0);
        expect(issues).toEqual(expect.arrayContaining([...reasons]));
        // And no fault anywhere else.
        expect(new Set(issues.map((issue) => issue.field))).toEqual(
          new Set(reasons.map((reason) => reason.field)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('every code that a value can earn comes up', () => {
    const codes = fc
      .sample(brokenRow, { numRuns: 3000, seed: 3 })
      .flatMap((row) => row.reasons.map((one) => one.code));
    expect([...new Set(codes)].sort()).toEqual(
      [
        ...['missing', 'not_a_number', 'not_an_integer', 'out_of_range', 'not_a_boolean', 'not_a_date'],
        ...['not_a_timestamp', 'not_allowed', 'pattern_mismatch', 'too_long', 'too_small', 'too_large'],
      ].sort(),
    );
  });

  test('valid rows hold blanks, null tokens, nulls and letters beyond 16 bits', () => {
    const cells = fc.sample(validRow, { numRuns: 500, seed: 5 }).flatMap((row) => Object.values(row));
    expect(cells).toContain(null);
    expect(cells).toContain('NULL');
    expect(cells.some((cell) => cell?.startsWith('\u3000'))).toBe(true);
    expect(cells.some((cell) => /[\u{10000}-\u{10ffff}]/u.test(cell ?? ''))).toBe(true);
  });

  test('nothing can be wrong with a row of free text', () => {
    const free = arbitraries(defineDataset({ name: 'free', fields: { a: text(), b: text() } }));
    fc.assert(fc.property(free.brokenRow, (row) => expect(row.reasons).toEqual([])));
  });
});
