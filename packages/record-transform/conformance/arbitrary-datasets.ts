import {
  type Dataset,
  defineDataset,
  type Expr,
  type ExprNode,
  type FieldDefinition,
  type FieldType,
  InvalidDataset,
} from '@sluice/record-schema';
import fc from 'fast-check';
import { SOME_TEXTS } from './arbitrary-cells.ts';

/** Small random datasets over all types, options and operations. What the language refuses is left out. */

type Options = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const some = <const T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const presence: Options = {
  required: some(true, false),
  onInvalid: some('null', 'quarantine'),
  nullTokens: some(['', 'NULL'], ['-'], ['', '0', 'n/a']),
  publish: fc.constant(false),
};

const optionsOf: Readonly<Record<FieldType, Options>> = {
  text: {
    trim: fc.constant(true),
    upper: fc.constant(true),
    lower: fc.constant(true),
    oneOf: some(['a', 'A', 'abc', 'ABC', 'é', '01'], ['x y', '😀', "it's"]),
    pattern: some('^[A-Za-z]', 'b', '^.{1,3}$', '@', '[^\\d]$', '^(a|b|\\W)+$'),
    maxLength: fc.integer({ min: 2, max: 9 }),
    default: some('abc', ' x ', 'É'),
    pii: fc.constant(true),
  },
  double: { min: some(-1000, 0), max: some(500, 1e6), default: some(0, 1.5) },
  integer: { min: some(-20, -1), max: some(20, 1000), default: some(0, 7) },
  decimal: { min: some('-999.5', '0.5'), max: some('500', '99.99'), default: some('1.5', '2') },
  boolean: { default: some(true, false) },
  date: {
    min: some('2000-01-01'),
    max: some('2029-12-31'),
    default: some('2024-02-29'),
    formats: some(['dd/MM/yyyy'], ['yyyy-MM-dd', 'yyyyMMdd'], ['MM/dd/yyyy', 'dd/MM/yyyy']),
  },
  timestamp: {
    min: some('2000-01-01 00:00:00'),
    max: some('2029-12-31 23:59:59'),
    default: some('2024-02-29 12:00:00'),
    formats: some(['iso'], ['iso', 'yyyy-MM-dd HH:mm:ss'], ['dd/MM/yyyy HH:mm', 'yyyy-MM-dd']),
  },
};

const types: readonly FieldType[] = ['text', 'double', 'integer', 'decimal', 'boolean', 'date', 'timestamp'];

const attempt = <T>(work: () => T): T | null => {
  try {
    return work();
  } catch (error) {
    if (error instanceof InvalidDataset) return null;
    throw error;
  }
};

/** Every option is there one time in six. */
const rare = (options: Options): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(options).map(([name, value]) => [
          name,
          fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, value),
        ]),
      ),
    )
    .map((chosen) => Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== null)));

/** Options that exclude each other are dropped, the last first. */
const arbitraryField = (type: FieldType): fc.Arbitrary<FieldDefinition> =>
  fc
    .tuple(rare({ ...optionsOf[type], ...presence }), some([10, 2], [5, 0], [4, 3], [38, 10], [19, 4]))
    .map(([options, [precision, scale]]) => {
      const base = type === 'decimal' ? { type, precision, scale } : { type };
      const entries = Object.entries(options);
      for (; ; entries.pop()) {
        // Whatever the language does not take is refused by defineDataset.
        const field = { ...base, ...Object.fromEntries(entries) } as FieldDefinition;
        if (attempt(() => defineDataset({ name: 'one', fields: { v: field } }))) return field;
      }
    });

/** The columns that expressions may name, by type. */
type Scope = ReadonlyMap<FieldType, readonly string[]>;

const literals: Readonly<Record<FieldType, readonly (string | number | boolean)[]>> = {
  text: ['', 'a', 'é', '@', '-'],
  double: [0, 0.5, -1.5, 1e300, 0.1],
  integer: [0, 1, -3, 1000, 9007199254740991],
  decimal: ['0.5', '-12', '3.25'],
  boolean: [true, false],
  date: ['2024-02-29', '2026-06-15'],
  timestamp: ['2024-02-29 12:00:00', '2026-06-15 00:00:00'],
};

