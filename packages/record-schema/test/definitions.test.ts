import { describe, expect, test } from '@jest/globals';
import {
  and,
  boolean,
  coalesce,
  concat,
  date,
  decimal,
  defineDataset,
  divide,
  double,
  type ExprNode,
  eq,
  type FieldDefinition,
  InvalidDataset,
  integer,
  lit,
  lookup,
  matches,
  oneOf,
  plus,
  substring,
  text,
  times,
  timestamp,
  when,
  withinDays,
  year,
} from '../src/index.ts';

type Fields = Readonly<Record<string, FieldDefinition>>;

/** Past the compiler: what a definition read from JSON, or written in JavaScript, may hold. */
const wrong = (value: object): FieldDefinition => value as FieldDefinition;

const fails = (define: () => unknown): string => {
  try {
    define();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidDataset);
    return (error as InvalidDataset).message;
  }
  throw new Error('the definition was taken');
};

describe('a field that makes no sense is refused by its name', () => {
  test.each<[what: string, field: FieldDefinition, says: string]>([
    ['an unknown type', wrong({ type: 'float' }), 'type: '],
    ['an unknown option', wrong({ type: 'text', requried: true }), 'Unrecognized key: "requried"'],
    ['a default of another type', wrong({ type: 'integer', default: '1' }), 'default: '],
    [
      'a default on a required field of another type',
      wrong({ type: 'double', required: true, default: 'x' }),
      'default: ',
    ],
    [
      'required with onInvalid null',
      wrong({ type: 'text', required: true, onInvalid: 'null' }),
      'required excludes',
    ],
    ['an empty source name', text({ from: '' }), 'from: '],
    ['upper and lower', text({ upper: true, lower: true }), 'upper and lower exclude each other'],
    ['an empty oneOf', text({ oneOf: [] }), 'oneOf: '],
    ['a default outside oneOf', text({ oneOf: ['A', 'B'], default: 'C' }), 'the default "C" is not in oneOf'],
    [
      'a default outside oneOf once it is cased',
      text({ upper: true, oneOf: ['a'], default: 'a' }),
      'the default "A" is not in oneOf',
    ],
    ['a default longer than maxLength', text({ maxLength: 2, default: 'abc' }), 'longer than maxLength'],
    [
      'a default that does not match',
      text({ pattern: '^[0-9]+$', default: 'x' }),
      'does not match the pattern',
    ],
    ['a maxLength of zero', text({ maxLength: 0 }), 'maxLength: '],
    ['a pattern that does not parse', text({ pattern: '(' }), 'does not parse'],
    ['a pattern with look-ahead', text({ pattern: '(?=a)' }), 'uses look-around'],
    ['min above max', double({ min: 2, max: 1 }), 'min is above max'],
    ['a default below min', integer({ min: 1, default: 0 }), 'the default is outside min and max'],
    ['an infinite bound', double({ max: Number.POSITIVE_INFINITY }), 'max: '],
    ['a fraction as an integer bound', integer({ min: 0.5 }), 'min: '],
    ['an integer bound that doubles cannot hold', integer({ max: 2 ** 53 }), 'max: '],
    ['no digits', decimal(0, 0), 'precision: '],
    ['39 digits', decimal(39, 2), 'precision: '],
    ['a scale above the precision', decimal(2, 3), 'scale is larger than precision'],
    ['a decimal bound that is none', decimal(5, 2, { min: '1e3' }), 'min "1e3" is not a decimal(5,2)'],
    [
      'a decimal default with too many digits',
      decimal(5, 2, { default: '1000' }),
      'default "1000" is not a decimal(5,2)',
    ],
    [
      'decimal bounds compared as numbers, not as text',
      decimal(5, 2, { min: '10', max: '9' }),
      'min is above max',
    ],
    ['a date bound that is no day', date({ min: '2024-02-30' }), 'min "2024-02-30" is not a day'],
    ['a date default with a time', date({ default: '2024-01-01 00:00:00' }), 'is not a day'],
    ['a timestamp bound without a time', timestamp({ max: '2024-01-01' }), 'is not a timestamp'],
    ['a timestamp bound at 24:00', timestamp({ max: '2024-01-01 24:00:00' }), 'is not a timestamp'],
    ['no format', date({ formats: [] }), 'formats: '],
    ['iso for a date', date({ formats: ['iso'] }), 'iso is for timestamps'],
    ['a time in a date', date({ formats: ['yyyy-MM-dd HH'] }), 'has a time'],
    ['a format without a day', date({ formats: ['yyyy-MM'] }), 'lacks dd'],
    ['a part twice', timestamp({ formats: ['yyyy-MM-dd dd'] }), 'has dd twice'],
    ['an unknown part', timestamp({ formats: ['yy-MM-dd'] }), 'has "y"'],
    ['a format that begins with a blank', date({ formats: [' yyyy-MM-dd'] }), 'begins or ends with a blank'],
    ['a boolean default as text', wrong({ type: 'boolean', default: 'true' }), 'default: '],
  ])('%s', (_what, field, says) => {
    const message = fails(() => defineDataset({ name: 'orders', fields: { amount: field } }));
    expect(message).toMatch(/^dataset orders, field amount: \S.*$/);
    expect(message).toContain(says);
  });
});

