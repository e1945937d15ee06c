import { z } from 'zod';
import { type KnownColumn, typeOfExpression, type ValueType } from './expression-types.ts';
import type { Columns, Expr, ExprNode } from './expressions.ts';
import { col } from './expressions.ts';
import { type Field, NAME, resolveField } from './field-rules.ts';
import type { FieldDefinition } from './fields.ts';

export const SOURCE_FORMATS = ['csv', 'json', 'parquet'] as const;
/** `json` is an array of objects or one object a line: told apart by the first byte. */
export type SourceFormat = (typeof SOURCE_FORMATS)[number];

/** Partition columns, all of the run's `asOf`; a dataset takes the first one, two or three. */
export const PARTITIONS = ['process_year', 'process_month', 'process_day'] as const;
export type PartitionName = (typeof PARTITIONS)[number];
type Partitions = readonly ['process_year'] | readonly ['process_year', 'process_month'] | typeof PARTITIONS;

/**
 * The delimiters that Step Functions' own reader of CSV knows, and its words for them.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
 */
export const MAP_READER_DELIMITERS = {
  ',': 'COMMA',
  '|': 'PIPE',
  ';': 'SEMICOLON',
  ' ': 'SPACE',
  '\t': 'TAB',
} as const;

const WORKFLOW_CHOICES = ['by_size', 'etl', 'csv-map'] as const;
/** The state machine that takes a dataset's objects. What `csv-map` cannot read goes through `etl` all the same. */
export type WorkflowChoice = (typeof WORKFLOW_CHOICES)[number];

const percent = z.number().min(0).max(100);
const level = z.enum(['error', 'warning']).default('error');
const check = z.discriminatedUnion('check', [
  z.strictObject({ check: z.literal('max_null_percent'), field: z.string(), percent, level }),
  z.strictObject({ check: z.literal('max_invalid_percent'), field: z.string(), percent, level }),
  z.strictObject({ check: z.literal('max_duplicate_percent'), percent, level }),
  z.strictObject({ check: z.literal('min_rows'), rows: z.int().min(1), level }),
]);
/** A demand on the profile of an object, beside its score. A failed `error` check closes the gate. */
export type QualityCheck = z.output<typeof check>;

const settings = z.strictObject({
  source: z
    .strictObject({
      formats: z
        .array(z.enum(SOURCE_FORMATS))
        .min(1)
        .readonly()
        .default([...SOURCE_FORMATS]),
      delimiter: z
        .string()
        .refine((one) => /^[\t -~]$/.test(one) && one !== '"', 'one ASCII character, no quote')
        .default(','),
      unknownColumns: z.enum(['ignore', 'reject']).default('ignore'),
    })
    .prefault({}),
  workflow: z.enum(WORKFLOW_CHOICES).default('by_size'),
  key: z.array(z.string()).min(1, 'names no field').readonly().nullable().default(null),
  target: z.strictObject({ format: z.enum(['parquet', 'delta']).default('parquet') }).prefault({}),
  nullTokens: z.array(z.string()).readonly().default(['']),
  partitions: z
    .array(z.string())
    .readonly()
    .refine(
      (names) => names.length > 0 && names.every((name, at) => name === PARTITIONS[at]),
      `the first one, two or three of ${PARTITIONS.join(', ')}, in this order`,
    )
    .default([...PARTITIONS]),
  quality: z
    .strictObject({
      threshold: percent.default(70),
      gateFrom: z.int().min(1).default(1),
      score: z.enum(['cells', 'columns']).default('cells'),
      checks: z.array(check).readonly().default([]),
    })
    .prefault({}),
});
type Settings = z.input<typeof settings>;

/** How the columns of a Delta table begin that are not the dataset's own. */
const PROVENANCE = 'sluice_';

/** A dataset as its author writes it. */
export interface DatasetDefinition<
  F extends Readonly<Record<string, FieldDefinition>> = Readonly<Record<string, FieldDefinition>>,
  D extends Readonly<Record<string, Expr>> = Readonly<Record<string, Expr>>,
  P extends Partitions = Partitions,
