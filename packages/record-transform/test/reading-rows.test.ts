import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { defineDataset, double, text } from '@sluice/record-schema';
import fc from 'fast-check';
import { valueSources } from '../src/reading/json-members.ts';
import { createRowReader } from '../src/reading/row-reader.ts';

const notes = defineDataset({
  name: 'notes',
  fields: { id: text({ required: true }), size: double(), body: text({ json: true }) },
});

type Row = readonly (string | null)[] | { readonly code: string; readonly raw: string };

const read = (
  input: string | Uint8Array,
  {
    key = 'a.json',
    cuts = [],
    dataset = notes,
  }: { key?: string; cuts?: readonly number[]; dataset?: typeof notes } = {},
): { rows: Row[]; numbers: number[]; unknownColumns: readonly string[] } => {
  const bytes = Buffer.from(input);
  const rows: Row[] = [];
  const numbers: number[] = [];
  const reader = createRowReader(dataset, key, {
    row(cells, rowNumber) {
      rows.push([...cells]);
      numbers.push(rowNumber);
    },
    malformed(code, raw, rowNumber) {
      rows.push({ code, raw });
      numbers.push(rowNumber);
    },
  });
  let from = 0;
  for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    const chunk = Buffer.from(bytes.subarray(from, to));
    reader.push(chunk);
    chunk.fill(0);
    from = to;
  }
  const { rows: count, malformed, unknownColumns } = reader.end();
  expect(count).toBe(rows.length);
  expect(malformed).toBe(rows.filter((row) => 'code' in row).length);
  return { rows, numbers, unknownColumns };
};

const refusal = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return null;
};

describe('rows of CSV', () => {
  test('are the declared columns in the order of the fields, absent ones null', () => {
    const { rows, numbers, unknownColumns } = read('x,body,id\n1,"a""b",7\n\n1,2\n,,\n', { key: 'a.csv' });
    expect(rows).toEqual([['7', null, 'a"b'], { code: 'wrong_field_count', raw: '1,2' }, ['', null, '']]);
    expect(numbers).toEqual([1, 2, 3]);
    expect(unknownColumns).toEqual(['x']);
  });

  test('give their raw text on demand', () => {
    const raws: string[] = [];
    const reader = createRowReader(notes, 'a.csv', {
      row: (_cells, _number, raw) => raws.push(raw()),
      malformed: () => undefined,
    });
    reader.push(Buffer.from('id\n"é"\nb\n'));
    reader.end();
    expect(raws).toEqual(['"é"', 'b']);
  });
});