describe('an expression that makes no sense is refused by the name of its field or rule', () => {
  const fields = {
    name: text(),
    email: text({ pii: true }),
    amount: decimal(20, 2),
    rate: double(),
    count: integer(),
    day: date(),
    open: boolean(),
  };
  const column = (name: string): ExprNode => ({ op: 'col', name });

  test.each<[what: string, expr: ExprNode, says: string]>([
    ['an unknown column', column('nmae'), 'there is no column "nmae"'],
    ['an unknown operation', { op: 'sqrt' } as unknown as ExprNode, 'there is no operation "sqrt"'],
    ['text plus a number', { op: 'plus', args: [column('name'), column('rate')] }, 'plus takes two numbers'],
    [
      'a decimal times a double',
      { op: 'times', args: [column('amount'), column('rate')] },
      'times takes two numbers',
    ],
    [
      'a product of too many digits',
      times(times(lit('1.00', 'decimal'), { op: 'col', name: 'amount' }), { op: 'col', name: 'amount' }),
      'times may need',
    ],
    [
      'a decimal divided',
      { op: 'divide', args: [column('amount'), column('rate')] },
      'divide takes integer or double',
    ],
    [
      'text compared with a date',
      { op: 'eq', args: [column('name'), column('day')] },
      'eq mixes text and date',
    ],
    ['and without an argument', and(), 'and needs an argument'],
    ['or of text', { op: 'or', args: [column('name')] }, 'or takes boolean'],
    ['coalesce without an argument', coalesce(), 'coalesce needs an argument'],
    ['coalesce of two types', coalesce(lit('a'), lit(1)), 'coalesce mixes text and integer'],
    ['when without a case', when([]), 'when needs a case'],
    ['when of two types', when([[lit(true), lit('a')]], lit(1)), 'when mixes text and integer'],
    [
      'a condition that is a number',
      { op: 'when', cases: [{ if: lit(1), value: lit(1) }] },
      'a condition takes boolean',
    ],
    ['oneOf of nothing', oneOf(lit('a'), []), 'oneOf needs a value'],
    [
      'oneOf of another type',
      { op: 'oneOf', args: [column('name')], values: [1] },
      'oneOf of a text takes values of that type',
    ],
    [
      'oneOf of a date',
      { op: 'oneOf', args: [column('day')], values: ['2024-01-01'] },
      'oneOf takes text or integer or double',
    ],
    ['an empty lookup', lookup(lit('a'), {}), 'lookup needs an entry'],
    [
      'a lookup of numbers',
      { op: 'lookup', args: [column('count')], table: { a: 'b' } },
      'lookup takes text',
    ],
    ['concat of a number', { op: 'concat', args: [column('name'), column('rate')] }, 'concat takes text'],
    ['substring from 0', substring(lit('a'), 0), 'substring starts at 1'],
    ['a substring of negative length', substring(lit('a'), 1, -1), 'the length of a substring'],
    ['a pattern outside the subset', matches(lit('a'), '(a)\\1'), 'back-references'],
    ['the year of text', { op: 'year', args: [column('name')] }, 'year takes date or timestamp'],
    [
      'withinDays of a negative number',
      withinDays(lit('2024-01-01', 'date'), -1),
      'withinDays takes a number of days',
    ],
    ['a literal that is no day', lit('2024-02-30', 'date'), 'is not a literal of type date'],
    ['a literal that is no decimal', lit('1e3', 'decimal'), 'is not a decimal literal'],
    ['an infinite literal', lit(Number.POSITIVE_INFINITY), 'is not a literal of type double'],
    ['half an emoji', lit('\ud83d'), 'is not a literal of type text'],
    ['personal data', column('email'), 'email is personal data: use maskEmail or pseudonym'],
    [
      'personal data inside a mask of something else',
      { op: 'maskEmail', args: [{ op: 'upper', args: [column('email')] }] },
      'email is personal data',
    ],
    ['a mask of a number', { op: 'pseudonym', args: [column('rate')] }, 'pseudonym takes text, not double'],
    ['a mask of nothing', { op: 'maskEmail', args: [column('mail')] }, 'there is no column "mail"'],
  ])('%s', (_what, expr, says) => {
    const asDerived = fails(() => defineDataset({ name: 'orders', fields, derived: () => ({ x: expr }) }));
    expect(asDerived).toMatch(/^dataset orders, derived field x: \S.*$/);
    expect(asDerived).toContain(says);
    const asRule = fails(() =>
      defineDataset({ name: 'orders', fields, rules: () => ({ r: { op: 'isNull', args: [expr] } }) }),
    );
    expect(asRule).toMatch(/^dataset orders, rule r: \S.*$/);
    expect(asRule).toContain(says);
  });

  test('a derived field cannot use a later one', () => {
    expect(
      fails(() =>
        defineDataset({ name: 'd', fields, derived: () => ({ a: column('b'), b: column('rate') }) }),
      ),
    ).toBe('dataset d, derived field a: there is no column "b" before it');
  });

  test('a rule that yields a number', () => {
    const rules = () => ({ r: column('rate') });
    expect(fails(() => defineDataset({ name: 'd', fields, rules }))).toBe(
      'dataset d, rule r: a rule is true or false, this is double',
    );
  });
});