> extends Settings {
  readonly partitions?: P;
  readonly name: string;
  /** What a row is, in one or two sentences. */
  readonly doc?: string;
  /** In the order of the published columns. */
  readonly fields: F;
  /**
   * Rows that are alike in these fields are copies of one record, in whatever objects they came. Published files keep them
   * all; the view `<dataset>_unique` shows each record once, and producers send copies to one shard. A Delta table holds
   * each record once.
   */
  readonly key?: readonly (keyof F & string)[];
  /** Computed from the fields, in this order; a later one may use an earlier one. */
  readonly derived?: (row: Columns<F>) => D;
  /** In order: the first that is not true filters the row and is counted under its name. */
  readonly rules?: (row: Columns<F> & DerivedColumns<D>) => Readonly<Record<string, Expr<'boolean'>>>;
}

/** How a rule names a derived field. */
export interface DerivedColumns<D extends Readonly<Record<string, Expr>>> {
  readonly derived: <K extends keyof D & string>(name: K) => D[K];
}

export interface Derived {
  readonly name: string;
  readonly expr: ExprNode;
  readonly valueType: ValueType;
}

export interface Rule {
  readonly name: string;
  readonly expr: ExprNode;
}

/** A column of the published table, partitions left out. */
export interface PublishedColumn {
  readonly name: string;
  readonly valueType: ValueType;
  readonly nullable: boolean;
  readonly doc: string;
}

/** A checked dataset, everything filled in: the one source of every other shape. */
export interface Dataset<
  F extends Readonly<Record<string, FieldDefinition>> = Readonly<Record<string, FieldDefinition>>,
  D extends Readonly<Record<string, Expr>> = Readonly<Record<string, Expr>>,
  P extends Partitions = Partitions,
> {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly Field[];
  readonly derived: readonly Derived[];
  readonly rules: readonly Rule[];
  readonly partitions: readonly PartitionName[];
  readonly source: Readonly<z.output<typeof settings>['source']>;
  readonly workflow: WorkflowChoice;
  /** Published fields without nulls; null: the dataset has no key. */
  readonly key: readonly string[] | null;
  /** What accepted rows become: files of Parquet, or rows of a Delta table, merged by the key. */
  readonly target: Readonly<z.output<typeof settings>['target']>;
  readonly quality: Readonly<z.output<typeof settings>['quality']>;
  /** Published fields, then derived fields. */
  readonly columns: readonly PublishedColumn[];
  /** For the compiler only. */
  readonly '~shape'?: { readonly fields: F; readonly derived: D; readonly partitions: P };
}

/** Whether accepted rows are merged into a Delta table. */
export const hasTable = ({ target }: Pick<Dataset, 'target'>): boolean => target.format === 'delta';

/** The definition makes no sense; the message is one line with the dataset's and the field's name. */
export class InvalidDataset extends Error {
  override readonly name = 'InvalidDataset';
}

const fieldType = (field: Field): ValueType =>
  field.type === 'decimal'
    ? { type: field.type, precision: field.precision, scale: field.scale }
    : { type: field.type };

/** The types of a checked dataset's expressions, for the compilers. */
export const expressionTypes = (dataset: Dataset): ((node: ExprNode) => ValueType) => {
  const known = new Map<string, KnownColumn>();
  for (const field of dataset.fields) known.set(field.name, { valueType: fieldType(field), pii: field.pii });
  for (const { name, valueType } of dataset.derived) known.set(name, { valueType, pii: false });
  return (node) => typeOfExpression(node, known);
};

/** Whether an accepted row may hold a null in this field. */
export const isNullable = (field: Field): boolean =>
  !field.required && (field.default === null || field.onInvalid === 'null');

const within = <T>(where: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw new InvalidDataset(`${where}: ${(error as Error).message}`);
  }
};

const checkName = (name: string, what: string, taken: Set<string>): void => {
  if (!NAME.test(name))
    throw new Error(`the ${what}'s name is lower-case letters, digits and _, a letter first`);
  if ((PARTITIONS as readonly string[]).includes(name)) throw new Error('the name belongs to a partition');
  if (taken.has(name)) throw new Error('the name is taken already');
  taken.add(name);
};

const keyFault = (field: Field | undefined): string | null => {
  if (!field) return 'is no field';
  if (!field.publish) return 'is not published';
  return isNullable(field) ? 'may be null: make it required' : null;
};

/**
 * Checks a definition and fills in what it leaves out.
 *
 * @throws {InvalidDataset} one clear line: `dataset orders, field amount: min is above max`
 */
export const defineDataset = <
  const F extends Readonly<Record<string, FieldDefinition>>,
  const D extends Readonly<Record<string, Expr>> = Readonly<Record<never, Expr>>,
  const P extends Partitions = typeof PARTITIONS,
