import { describe, expect, test } from '@jest/globals';
import {
  type AcceptedRow,
  boolean,
  concat,
  date,
  decimal,
  defineDataset,
  divide,
  double,
  eq,
  type InputRow,
  integer,
  isNull,
  lit,
  lt,
  maskEmail,
  not,
  oneOf,
  plus,
  pseudonym,
  text,
  times,
  timestamp,
  upper,
  year,
} from '../src/index.ts';

const payments = defineDataset({
  name: 'payments',
  fields: {
    id: text({ required: true }),
    payer: text({ pii: true, from: 'Payer E-Mail' }),
    phone: text({ pii: true, publish: true }),
    remark: text({ publish: false }),
    details: text({ json: true }),
    currency: text({ default: 'EUR' }),
    channel: text({ default: 'web', onInvalid: 'null' }),
    kind: text({ required: true, default: 'card' }),
    amount: decimal(12, 2),
    rate: double(),
    items: integer({ required: true }),
    settled: boolean(),
    due: date(),
    paid_at: timestamp({ required: true }),
  },
  derived: ({ col }) => ({
    payer_masked: maskEmail(col('payer')),
    doubled: times(col('amount'), lit('2', 'decimal')),
    per_item: divide(col('rate'), col('items')),
    paid_year: year(col('paid_at')),
    late: lt(col('due'), lit('2024-01-01', 'date')),
    next: plus(col('items'), lit(1)),
  }),
  rules: ({ col, derived }) => ({
    known: oneOf(col('kind'), ['card', 'cash']),
    early: not(derived('late')),
  }),
  partitions: ['process_year', 'process_month'],
});

