import { expect, test } from '@jest/globals';
import { datasets, orders } from '@sluice/datasets';
import { defineDataset, eq, lit, pseudonym, text, when } from '@sluice/record-schema';
import { refusePseudonyms } from '../src/constructs/pseudonyms.ts';

const patients = defineDataset({
  name: 'patients',
  fields: { name: text({ pii: true }) },
  derived: ({ col }) => ({ id: when([[eq(lit(1), lit(1)), pseudonym(col('name'))]]) }),
});

test('a dataset that needs a key which cannot be deployed is refused in one line, wherever the expression is', () => {
  expect(() => refusePseudonyms([orders, patients])).toThrow(/^The dataset patients uses pseudonym.*$/);
});

test('the datasets of the project need none', () => {
  expect(() => refusePseudonyms(datasets.values())).not.toThrow();
});
