import { expect, test } from '@jest/globals';
import { defineDataset, rowKeyFault, text } from '../src/index.ts';

const sales = defineDataset({
  name: 'sales',
  fields: { id: text({ required: true }), note: text(), secret: text({ required: true, pii: true }) },
});

test('a published, required column can be the key of the rows', () => {
  expect(rowKeyFault(sales, 'id')).toBeNull();
});

test.each(['note', 'secret', 'nothing'])(
  '%s, which may be null or is not published, cannot be the key',
  (column) => {
    expect(rowKeyFault(sales, column)).toBe(
      `sales has no published, required column ${column} to be its key`,
    );
  },
);

test('a dataset with a column of the name of the key of the table has no place there', () => {
  const named = defineDataset({
    name: 'named',
    fields: { id: text({ required: true }), dataset_key: text() },
  });
  expect(rowKeyFault(named, 'id')).toBe("dataset_key of named is the table's key");
});