>(
  definition: DatasetDefinition<F, D, P>,
): Dataset<F, D, P> => {
  const { name, doc = '', fields: rawFields, derived: derive, rules: rule, ...rest } = definition;
  const where = `dataset ${name}`;
  within(where, () => checkName(name, 'dataset', new Set()));
  const chosen = settings.safeParse(rest);
  if (!chosen.success) {
    const issue = chosen.error.issues[0];
    throw new InvalidDataset(`${where}: ${[...(issue?.path ?? []), issue?.message].join(': ')}`);
  }
  const { source, workflow, key, target, quality, nullTokens, partitions } = chosen.data;
  const isForMapReader =
    source.formats.includes('csv') && Object.hasOwn(MAP_READER_DELIMITERS, source.delimiter);
  if (workflow === 'csv-map' && !isForMapReader) {
    throw new InvalidDataset(
      `${where}: workflow: csv-map reads CSV with comma, pipe, semicolon, space or tab, and this dataset has none of it`,
    );
  }

  const isDelta = target.format === 'delta';
  if (isDelta && key === null) {
    throw new InvalidDataset(
      `${where}, target: rows of a Delta table are merged by the dataset's key, and it has none`,
    );
  }
  if (isDelta && workflow === 'csv-map') {
    throw new InvalidDataset(
      `${where}, target: Spark alone writes Delta tables, and csv-map does without it`,
    );
  }

  const taken = new Set<string>();
  const known = new Map<string, KnownColumn>();
  const sources = new Set<string>();
  const fields = Object.entries(rawFields).map(([fieldName, raw]) =>
    within(`${where}, field ${fieldName}`, () => {
      checkName(fieldName, 'field', taken);
      const field = resolveField(fieldName, raw, nullTokens);
      if (sources.has(field.from))
        throw new Error(`another field reads ${JSON.stringify(field.from)} already`);
      sources.add(field.from);
      known.set(fieldName, { valueType: fieldType(field), pii: field.pii });
      return field;
    }),
  );
  if (fields.length === 0) throw new InvalidDataset(`${where}: it has no fields`);

  const columns = { col, derived: col } as unknown as Columns<F> & DerivedColumns<D>; // names are checked below
  for (const [at, column] of (key ?? []).entries()) {
    const field = fields.find((one) => one.name === column);
    const fault = keyFault(field) ?? (key?.indexOf(column) === at ? null : 'is named twice');
    if (fault !== null) throw new InvalidDataset(`${where}, key: ${JSON.stringify(column)} ${fault}`);
  }

  const derived = Object.entries(derive?.(columns) ?? {}).map(([derivedName, expr]) =>
    within(`${where}, derived field ${derivedName}`, (): Derived => {
      checkName(derivedName, 'derived field', taken);
      const valueType = typeOfExpression(expr, known);
      known.set(derivedName, { valueType, pii: false });
      return { name: derivedName, expr, valueType };
    }),
  );
  for (const column of isDelta ? taken : []) {
    if (!column.startsWith(PROVENANCE)) continue;
    throw new InvalidDataset(
      `${where}, ${column}: in a Delta table, ${PROVENANCE}… says where a row comes from`,
    );
  }
  const ruleNames = new Set<string>();
  const rules = Object.entries(rule?.(columns) ?? {}).map(([ruleName, expr]) =>
    within(`${where}, rule ${ruleName}`, (): Rule => {
      checkName(ruleName, 'rule', ruleNames);
      const { type } = typeOfExpression(expr, known);
      if (type !== 'boolean') throw new Error(`a rule is true or false, this is ${type}`);
      return { name: ruleName, expr };
    }),
  );
  for (const one of quality.checks) {
    if ('field' in one && !fields.some((field) => field.name === one.field)) {
      throw new InvalidDataset(
        `${where}, check ${one.check}: there is no field ${JSON.stringify(one.field)}`,
      );
    }
  }

  return Object.freeze({
    name,
    doc,
    fields,
    derived,
    rules,
    partitions: partitions as readonly PartitionName[], // the schema took nothing else
    source,
    // What Spark alone can do, size does not decide.
    workflow: isDelta ? 'etl' : workflow,
    key,
    target,
    quality,
    columns: [
      ...fields
        .filter((field) => field.publish)
        .map((field) => ({
          name: field.name,
          valueType: fieldType(field),
          nullable: isNullable(field),
          doc: field.doc,
        })),
      ...derived.map((one) => ({ name: one.name, valueType: one.valueType, nullable: true, doc: '' })),
    ],
  });
};
