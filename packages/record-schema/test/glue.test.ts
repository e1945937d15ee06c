import { expect, test } from '@jest/globals';
import {
  boolean,
  date,
  decimal,
  defineDataset,
  double,
  glueColumns,
  gluePartitionKeys,
  integer,
  lookup,
  text,
  times,
  timestamp,
} from '../src/index.ts';

test('every type has its Hive type; documentation becomes the comment, a formula that of a derived field', () => {
  const dataset = defineDataset({
    name: 'd',
    fields: {
      a: text({ doc: 'One\n  line.' }),
      b: double(),
      c: integer(),
      d: decimal(12, 2),
      e: boolean(),
      f: date(),
      g: timestamp(),
      hidden: text({ publish: false }),
      secret: text({ pii: true }),
    },
    derived: ({ col }) => ({ double_d: times(col('d'), col('d')) }),
  });
  expect(glueColumns(dataset)).toEqual([
    { name: 'a', type: 'string', comment: 'One line.' },
    { name: 'b', type: 'double', comment: '' },
    { name: 'c', type: 'bigint', comment: '' },
    { name: 'd', type: 'decimal(12,2)', comment: '' },
    { name: 'e', type: 'boolean', comment: '' },
    { name: 'f', type: 'date', comment: '' },
    { name: 'g', type: 'timestamp', comment: '' },
    { name: 'double_d', type: 'decimal(24,4)', comment: 'd × d' },
  ]);
});

test('a comment is cut where Glue would refuse it, never within a character', () => {
  const table = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`😀${at}`, '😀']));
  const dataset = defineDataset({
    name: 'd',
    fields: { a: text() },
    derived: ({ col }) => ({ b: lookup(col('a'), table) }),
  });
  const comment = glueColumns(dataset)[1]?.comment ?? '';
  expect([...comment]).toHaveLength(255);
  expect(comment.isWellFormed()).toBe(true);
  expect(comment.endsWith('…')).toBe(true);
});

test('partition keys are the chosen ones, as whole numbers', () => {
  const dataset = defineDataset({
    name: 'd',
    fields: { a: text() },
    partitions: ['process_year', 'process_month'],
  });
  expect(gluePartitionKeys(dataset).map(({ name, type }) => `${name} ${type}`)).toEqual([
    'process_year int',
    'process_month int',
  ]);
});
