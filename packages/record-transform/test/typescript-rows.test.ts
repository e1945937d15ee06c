import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  col,
  concat,
  type DatasetDefinition,
  date,
  decimal,
  defineDataset,
  double,
  eq,
  integer,
  lookup,
  matches,
  oneOf,
  plus,
  pseudonym,
  text,
  times,
  timestamp,
  when,
  withinDays,
} from '@sluice/record-schema';
import fc from 'fast-check';
import { compileRow, rowSource } from '../src/typescript/compile-row.ts';
import { literal } from '../src/typescript/source-text.ts';
import { transformRows } from '../src/typescript/transform-rows.ts';

const AS_OF = Date.UTC(2026, 5, 15);
const define = (rest: Omit<DatasetDefinition, 'name'>) => defineDataset({ name: 'rows', ...rest });
const fateOf = (rest: Omit<DatasetDefinition, 'name'>, ...cells: readonly (string | null)[]) =>
  compileRow(define(rest), { asOf: AS_OF, pseudonymKey: 'key' })(cells);

describe('a compiled row', () => {
  test('collects all reasons, by field and then in their own order', () => {
    const fields = {
      a: text({ required: true }),
      b: text({ oneOf: ['x'], pattern: '^x', maxLength: 1 }),
      c: integer({ max: 3 }),
    };
    expect(fateOf({ fields }, ' ', 'yy', '4')).toEqual({
      fate: 'quarantined',
      reasons: [
        { field: 'a', code: 'missing' },
        { field: 'b', code: 'not_allowed' },
        { field: 'b', code: 'pattern_mismatch' },
        { field: 'b', code: 'too_long' },
        { field: 'c', code: 'too_large' },
      ],
    });
  });

  test("turns a bad value into null where the field says so, without the default's help", () => {
    const fields = {
      a: double({ onInvalid: 'null', default: 7, min: 1 }),
      b: text({ onInvalid: 'null', default: 'ok', oneOf: ['ok'], maxLength: 2 }),
      c: date({ onInvalid: 'null', default: '2026-01-01' }),
    };
    expect(fateOf({ fields }, 'x', 'bad', '2026-02-30')).toEqual({
      fate: 'accepted',
      values: [null, null, null],
    });
    expect(fateOf({ fields }, '0', '', null)).toEqual({
      fate: 'accepted',
      values: [null, 'ok', '2026-01-01'],
    });
  });

  test('standardises defaults as it does values', () => {
    const fields = { a: text({ default: ' unknown ', trim: true, upper: true }), b: double({ default: -0 }) };
    expect(fateOf({ fields }, null, null)).toEqual({ fate: 'accepted', values: ['UNKNOWN', 0] });
  });

  test('tries formats in their order and publishes dates in one form', () => {
    const fields = {
      a: date({ formats: ['dd/MM/yyyy', 'MM/dd/yyyy', 'yyyyMMdd'] }),
      b: timestamp({ formats: ['iso', 'yyyy-MM-dd HH:mm'] }),
    };
    const read = (a: string, b: string) => fateOf({ fields }, a, b);
    expect(read('03/04/2026', '2026-01-01T00:00:00+01:00')).toEqual({
      fate: 'accepted',
      values: ['2026-04-03', Date.UTC(2025, 11, 31, 23)],
    });
    expect(read(' 12/31/2026 ', '2026-01-01 10:20')).toEqual({
      fate: 'accepted',
      values: ['2026-12-31', Date.UTC(2026, 0, 1, 10, 20)],
    });
    expect(read('20260230', '2026-01-01')).toMatchObject({
      reasons: [
        { field: 'a', code: 'not_a_date' },
        { field: 'b', code: 'not_a_timestamp' },
      ],
    });
  });

  test('is filtered by the first rule that is not true', () => {
    const rest = {
      fields: { a: text(), b: timestamp() },
      rules: () => ({ known: oneOf(col('a'), ['x', 'y']), recent: withinDays(col('b'), 1) }),
    };
    expect(fateOf(rest, 'z', null)).toEqual({ fate: 'filtered', rule: 'known' });
    expect(fateOf(rest, null, null)).toEqual({ fate: 'filtered', rule: 'known' });
    expect(fateOf(rest, 'x', null)).toEqual({ fate: 'filtered', rule: 'recent' });
    expect(fateOf(rest, 'x', '2026-06-13 23:59:59')).toEqual({ fate: 'filtered', rule: 'recent' });
    expect(fateOf(rest, 'x', '2026-06-14 00:00:00')).toMatchObject({ fate: 'accepted' });
  });

  test('computes with decimals exactly, whatever their scales', () => {
    const rest = {
      fields: { a: decimal(18, 2), b: decimal(18, 4) },
      derived: () => ({
        sum: plus(col('a'), col('b')),
        product: times(col('a'), col('b')),
        same: eq(col('a'), col('b')),
      }),
    };
    expect(fateOf(rest, '9999999999999999.99', '0.0001')).toEqual({
      fate: 'accepted',
      values: ['9999999999999999.99', '0.0001', '9999999999999999.9901', '999999999999.999999', false],
    });
    expect(fateOf(rest, '-1.5', '-1.50')).toMatchObject({
      values: ['-1.50', '-1.5000', '-3.0000', '2.250000', true],
    });
  });

  test('gives null on overflow and never −0', () => {
    const rest = {
      fields: { a: double(), b: integer() },
      derived: () => ({
        d: times(col('a'), col('a')),
        i: times(col('b'), col('b')),
        z: times(col('a'), col('b')),
      }),
    };
    expect(fateOf(rest, '1e200', '3037000500')).toMatchObject({
      values: [1e200, 3037000500, null, null, 3.0370005e209],
    });
    expect(fateOf(rest, '-1', '0')).toEqual({ fate: 'accepted', values: [-1, 0, 1, 0, 0] });
  });

  test('needs a key for pseudonyms, and says so when it is compiled', () => {
    const dataset = define({
      fields: { a: text({ pii: true }) },
      derived: () => ({ p: pseudonym(col('a')) }),
    });
    expect(() => compileRow(dataset, { asOf: AS_OF })).toThrow(
      'dataset rows: pseudonym needs a key, and the run has none',
    );
    expect(compileRow(dataset, { asOf: AS_OF, pseudonymKey: 'ké' })(['é'])).toEqual({
      fate: 'accepted',
      values: [createHmac('sha256', Buffer.from('ké')).update('é').digest('hex')],
    });
  });

  test('keeps nothing between rows', () => {
    const row = compileRow(define({ fields: { a: text({ pattern: 'x' }), b: double() } }), { asOf: AS_OF });
    expect(row(['', 'bad'])).toMatchObject({ fate: 'quarantined' });
    for (const _ of [1, 2, 3]) expect(row(['x', '1'])).toEqual({ fate: 'accepted', values: ['x', 1] });
    expect(row([null, null])).toEqual({ fate: 'accepted', values: [null, null] });
  });
});

