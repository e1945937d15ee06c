import { describe, expect, test } from '@jest/globals';
import {
  coalesce,
  col,
  concat,
  defineDataset,
  type Expr,
  eq,
  lit,
  lookup,
  maskEmail,
  personalColumns,
  pseudonym,
  text,
  upper,
  when,
} from '../src/index.ts';

test('personal data that is published as it is, is personal', () => {
  const dataset = defineDataset({
    name: 'd',
    fields: { id: text(), name: text({ pii: true, publish: true }) },
  });
  expect(personalColumns(dataset)).toEqual(['name']);
});

test('a mask and a pseudonym still tell people apart', () => {
  const dataset = defineDataset({
    name: 'd',
    fields: { id: text(), email: text({ pii: true }) },
    derived: ({ col }) => ({
      masked: maskEmail(col('email')),
      customer: pseudonym(col('email')),
      shop: upper(col('id')),
    }),
  });
  expect(personalColumns(dataset)).toEqual(['masked', 'customer']);
});

test('what is not published is not listed', () => {
  const dataset = defineDataset({ name: 'd', fields: { id: text(), email: text({ pii: true }) } });
  expect(personalColumns(dataset)).toEqual([]);
});

describe('what is computed from personal data is personal', () => {
  const masked: Expr<'text'> = col('masked');
  const isFirst = eq<'text'>(col('id'), lit('1'));
  const isAlice = eq(masked, lit('a***@example.com'));
  const computed: Readonly<Record<string, Expr<'text'>>> = {
    'in another step': upper(masked),
    'as a part': concat(lit('<'), coalesce(masked, lit('')), lit('>')),
    'as a key': lookup(masked, { 'a***@example.com': 'staff' }),
    'as a condition': when([[isAlice, lit('staff')]]),
    'as a value': when([[isFirst, masked]]),
    'as what is left': when([[isFirst, lit('first')]], masked),
  };

  test.each(Object.entries(computed))('%s', (_, expr) => {
    const dataset = defineDataset({
      name: 'd',
      fields: { id: text(), email: text({ pii: true }) },
      derived: (row) => ({
        masked: maskEmail(row.col('email')),
        computed: expr,
        harmless: upper(row.col('id')),
      }),
    });
    expect(personalColumns(dataset)).toEqual(['masked', 'computed']);
  });
});