describe('rows of JSON', () => {
  const array = ' [ {"id":"1"} ,\n{"id":"]}\\",{","size":1.50}, {} ] \n';
  const lines = '{"id":"1"}\r\n\n \t\n {"id":"]}\\",{","size":1.50}\n{}';
  const expected = [
    ['1', null, null],
    [']}",{', '1.50', null],
    [null, null, null],
  ];

  test.each([
    ['an array', array],
    ['lines', lines],
    ['an array behind a byte order mark', `\ufeff${array}`],
    ['lines behind a byte order mark', `\ufeff${lines}`],
  ])('come from %s, wherever chunks end', (_, input) => {
    const all = Array.from({ length: 80 }, (_unused, at) => at);
    for (const cuts of [[], all, ...all.map((at) => [at])])
      expect(read(input, { cuts }).rows).toEqual(expected);
  });

  test('come in the same way from an object of many chunks', () => {
    const rows = Array.from({ length: 5000 }, (_, at) => ({
      id: `${at} é`,
      size: at,
      body: 'x'.repeat(at % 50),
    }));
    const cells = rows.map(({ id, size, body }) => [id, `${size}`, body]);
    const cuts = Array.from({ length: 300 }, (_, at) => at * 977);
    expect(read(JSON.stringify(rows), { cuts }).rows).toEqual(cells);
    expect(read(rows.map((row) => JSON.stringify(row)).join('\n'), { cuts }).rows).toEqual(cells);
  });

  test('keep numbers and JSON text as they were written', () => {
    expect(read('{"id":1.10,"size":-0,"body":{ "a" : [1e2, "}"] }}\n{"id":1E5,"body":[ ]}').rows).toEqual([
      ['1.10', '-0', '{ "a" : [1e2, "}"] }'],
      ['1E5', null, '[ ]'],
    ]);
  });

  test('take the last of duplicate keys, also as the source of a number', () => {
    expect(read('{"id":{},"id":1.0,"i\\u0064":2.0}').rows).toEqual([['2.0', null, null]]);
  });

  test('are malformed for one reason', () => {
    const input = [
      '{"id":"a"',
      '[1]',
      'null',
      '{"id":{"a":1}}',
      '{"id":"\\ud800","size":[]}',
      '{"id":"x","other":"\\ud800"}',
    ].join('\n');
    expect(
      read(`{"id":"0"}\n${input}`)
        .rows.slice(1)
        .map((row) => ('code' in row ? row.code : row)),
    ).toEqual([
      'not_json',
      'not_an_object',
      'not_an_object',
      'nested_value',
      'invalid_utf8',
      ['x', null, null],
    ]);
  });

  test('say invalid UTF-8 before anything else', () => {
    const bad = (input: string): Buffer => Buffer.from(input.replaceAll('?', '\xff'), 'latin1');
    expect(read(bad('{"id":"?"}\n{?\n"?"')).rows).toEqual([
      { code: 'invalid_utf8', raw: '{"id":"\ufffd"}' },
      { code: 'invalid_utf8', raw: '{\ufffd' },
      { code: 'invalid_utf8', raw: '"\ufffd"' },
    ]);
    expect(read(bad('[{"id":"?"},{"id":"b"}]')).rows).toEqual([
      { code: 'invalid_utf8', raw: '{"id":"\ufffd"}' },
      ['b', null, null],
    ]);
  });

  test.each([
    ['no end', '[{"id":"1"}'],
    ['no end within a row', '[{"id":"1"'],
    ['a trailing comma', '[{"id":"1"},]'],
    ['a leading comma', '[,{"id":"1"}]'],
    ['two commas', '[{"id":"1"},,{"id":"2"}]'],
    ['something behind', '[{"id":"1"}] x'],
    ['another array behind', '[][]'],
    ['an element that does not parse', '[{"id":}]'],
    ['two elements in one', '[{"id":"1"} {"id":"2"}]'],
    ['the wrong bracket', '[{"id":"1"}}'],
    ['the wrong bracket inside', '[{"id":"1"]}'],
    ['nothing but its bracket', '['],
  ])('of an array with %s are refused', (_, input) => {
    expect(refusal(() => read(input))).toBe('broken_array');
    expect(refusal(() => read(input, { cuts: [1, 2, 3, 9, 10, 11, 12] }))).toBe('broken_array');
  });

  test.each(['', '\ufeff', ' \n\r\n\t'])('are refused where there is no JSON at all: %j', (input) => {
    expect(refusal(() => read(input))).toBe('empty_object');
  });

  test('may be none', () => {
    expect(read(' [ ] ').rows).toEqual([]);
  });

  test('above 16 MiB refuse the object', () => {
    const long = `{"id":"${'x'.repeat(16 * 1024 * 1024)}"}`;
    for (const cuts of [[], [1000, 5_000_000, 16_000_000, 16_777_220]]) {
      expect(refusal(() => read(`{"id":"1"}\n${long}\n`, { cuts }))).toBe('row_too_large');
      expect(refusal(() => read(`[{"id":"1"},${long}]`, { cuts }))).toBe('row_too_large');
      expect(read(`{"id":"1"}\n${long.slice(20)}`.slice(0, 100)).rows).toHaveLength(2);
    }
  });

  test('name a hundred undeclared keys and no more', () => {
    const input = Array.from({ length: 300 }, (_, at) => `{"id":"1","k${at}":1}`).join('\n');
    expect(read(input).unknownColumns).toEqual(Array.from({ length: 100 }, (_, at) => `k${at}`));
  });

  test('with keys that objects inherit read like any other', () => {
    const odd = defineDataset({
      name: 'odd',
      fields: {
        id: text({ from: '__proto__' }),
        size: double({ from: 'constructor' }),
        body: text({ from: 'toString', json: true }),
      },
    }) as unknown as typeof notes;
    expect(read('{}\n{"__proto__":"a","constructor":1.0,"toString":null}', { dataset: odd }).rows).toEqual([
      [null, null, null],
      ['a', '1.0', null],
    ]);
  });

  test('that are Parquet are refused here', () => {
    expect(refusal(() => read('PAR1', { key: 'a.parquet' }))).toBe('wrong_format');
  });
});

describe('the source of a JSON value', () => {
  test('means what the value means, for any object', () => {
    const blanks = fc.constantFrom(0, 2, '\t', ' \r\n ');
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), blanks, (object, indent) => {
        const written = JSON.stringify(object, null, indent);
        const sources = valueSources(` ${written}\n`);
        expect([...sources].map(([key, source]) => [key, JSON.parse(source)])).toEqual(
          Object.entries(JSON.parse(written)).map(([key, value]) => [key, value]),
        );
      }),
    );
  });
});