describe('generated source', () => {
  const hostile = [
    '"]); process.exit(1); //',
    "'; throw 1; '",
    '`\u0024{process.exit(1)}`',
    '\\"; throw 1; //',
    '\u2028throw 1',
    'x\n}; throw 1; //',
    '</script>',
    '*/ throw 1 /*',
    '\\u0022',
    '\ud7ff\u0000',
  ];

  test('holds any literal as it is', () => {
    const evaluate = (source: string): unknown => new Function(`"use strict"; return ${source};`)();
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...hostile)), (value) => {
        expect(evaluate(literal(value))).toBe(value);
      }),
    );
    for (const value of [0, -1.5, 1e300, Number.MIN_VALUE, true, false, null])
      expect(evaluate(literal(value))).toBe(value);
    expect(() => literal(Number.NaN)).toThrow(TypeError);
  });

  test.each(hostile)('treats %j as a value wherever an author may write one', (value) => {
    const rest = {
      fields: {
        a: text({
          from: value,
          oneOf: [value, ...hostile],
          default: value,
          nullTokens: ['-', value.slice(1)],
        }),
        b: text({ nullTokens: hostile.map((one) => `${one}!`) }),
      },
      derived: () => ({
        c: concat(col('a'), { op: 'lit', type: 'text', value } as const),
        d: lookup(col('a'), { [value]: value }),
        e: when([[eq(col('a'), { op: 'lit', type: 'text', value } as const), col('b')]]),
        f: matches(col('b'), '^[`"\'\\\\]'),
      }),
      rules: () => ({ r: oneOf(col('a'), [value]) }),
    };
    expect(fateOf(rest, value, '`')).toEqual({
      fate: 'accepted',
      values: [value, '`', value + value, value, '`', true],
    });
    expect(fateOf(rest, null, `${value}!`)).toMatchObject({
      values: [value, null, value + value, value, null, null],
    });
  });

  test('names columns by number only', () => {
    const dataset = define({ fields: { constructor_name: text({ from: 'x-marks-the-spot' }) } });
    expect(rowSource(dataset, { asOf: AS_OF }).text).not.toMatch(/constructor_name|x-marks-the-spot/);
  });
});

