import { describe, expect, test } from '@jest/globals';
import { boolean, date, decimal, defineDataset, double, text, timestamp } from '@sluice/record-schema';
import { tableItems } from '../src/table-items.ts';

const sales = defineDataset({
  name: 'sales',
  fields: {
    id: text({ required: true }),
    amount: double(),
    price: decimal(9, 2),
    paid: boolean(),
    day: date(),
    at: timestamp(),
    secret: text({ required: true, pii: true }),
  },
});

test('a row is an item under its dataset and key, nulls left out', () => {
  const rows = [
    ['7', 1.5, '2.50', true, '2026-01-02', Date.UTC(2026, 0, 2), null].slice(0, sales.columns.length),
  ];
  expect(tableItems(sales, 'id')(rows).items).toEqual([
    {
      dataset_key: { S: 'sales#7' },
      id: { S: '7' },
      amount: { N: '1.5' },
      price: { N: '2.50' },
      paid: { BOOL: true },
      day: { S: '2026-01-02' },
      at: { S: '2026-01-02T00:00:00.000Z' },
    },
  ]);
  expect(tableItems(sales, 'id')([['8', null, null, null, null, null]]).items).toEqual([
    { dataset_key: { S: 'sales#8' }, id: { S: '8' } },
  ]);
});

test('of rows with the same key a batch puts the last one', () => {
  const rows = [1, 2].map((amount) => ['7', amount, null, null, null, null]);
  expect(tableItems(sales, 'id')(rows).items).toMatchObject([{ amount: { N: '2' } }]);
});

test.each(['amount', 'secret', 'nothing'])(
  '%s, which may be null or is not published, is no key',
  (column) => {
    expect(() => tableItems(sales, column)).toThrow(`required column ${column}`);
  },
);

describe('a row that the table cannot take', () => {
  const items = tableItems(sales, 'id');
  const row = (id: string, amount: number | null = null, price: string | null = null) => [
    id,
    amount,
    price,
    null,
    null,
    null,
  ];
  /** Its key has so many bytes, two of them a character. */
  const idOf = (bytes: number): string => `é${'x'.repeat(bytes - 'sales#'.length - 2)}`;

  test.each([
    ['a key of 2,048 bytes', row(idOf(2048)), null],
    ['a key of 2,049 bytes', row(idOf(2049)), 'key_too_long'],
    ['an empty key, which is one behind the name of its dataset', row(''), null],
    ['the smallest number', row('7', 1e-130), null],
    ['one below it', row('7', 9.9999e-131), 'number_out_of_range'],
    ['the smallest double', row('7', -5e-324), 'number_out_of_range'],
    ['zero', row('7', 0), null],
    ['the largest number', row('7', -9.99999999999999e125), null],
    ['one above it', row('7', -1e126), 'number_out_of_range'],
    ['the largest double', row('7', Number.MAX_VALUE), 'number_out_of_range'],
    ['38 digits', row('7', null, `-${'9'.repeat(38)}`), null],
  ])('is found before the call: %s', (_what, values, reason) => {
    const { items: put, unfit } = items([values]);
    expect(unfit).toEqual(reason === null ? [] : [{ at: 0, reason }]);
    expect(put).toHaveLength(reason === null ? 1 : 0);
  });

  test.each([
    [0, null],
    [1, 'item_too_large'],
  ])('is one whose names and values have 400 KB and %s bytes', (more, reason) => {
    const notes = defineDataset({
      name: 'notes',
      fields: { id: text({ required: true }), note: text(), paid: boolean(), weight: double() },
    });
    const others = [
      'dataset_key',
      'notes#7',
      'id',
      '7',
      'note',
      'é',
      'paid',
      't',
      'weight',
      '21 bytes for a number',
    ];
    const room = 400 * 1024 - Buffer.byteLength(others.join(''));
    const values = ['7', `é${'x'.repeat(room + more)}`, true, 1.5];
    expect(tableItems(notes, 'id')([values]).unfit).toEqual(reason === null ? [] : [{ at: 0, reason }]);
  });

  test('keeps no other from it, not even one with the same key', () => {
    const { items: put, unfit } = items([row('7', 1), row('7', 1e200), row('8', 2), row(idOf(3000), 3)]);
    expect(put).toMatchObject([{ amount: { N: '1' } }, { amount: { N: '2' } }]);
    expect(unfit).toEqual([
      { at: 1, reason: 'number_out_of_range' },
      { at: 3, reason: 'key_too_long' },
    ]);
  });
});
