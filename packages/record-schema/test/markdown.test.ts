import { describe, expect, test } from '@jest/globals';
import {
  and,
  coalesce,
  divide,
  type ExprNode,
  eq,
  isNull,
  lookup,
  lt,
  maskEmail,
  minus,
  negate,
  not,
  oneOf,
  or,
  plus,
  substring,
  when,
  withinDays,
} from '../src/expressions.ts';
import {
  date,
  decimal,
  defineDataset,
  gt,
  integer,
  lit,
  markdownDocs,
  matches,
  text,
  times,
  timestamp,
} from '../src/index.ts';
import { formula } from '../src/shapes/formula.ts';

describe('formulas', () => {
  const [a, b, c] = (['a', 'b', 'c'] as const).map((name) => ({ op: 'col', name }) as const) as [
    { op: 'col'; name: 'a' },
    { op: 'col'; name: 'b' },
    { op: 'col'; name: 'c' },
  ];

  test.each<[ExprNode, string]>([
    [times(a, b), 'a × b'],
    [times(plus(a, b), c), '(a + b) × c'],
    [plus(a, times(b, c)), 'a + b × c'],
    [minus(a, minus(b, c)), 'a − (b − c)'],
    [minus(minus(a, b), c), 'a − b − c'],
    [divide(a, times(b, c)), 'a ÷ (b × c)'],
    [negate(plus(a, b)), '−(a + b)'],
    [eq(lt(a, b), lit(true)), '(a < b) = true'],
    [and(or(eq(a, b), isNull(c)), not(eq(a, c))), '(a = b or c is null) and not a = c'],
    [or(and(eq(a, b), eq(b, c)), eq(a, c)), 'a = b and b = c or a = c'],
    [not(and(eq(a, b), eq(b, c))), 'not (a = b and b = c)'],
    [and(or(eq(a, b))), 'a = b'],
    [when([[lt(a, b), lit('Small')]], lit('Large')), 'if a < b then "Small", else "Large"'],
    [
      when([
        [lt(a, b), lit(1)],
        [lt(b, c), lit(2)],
      ]),
      'if a < b then 1, else if b < c then 2, else null',
    ],
    [plus(when([[lt(a, b), lit(1)]]), lit(1)), '(if a < b then 1, else null) + 1'],
    [oneOf(a, ['x', 'y "z"']), 'a in ("x", "y \\"z\\"")'],
    [lookup(a, { '01': 'North' }), 'a by ("01" → "North")'],
    [matches(a, '^x'), 'a matches /^x/'],
    [withinDays(a, 365), 'a within 365 days of the run'],
    [substring(coalesce(a, b), 2), 'substring(coalesce(a, b), 2)'],
    [substring(a, 2, 3), 'substring(a, 2, 3)'],
    [maskEmail(a), 'maskEmail(a)'],
    [gt(a, lit('2024-01-31', 'date')), 'a > 2024-01-31'],
  ])('%# reads %s', (expr, reads) => {
    expect(formula(expr)).toBe(reads);
  });
});

test('the page of a dataset', () => {
  const dataset = defineDataset({
    name: 'invoices',
    doc: 'An invoice.',
    source: { formats: ['csv', 'json'], delimiter: '|', unknownColumns: 'reject' },
    workflow: 'csv-map',
    key: ['id', 'lines'],
    nullTokens: ['', 'n/a'],
    fields: {
      id: text({ required: true, from: 'No', pattern: '^[A|B]', doc: 'Its number,\nprinted | written.' }),
      payer: text({ pii: true, trim: true }),
      total: decimal(10, 2, { min: '0', onInvalid: 'null' }),
      lines: integer({ default: 1, max: 99, nullTokens: [] }),
      due: date({ formats: ['dd.MM.yyyy', 'yyyy-MM-dd'] }),
      paid_at: timestamp({ min: '2020-01-01 00:00:00', publish: false }),
    },
    derived: ({ col }) => ({ twice: times(col('total'), lit('2', 'decimal')), odd: matches(col('id'), '`') }),
    rules: ({ col }) => ({ not_free: gt(col('total'), lit('0', 'decimal')) }),
    partitions: ['process_year'],
    quality: {
      gateFrom: 20,
      checks: [
        { check: 'min_rows', rows: 1 },
        { check: 'max_duplicate_percent', percent: 2.5, level: 'warning' },
      ],
    },
  });
  expect(markdownDocs(dataset)).toBe(`# invoices

An invoice.

## Source

Formats: csv, json; CSV delimiter \`|\`. Undeclared columns refuse the object. Objects go through \`csv-map\`. These cells are null in \`id\`, \`payer\`, \`total\`, \`due\`, \`paid_at\`: \`""\`, \`"n/a"\`. No text stands for a null in \`lines\`.

## Fields

| field | type | reading | meaning |
| --- | --- | --- | --- |
| \`id\` | text | read from \`No\`; required; matches \`^[A\\|B]\` | Its number, printed \\| written. |
| \`payer\` | text | trimmed; personal data, not published |  |
| \`total\` | decimal(10,2) | at least \`0.00\`; null if invalid |  |
| \`lines\` | integer | at most \`99\`; default \`1\` |  |
| \`due\` | date | as \`dd.MM.yyyy\` or \`yyyy-MM-dd\` |  |
| \`paid_at\` | timestamp | as \`yyyy-MM-dd HH:mm:ss\`, UTC; at least \`2020-01-01 00:00:00\`; not published |  |

## Key

Rows with the same \`id\`, \`lines\` are copies of one record: \`invoices_unique\` shows each once.

## Derived fields

| field | type | formula |
| --- | --- | --- |
| \`twice\` | decimal(11,2) | \`total × 2\` |
| \`odd\` | boolean | \`\` id matches /\`/ \`\` |

## Rules

A row is filtered by the first rule that is not true.

1. \`not_free\`: \`total > 0\`

## Partitions

\`process_year\`

## Quality

Score by cells; objects of at least 20 rows below 70 are not published.

- must: at least 1 row
- should: at most 2.5 % of the rows are duplicates
`);
});