describe('rows in flight', () => {
  const notes = define({ fields: { a: text(), b: double() } });
  const transform = async (input: string, key = 'in.csv', chunkSize = 7) => {
    const bytes = Buffer.from(input);
    const chunks = Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, at) =>
      bytes.subarray(at * chunkSize, (at + 1) * chunkSize),
    );
    const rows = [];
    for await (const row of transformRows(notes, { key, chunks }, { asOf: AS_OF })) rows.push(row);
    return rows;
  };
  const fates = async (input: string, key?: string) =>
    (await transform(input, key)).map(({ outcome }) => outcome.fate);

  test('are numbered, and quarantined ones come with their raw text', async () => {
    expect(await transform('a,b\n"x",1\n\ny,"z"\nonly\n')).toEqual([
      { rowNumber: 1, outcome: { fate: 'accepted', values: ['x', 1] } },
      {
        rowNumber: 2,
        outcome: { fate: 'quarantined', reasons: [{ field: 'b', code: 'not_a_number' }] },
        raw: 'y,"z"',
      },
      {
        rowNumber: 3,
        outcome: { fate: 'quarantined', reasons: [{ field: null, code: 'wrong_field_count' }] },
        raw: 'only',
      },
    ]);
  });

  test('are duplicates of an equal earlier row, whatever became of that one, and by declared fields alone', async () => {
    expect(await fates('a,b,c\nx,1,1\nx,1,2\nx,bad,1\nx,bad,1\nx,1.0,1\n"x","1",3\n')).toEqual([
      'accepted',
      'duplicate',
      'quarantined',
      'duplicate',
      'accepted',
      'duplicate',
    ]);
  });

  test('are never duplicates where they are malformed', async () => {
    expect(await fates('a,b\nx\nx\n')).toEqual(['quarantined', 'quarantined']);
  });

  test('differ by null and empty text, and by where one cell ends and the next begins', async () => {
    const rows = [
      '{"a":null}',
      '{"a":""}',
      '{}',
      '{"a":"1:","b":"1"}',
      '{"a":"1","b":":1"}',
      '{"a":"-"}',
      '{"b":1,"a":"1:"}',
    ];
    expect(await fates(rows.join('\n'), 'in.jsonl')).toEqual([
      'accepted',
      'accepted',
      'duplicate',
      'accepted',
      'quarantined',
      'accepted',
      'duplicate',
    ]);
  });

  test('can be let go of in the middle', async () => {
    let closed = false;
    const endless = async function* () {
      try {
        yield Buffer.from('a,b\n');
        for (let row = 0; ; row += 1) yield Buffer.from(`${row},1\n`);
      } finally {
        closed = true;
      }
    };
    for await (const { rowNumber } of transformRows(
      notes,
      { key: 'in.csv', chunks: endless() },
      { asOf: AS_OF },
    )) {
      if (rowNumber === 1000) break;
    }
    expect(closed).toBe(true);
  });

  test('are as many as the object has, each with one fate', async () => {
    const cell = fc.constantFrom('x', 'y', '1', '2.5', 'bad', '"', '', '\n', ',', '"q"');
    const lines = fc.array(fc.array(cell, { maxLength: 4 }).map((cells) => cells.join(',')));
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 40 }), async (rows, chunkSize) => {
        const input = `a,b\n${rows.join('\n')}`;
        const whole = await transform(input, 'in.csv', 1_000_000);
        expect(await transform(input, 'in.csv', chunkSize)).toEqual(whole);
        expect(whole.map(({ rowNumber }) => rowNumber)).toEqual(whole.map((_, at) => at + 1));
      }),
    );
  });
});