/** True only for types that are the same in both directions, `any` left out. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <_T extends true>(): void => undefined;

// The statements below are checked by tsc, which runs over this folder: an expected error that is none is an error.
describe('the row types of a dataset', () => {
  test('an accepted row has the published columns, derived fields and partitions', () => {
    same<
      Same<
        AcceptedRow<typeof payments>,
        {
          readonly id: string;
          readonly phone: string | null;
          readonly details: string | null;
          readonly currency: string;
          readonly channel: string | null;
          readonly kind: string;
          readonly amount: string | null;
          readonly rate: number | null;
          readonly items: number;
          readonly settled: boolean | null;
          readonly due: string | null;
          readonly paid_at: number;
          readonly payer_masked: string | null;
          readonly doubled: string | null;
          readonly per_item: number | null;
          readonly paid_year: number | null;
          readonly late: boolean | null;
          readonly next: number | null;
          readonly process_year: number;
          readonly process_month: number;
        }
      >
    >();
    const typed: readonly (keyof AcceptedRow<typeof payments>)[] = [
      'id',
      'phone',
      'details',
      'currency',
      'channel',
      'kind',
      'amount',
      'rate',
      'items',
      'settled',
      'due',
      'paid_at',
      'payer_masked',
      'doubled',
      'per_item',
      'paid_year',
      'late',
      'next',
      'process_year',
      'process_month',
    ];
    expect([...payments.columns.map((column) => column.name), ...payments.partitions]).toEqual(typed);
  });

  test('the columns that may be null are those of the type', () => {
    const notNull: readonly (keyof AcceptedRow<typeof payments>)[] = [
      'id',
      'currency',
      'kind',
      'items',
      'paid_at',
    ];
    expect(payments.columns.filter((column) => !column.nullable).map((column) => column.name)).toEqual(
      notNull,
    );
  });

  test('an input row has the names of the source', () => {
    same<
      Same<
        InputRow<typeof payments>,
        {
          readonly id: string;
          readonly items: number | string;
          readonly paid_at: string;
          readonly 'Payer E-Mail'?: string | null;
          readonly phone?: string | null;
          readonly remark?: string | null;
          readonly details?: unknown;
          readonly currency?: string | null;
          readonly channel?: string | null;
          readonly kind?: string | null;
          readonly amount?: number | string | null;
          readonly rate?: number | string | null;
          readonly settled?: boolean | string | null;
          readonly due?: string | null;
        }
      >
    >();
    const least: InputRow<typeof payments> = { id: '1', items: '3', paid_at: '2024-01-31 00:00:00' };
    expect(Object.keys(least)).toEqual(
      payments.fields.filter((field) => field.required && field.default === null).map((field) => field.from),
    );
  });

  test('a dataset without derived fields has none in its rows', () => {
    const plain = defineDataset({ name: 'plain', fields: { id: text() } });
    same<
      Same<
        AcceptedRow<typeof plain>,
        {
          readonly id: string | null;
          readonly process_year: number;
          readonly process_month: number;
          readonly process_day: number;
        }
      >
    >();
    expect(plain.derived).toEqual([]);
  });
});

describe('what does not compile', () => {
  const fields = { name: text(), email: text({ pii: true }), amount: decimal(10, 2), rate: double() };

  test('a column that the dataset does not have', () => {
    expect(() =>
      // @ts-expect-error there is no field nmae
      defineDataset({ name: 'd', fields, derived: ({ col }) => ({ big: upper(col('nmae')) }) }),
    ).toThrow('there is no column "nmae"');
  });

  test('a derived field that a rule misspells', () => {
    expect(() =>
      defineDataset({
        name: 'd',
        fields,
        derived: ({ col }) => ({ big: upper(col('name')) }),
        // @ts-expect-error there is no derived field bgi
        rules: ({ derived }) => ({ some: oneOf(derived('bgi'), ['A']) }),
      }),
    ).toThrow('there is no column "bgi"');
  });

  test('a key of a field that the dataset does not have', () => {
    // @ts-expect-error there is no field nmae
    expect(() => defineDataset({ name: 'd', fields, key: ['nmae'] })).toThrow('"nmae" is no field');
  });

  test('text compared with a number', () => {
    expect(() =>
      // @ts-expect-error name is text, 1 is a number
      defineDataset({ name: 'd', fields, rules: ({ col }) => ({ one: eq(col('name'), lit(1)) }) }),
    ).toThrow('eq mixes text and integer');
  });

  test('a decimal times a double', () => {
    expect(() =>
      defineDataset({
        name: 'd',
        fields,
        // @ts-expect-error exact and inexact numbers do not mix
        derived: ({ col }) => ({ product: times(col('amount'), col('rate')) }),
      }),
    ).toThrow('times takes two numbers or two decimals');
  });

  test.each([
    // @ts-expect-error the address is personal data
    () => defineDataset({ name: 'd', fields, derived: ({ col }) => ({ shout: upper(col('email')) }) }),
    () =>
      defineDataset({
        name: 'd',
        fields,
        // @ts-expect-error not even a part of it
        derived: ({ col }) => ({ all: concat(col('name'), col('email')) }),
      }),
    // @ts-expect-error whether it is there is told by a derived mask
    () => defineDataset({ name: 'd', fields, rules: ({ col }) => ({ present: isNull(col('email')) }) }),
    // @ts-expect-error nor compared
    () => defineDataset({ name: 'd', fields, rules: ({ col }) => ({ me: eq(col('email'), lit('a@b')) }) }),
  ])('personal data outside a mask (%#)', (define) => {
    expect(define).toThrow('email is personal data');
  });

  test('a mask is the way out for personal data', () => {
    const masked = defineDataset({
      name: 'd',
      fields,
      derived: ({ col }) => ({ a: maskEmail(col('email')), b: pseudonym(col('email')) }),
    });
    expect(masked.columns.map((column) => column.name)).toEqual(['name', 'amount', 'rate', 'a', 'b']);
  });

  test('a required field that turns invalid values into nulls', () => {
    // @ts-expect-error the two exclude each other
    const field = text({ required: true, onInvalid: 'null' });
    expect(() => defineDataset({ name: 'd', fields: { field } })).toThrow(
      "required excludes onInvalid: 'null'",
    );
  });

  test.each([
    // @ts-expect-error required is misspelt
    text({ requried: true }),
    // @ts-expect-error text has no smallest value
    text({ min: 'a' }),
    // @ts-expect-error numbers have no pattern
    double({ pattern: '^1' }),
    // @ts-expect-error booleans have no bounds
    boolean({ max: true }),
    // @ts-expect-error numbers are trimmed anyway
    integer({ trim: true }),
    // @ts-expect-error the option is formats
    timestamp({ format: 'iso' }),
    // @ts-expect-error the option is formats
    date({ format: 'dd.MM.yyyy' }),
    // @ts-expect-error the scale is the second argument
    decimal(10, 2, { scale: 3, digits: 3 }),
  ])('an option that the type does not have (%#)', (field) => {
    expect(() => defineDataset({ name: 'd', fields: { field } })).toThrow(/^dataset d, field field: \S/);
  });

  test('an option of another type', () => {
    // @ts-expect-error the default of a number is a number
    const field = double({ default: '1' });
    expect(() => defineDataset({ name: 'd', fields: { field } })).toThrow('default: ');
  });

  test('partitions in another order', () => {
    expect(() =>
      // @ts-expect-error the year comes first
      defineDataset({ name: 'd', fields, partitions: ['process_month', 'process_year'] }),
    ).toThrow('in this order');
  });

  test('a rule that is neither true nor false', () => {
    expect(() =>
      // @ts-expect-error the rule is text
      defineDataset({ name: 'd', fields, rules: ({ col }) => ({ name: col('name') }) }),
    ).toThrow('a rule is true or false, this is text');
  });
});