describe('a dataset that makes no sense is refused', () => {
  const fields: Fields = { id: text() };

  test.each<[what: string, define: () => unknown, says: string]>([
    [
      'a name in capitals',
      () => defineDataset({ name: 'Orders', fields }),
      "dataset Orders: the dataset's name",
    ],
    ['no fields', () => defineDataset({ name: 'd', fields: {} }), 'dataset d: it has no fields'],
    [
      'a field name with a blank',
      () => defineDataset({ name: 'd', fields: { 'a b': text() } }),
      "dataset d, field a b: the field's name",
    ],
    [
      'a field named like a partition',
      () => defineDataset({ name: 'd', fields: { process_day: text() } }),
      'belongs to a partition',
    ],
    [
      'two fields of one source column',
      () => defineDataset({ name: 'd', fields: { a: text(), b: text({ from: 'a' }) } }),
      'dataset d, field b: another field reads "a" already',
    ],
    [
      'a derived field named like a field',
      () => defineDataset({ name: 'd', fields, derived: () => ({ id: lit('x') }) }),
      'dataset d, derived field id: the name is taken',
    ],
    [
      'a rule with a dash',
      () => defineDataset({ name: 'd', fields, rules: () => ({ 'a-b': lit(true) }) }),
      "dataset d, rule a-b: the rule's name",
    ],
    [
      'a quote as delimiter',
      () => defineDataset({ name: 'd', fields, source: { delimiter: '"' } }),
      'source: delimiter: one ASCII character',
    ],
    ['no format', () => defineDataset({ name: 'd', fields, source: { formats: [] } }), 'source: formats: '],
    [
      'csv-map of a dataset without CSV',
      () => defineDataset({ name: 'd', fields, workflow: 'csv-map', source: { formats: ['json'] } }),
      'dataset d: workflow: csv-map reads CSV with comma',
    ],
    [
      'csv-map of a delimiter that it cannot read',
      () => defineDataset({ name: 'd', fields, workflow: 'csv-map', source: { delimiter: '^' } }),
      'dataset d: workflow: csv-map reads CSV with comma',
    ],
    [
      'a key of no field',
      () => defineDataset({ name: 'd', fields, key: ['nmae'] as unknown as ['id'] }),
      'dataset d, key: "nmae" is no field',
    ],
    [
      'a key that may be null',
      () => defineDataset({ name: 'd', fields: { id: text() }, key: ['id'] }),
      'dataset d, key: "id" may be null: make it required',
    ],
    [
      'a key that is not published',
      () =>
        defineDataset({ name: 'd', fields: { id: text({ required: true, publish: false }) }, key: ['id'] }),
      'dataset d, key: "id" is not published',
    ],
    [
      'a key with a field twice',
      () => defineDataset({ name: 'd', fields: { id: text({ required: true }) }, key: ['id', 'id'] }),
      'dataset d, key: "id" is named twice',
    ],
    [
      'a Delta table without a key',
      () => defineDataset({ name: 'd', fields, target: { format: 'delta' } }),
      "dataset d, target: rows of a Delta table are merged by the dataset's key, and it has none",
    ],
    [
      'a Delta table by csv-map',
      () =>
        defineDataset({
          name: 'd',
          fields: { id: text({ required: true }) },
          key: ['id'],
          workflow: 'csv-map',
          target: { format: 'delta' },
        }),
      'dataset d, target: Spark alone writes Delta tables, and csv-map does without it',
    ],
    [
      'a Delta table with a column that is named as ours are',
      () =>
        defineDataset({
          name: 'd',
          fields: { id: text({ required: true }), sluice_row: text() },
          key: ['id'],
          target: { format: 'delta' },
        }),
      'dataset d, sluice_row: in a Delta table, sluice_… says where a row comes from',
    ],
    [
      'a target of another format',
      () => defineDataset({ name: 'd', fields, target: { format: 'iceberg' as 'delta' } }),
      'dataset d: target: format: Invalid option: expected one of "parquet"|"delta"',
    ],
    [
      'a key of nothing',
      () => defineDataset({ name: 'd', fields, key: [] }),
      'dataset d: key: names no field',
    ],
    [
      'a threshold above 100',
      () => defineDataset({ name: 'd', fields, quality: { threshold: 101 } }),
      'quality: threshold: ',
    ],
    [
      'a check of no field',
      () =>
        defineDataset({
          name: 'd',
          fields,
          quality: { checks: [{ check: 'max_null_percent', field: 'x', percent: 1 }] },
        }),
      'dataset d, check max_null_percent: there is no field "x"',
    ],
    [
      'no partition',
      () => defineDataset({ name: 'd', fields, partitions: [] as unknown as ['process_year'] }),
      'partitions: the first one, two or three',
    ],
    [
      'an unknown setting',
      () => defineDataset({ name: 'd', fields, ...{ compression: 'gzip' } }),
      'Unrecognized key: "compression"',
    ],
  ])('%s', (_what, define, says) => {
    const message = fails(define);
    expect(message).toMatch(/^dataset .*$/);
    expect(message).toContain(says);
  });
});