const arbitraryExpression = (type: FieldType, scope: Scope, depth: number): fc.Arbitrary<ExprNode> => {
  const of = (wanted: FieldType): fc.Arbitrary<ExprNode> => arbitraryExpression(wanted, scope, depth - 1);
  const lit = some(...literals[type]).map((value): ExprNode => ({ op: 'lit', type, value }));
  const names = scope.get(type) ?? [];
  const leaf = names.length
    ? fc.oneof({ weight: 4, arbitrary: some(...names).map((name): ExprNode => ({ op: 'col', name })) }, lit)
    : lit;
  if (depth === 0) return leaf;

  const number = fc.oneof(of('integer'), of('double'));
  const unary = (
    from: fc.Arbitrary<ExprNode>,
    ...ops: readonly Extract<ExprNode, { args: readonly [ExprNode] }>['op'][]
  ): fc.Arbitrary<ExprNode> =>
    fc.tuple(some(...ops), from).map(([op, arg]) => ({ op, args: [arg] }) as ExprNode); // of ops of one argument only
  const arithmetic = (left: fc.Arbitrary<ExprNode>, right: fc.Arbitrary<ExprNode>): fc.Arbitrary<ExprNode> =>
    fc
      .tuple(some('plus', 'minus', 'times'), left, right)
      .map(([op, a, b]): ExprNode => ({ op, args: [a, b] }));
  const any = fc.oneof(...types.map(of));
  const general = fc.oneof(
    leaf,
    fc.tuple(of(type), of(type)).map((args): ExprNode => ({ op: 'coalesce', args })),
    fc.tuple(of('boolean'), of(type), fc.option(of(type), { freq: 3 })).map(
      ([condition, value, otherwise]): ExprNode => ({
        op: 'when',
        cases: [{ if: condition, value }],
        ...(otherwise && { otherwise }),
      }),
    ),
  );
  switch (type) {
    case 'text':
      return fc.oneof(
        general,
        unary(of('text'), 'upper', 'lower', 'trim', 'maskEmail', 'pseudonym'),
        fc.tuple(of('text'), of('text')).map((args): ExprNode => ({ op: 'concat', args })),
        fc.tuple(of('text'), fc.integer({ min: 1, max: 4 }), fc.option(fc.integer({ min: 0, max: 3 }))).map(
          ([arg, start, length]): ExprNode => ({
            op: 'substring',
            args: [arg],
            start,
            ...(length !== null && { length }),
          }),
        ),
        fc
          .tuple(of('text'), fc.dictionary(some(...SOME_TEXTS), some('North', ''), { minKeys: 1 }))
          .map(([arg, table]): ExprNode => ({ op: 'lookup', args: [arg], table })),
      );
    case 'double':
      return fc.oneof(
        general,
        arithmetic(of('double'), number),
        arithmetic(number, of('double')),
        fc.tuple(number, number).map((args): ExprNode => ({ op: 'divide', args })),
        unary(of('double'), 'negate'),
      );
    case 'integer':
      return fc.oneof(
        general,
        arithmetic(of('integer'), of('integer')),
        unary(of('integer'), 'negate'),
        unary(of('text'), 'length'),
        unary(fc.oneof(of('date'), of('timestamp')), 'year', 'month', 'day'),
      );
    case 'decimal':
      return fc.oneof(general, arithmetic(of('decimal'), of('decimal')), unary(of('decimal'), 'negate'));
    case 'boolean':
      return fc.oneof(
        general,
        some(...types)
          .chain((one) =>
            one === 'integer' || one === 'double' ? fc.tuple(number, number) : fc.tuple(of(one), of(one)),
          )
          .chain((args) => some('eq', 'ne', 'lt', 'le', 'gt', 'ge').map((op): ExprNode => ({ op, args }))),
        fc
          .tuple(some('and', 'or'), of('boolean'), of('boolean'))
          .map(([op, a, b]): ExprNode => ({ op, args: [a, b] })),
        unary(of('boolean'), 'not'),
        unary(any, 'isNull'),
        fc
          .tuple(of('text'), fc.uniqueArray(some(...SOME_TEXTS), { minLength: 1, maxLength: 3 }))
          .map(([arg, values]): ExprNode => ({ op: 'oneOf', args: [arg], values })),
        number.map((arg): ExprNode => ({ op: 'oneOf', args: [arg], values: [0, 1, 7, -3] })),
        fc
          .tuple(of('text'), some('a', '^.$', '[^a]$', '\\d', '^\\W', '(a|b)+', 'é'))
          .map(([arg, pattern]): ExprNode => ({ op: 'matches', args: [arg], pattern })),
        fc
          .tuple(fc.oneof(of('date'), of('timestamp')), some(0, 0.5, 365, 100000))
          .map(([arg, days]): ExprNode => ({ op: 'withinDays', args: [arg], days })),
      );
    case 'date':
    case 'timestamp':
      return general;
  }
};

