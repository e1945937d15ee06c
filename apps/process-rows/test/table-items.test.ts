import { expect, test } from '@jest/globals';
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
  expect(tableItems(sales, 'id')(rows)).toEqual([
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
  expect(tableItems(sales, 'id')([['8', null, null, null, null, null]])).toEqual([
    { dataset_key: { S: 'sales#8' }, id: { S: '8' } },
  ]);
});

test('of rows with the same key a batch puts the last one', () => {
  const rows = [1, 2].map((amount) => ['7', amount, null, null, null, null]);
  expect(tableItems(sales, 'id')(rows)).toMatchObject([{ amount: { N: '2' } }]);
});

test.each(['amount', 'secret', 'nothing'])(
  '%s, which may be null or is not published, is no key',
  (column) => {
    expect(() => tableItems(sales, column)).toThrow(`required column ${column}`);
  },
);