describe('a definition that makes sense', () => {
  test('everything left out is filled in', () => {
    const dataset = defineDataset({
      name: 'd',
      fields: { id: text(), at: timestamp({ nullTokens: ['-'] }) },
    });
    expect(dataset).toMatchObject({
      doc: '',
      partitions: ['process_year', 'process_month', 'process_day'],
      source: { formats: ['csv', 'json', 'parquet'], delimiter: ',', unknownColumns: 'ignore' },
      workflow: 'by_size',
      key: null,
      target: { format: 'parquet' },
      quality: { threshold: 70, gateFrom: 1, score: 'cells', checks: [] },
    });
    expect(dataset.fields[0]).toMatchObject({ from: 'id', nullTokens: [''], required: false, publish: true });
    expect(dataset.fields[1]).toMatchObject({ nullTokens: ['-'], min: null, default: null });
  });

  test('bounds are kept as values: decimals at their scale, timestamps in milliseconds', () => {
    const { fields } = defineDataset({
      name: 'd',
      fields: {
        amount: decimal(6, 2, { min: '-0.005', max: '1.005', default: '.5' }),
        at: timestamp({ min: '1970-01-02 00:00:01' }),
      },
    });
    expect(fields[0]).toMatchObject({ min: '-0.01', max: '1.01', default: '0.50' });
    expect(fields[1]).toMatchObject({ min: 86_401_000 });
  });

  test('a default is checked in the case that the engines give it', () => {
    const greek = text({ lower: true, default: 'ΟΔΟΣ', oneOf: ['οδοσ'] });
    const german = text({ upper: true, default: 'straße', maxLength: 6, oneOf: ['STRAßE'] });
    expect(defineDataset({ name: 'd', fields: { greek, german } }).fields).toHaveLength(2);
  });

  test('expressions have the type of their result', () => {
    const { derived } = defineDataset({
      name: 'd',
      fields: { amount: decimal(10, 2), count: integer(), rate: double(), day: date() },
      derived: ({ col }) => ({
        sum: plus(col('amount'), lit('0.125', 'decimal')),
        product: times(col('amount'), col('amount')),
        whole: plus(col('count'), col('count')),
        mixed: plus(col('count'), col('rate')),
        share: divide(col('count'), col('count')),
        since: year(col('day')),
        same: eq(col('count'), col('rate')),
        label: concat(lit('a'), lit('b')),
      }),
    });
    expect(Object.fromEntries(derived.map((one) => [one.name, one.valueType]))).toEqual({
      sum: { type: 'decimal', precision: 12, scale: 3 },
      product: { type: 'decimal', precision: 20, scale: 4 },
      whole: { type: 'integer' },
      mixed: { type: 'double' },
      share: { type: 'double' },
      since: { type: 'integer' },
      same: { type: 'boolean' },
      label: { type: 'text' },
    });
  });

  test('personal data is not a column unless it says so', () => {
    const { columns } = defineDataset({
      name: 'd',
      fields: {
        a: text({ pii: true }),
        b: text({ pii: true, publish: true }),
        c: text({ publish: false }),
        e: text(),
      },
    });
    expect(columns.map((column) => column.name)).toEqual(['b', 'e']);
  });
});