const EXPRESSION_DEPTH = 3;

const scopeOf = (fields: Readonly<Record<string, FieldDefinition>>): Scope =>
  new Map(
    types.map((type) => [
      type,
      Object.keys(fields).filter((name) => fields[name]?.type === type && !fields[name]?.pii),
    ]),
  );

const keep = (
  expressions: readonly ExprNode[],
  prefix: string,
  takes: (chosen: Readonly<Record<string, Expr<never>>>) => unknown,
): Readonly<Record<string, Expr<never>>> => {
  let chosen: Readonly<Record<string, Expr<never>>> = {};
  for (const [at, expr] of expressions.entries()) {
    const more = { ...chosen, [`${prefix}${at}`]: expr };
    if (attempt(() => takes(more))) chosen = more;
  }
  return chosen;
};

export interface GeneratedDataset {
  readonly dataset: Dataset;
  readonly fields: Readonly<Record<string, FieldDefinition>>;
  readonly derived: Readonly<Record<string, ExprNode>>;
  readonly rules: Readonly<Record<string, ExprNode>>;
}

export const arbitraryDataset: fc.Arbitrary<GeneratedDataset> = fc
  .array(some(...types).chain(arbitraryField), { minLength: 1, maxLength: 5 })
  .map((list) => Object.fromEntries(list.map((field, at) => [`f${at}`, field])))
  .chain((fields) => {
    const scope = scopeOf(fields);
    const expression = (type: FieldType) => arbitraryExpression(type, scope, EXPRESSION_DEPTH);
    return fc.record({
      fields: fc.constant(fields),
      derived: fc.array(some(...types).chain(expression), { minLength: 2, maxLength: 8 }),
      rules: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(expression('boolean'), { minLength: 1, maxLength: 2 }) },
      ),
    });
  })
  .map(({ fields, derived: derivedNodes, rules: ruleNodes }) => {
    const derived = keep(derivedNodes, 'd', (chosen) =>
      defineDataset({ name: 'generated', fields, derived: () => chosen }),
    );
    const rules = keep(ruleNodes, 'r', (chosen) =>
      defineDataset({ name: 'generated', fields, derived: () => derived, rules: () => chosen }),
    );
    const dataset = defineDataset({
      name: 'generated',
      fields,
      derived: () => derived,
      rules: () => rules,
    });
    return { dataset, fields, derived, rules };
  });

/** The dataset with one more field, of which each row may have its own text: then accepted values tell their row. */
export const withSerial = ({ fields, derived, rules }: GeneratedDataset): GeneratedDataset => {
  const more = { ...fields, serial: { type: 'text' } } as const;
  const dataset = defineDataset({
    name: 'generated',
    fields: more,
    // Nodes that a dataset of the same fields has taken.
    derived: () => derived as Readonly<Record<string, Expr<never>>>,
    rules: () => rules as Readonly<Record<string, Expr<never>>>,
  });
  return { dataset, fields: more, derived, rules };
};
