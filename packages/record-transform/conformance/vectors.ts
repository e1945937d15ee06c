import { readdirSync, readFileSync } from 'node:fs';
import {
  type Dataset,
  type DatasetDefinition,
  defineDataset,
  type ExprNode,
  type FieldDefinition,
} from '@sluice/record-schema';
import { z } from 'zod';
import {
  MALFORMED_CODES,
  REFUSAL_CODES,
  type Reason,
  type RowFate,
  VALUE_CODES,
  type Value,
} from '../src/index.ts';

/** The conformance suite's data, read strictly: a misspelt key fails to load. Its language: conformance/README.md. */
const FOLDER = new URL('./', import.meta.url);

const one = z.tuple([z.lazy((): z.ZodType<ExprNode> => expression)]);
const two = z.tuple([
  z.lazy((): z.ZodType<ExprNode> => expression),
  z.lazy((): z.ZodType<ExprNode> => expression),
]);
const many = z.array(z.lazy((): z.ZodType<ExprNode> => expression));
const expression: z.ZodType<ExprNode> = z.union([
  z.strictObject({ op: z.literal('col'), name: z.string() }),
  z.strictObject({
    op: z.literal('lit'),
    type: z.enum(['text', 'double', 'integer', 'decimal', 'boolean', 'date', 'timestamp']),
    value: z.union([z.string(), z.number(), z.boolean()]),
  }),
  z.strictObject({
    op: z.enum(['plus', 'minus', 'times', 'divide', 'eq', 'ne', 'lt', 'le', 'gt', 'ge']),
    args: two,
  }),
  z.strictObject({
    op: z.enum(['negate', 'not', 'isNull', 'upper', 'lower', 'trim', 'length', 'year', 'month', 'day']),
    args: one,
  }),
  z.strictObject({ op: z.enum(['maskEmail', 'pseudonym']), args: one }),
  z.strictObject({ op: z.enum(['and', 'or', 'coalesce', 'concat']), args: many }),
  z.strictObject({
    op: z.literal('when'),
    cases: z.array(
      z.strictObject({
        if: z.lazy((): z.ZodType<ExprNode> => expression),
        value: z.lazy((): z.ZodType<ExprNode> => expression),
      }),
    ),
    otherwise: z.lazy((): z.ZodType<ExprNode> => expression).exactOptional(),
  }),
  z.strictObject({
    op: z.literal('oneOf'),
    args: one,
    values: z.array(z.union([z.string(), z.number()])),
  }),
  z.strictObject({ op: z.literal('lookup'), args: one, table: z.record(z.string(), z.string()) }),
  z.strictObject({ op: z.literal('matches'), args: one, pattern: z.string() }),
  z.strictObject({
    op: z.literal('substring'),
    args: one,
    start: z.number(),
    length: z.number().exactOptional(),
  }),
  z.strictObject({ op: z.literal('withinDays'), args: one, days: z.number() }),
]);

/** Checked by `defineDataset`, which takes nothing that it does not know. */
const field = z.custom<FieldDefinition>((value) => typeof value === 'object' && value !== null);
const dataset = z.strictObject({
  fields: z.record(z.string(), field),
  derived: z.record(z.string(), expression).exactOptional(),
  rules: z.record(z.string(), expression).exactOptional(),
  nullTokens: z.array(z.string()).exactOptional(),
  source: z.custom<NonNullable<DatasetDefinition['source']>>().exactOptional(),
});
/** As a vector has it: expressions are data. */
export type DatasetInVector = z.output<typeof dataset>;

/** A double that JSON does not hold as written is given by its 64 bits. */
const value = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.strictObject({ bits: z.string().regex(/^[0-9a-f]{16}$/) }),
]);
const valueCode = z.enum(VALUE_CODES);
const reason = z.union([z.tuple([z.string(), valueCode]), z.tuple([z.null(), z.enum(MALFORMED_CODES)])]);
const expectedRow = z.union([
  z.strictObject({ accepted: z.record(z.string(), value) }),
  z.strictObject({ quarantined: z.array(reason).min(1) }),
  z.strictObject({ filtered: z.string() }),
  z.literal('duplicate'),
]);
type ExpectedRow = z.output<typeof expectedRow>;

const cell = z.string().nullable();
const vector = z.strictObject({
  name: z.string().min(8),
  clause: z.string(),
  /** The short form for one field, `v`: cells beside what becomes of them. */
  field: field.exactOptional(),
  cells: z
    .array(
      z.union([
        z.strictObject({ cell, value }),
        z.strictObject({ cell, reasons: z.array(valueCode).min(1) }),
        z.strictObject({ cell, duplicate: z.literal(true) }),
      ]),
    )
    .min(1)
    .exactOptional(),
  dataset: dataset.exactOptional(),
  asOf: z.iso.datetime().default('2026-06-15T00:00:00Z'),
  pseudonymKey: z.string().exactOptional(),
  rows: z.array(z.array(cell)).exactOptional(),
  csv: z.string().exactOptional(),
  json: z.string().exactOptional(),
  base64: z.base64().exactOptional(),
  key: z.string().exactOptional(),
  gzip: z.enum(['one_member', 'two_members', 'cut_body', 'cut_trailer']).exactOptional(),
  expect: z
    .union([
      z.strictObject({ definition: z.literal('refused') }),
      z.strictObject({ refused: z.enum(REFUSAL_CODES) }),
      z.strictObject({
        rows: z.array(expectedRow),
        unknownColumns: z.array(z.string()).default([]),
      }),
    ])
    .exactOptional(),
});
type VectorInFile = z.output<typeof vector>;

/** What the object is made of: cells for every format, or bytes as they are. */
export type Input =
  | { readonly kind: 'cells'; readonly rows: readonly (readonly (string | null)[])[] }
  | {
      readonly kind: 'bytes';
      readonly bytes: Uint8Array;
      readonly key: string;
      readonly gzip: Gzip | null;
      readonly parquet: boolean;
    };
export type Gzip = NonNullable<VectorInFile['gzip']>;

export type Expected =
  | { readonly refused: (typeof REFUSAL_CODES)[number] }
  | { readonly rows: readonly RowFate[]; readonly unknownColumns: readonly string[] };

export type Vector = {
  readonly area: string;
  readonly name: string;
  readonly clause: string;
} & (
  | { readonly kind: 'definition'; readonly define: () => Dataset }
  | {
      readonly kind: 'object';
      readonly definition: DatasetInVector;
      readonly dataset: Dataset;
      readonly asOf: number;
      readonly pseudonymKey: string | undefined;
      readonly input: Input;
      readonly expected: Expected;
    }
);

export const datasetOf = (from: DatasetInVector): Dataset => {
  const { derived, rules, ...rest } = from;
  return defineDataset({
    name: 'conformance',
    ...rest,
    ...(derived && { derived: () => derived }),
    ...(rules && { rules: () => rules }),
  });
};

/** `\xHH` stands for that byte, everything else for its UTF-8. */
const toBytes = (text: string): Uint8Array =>
  Buffer.concat(
    text
      .split(/(\\x[0-9A-F]{2})/)
      .map((part) => (/^\\x/.test(part) ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part, 'utf8'))),
  );

const toValue = (raw: z.output<typeof value>, type: string): Value => {
  if (raw !== null && typeof raw === 'object') return Buffer.from(raw.bits, 'hex').readDoubleBE();
  if (type !== 'timestamp' || raw === null) return raw;
  const instant = Date.parse(String(raw));
  if (Number.isNaN(instant)) throw new Error(`${JSON.stringify(raw)} is not an ISO timestamp`);
  return instant;
};

const toFate = (row: ExpectedRow, { columns, fields, rules }: Dataset): RowFate => {
  if (row === 'duplicate') return { fate: 'duplicate' };
  if ('filtered' in row) {
    if (!rules.some((rule) => rule.name === row.filtered)) throw new Error(`no rule ${row.filtered}`);
    return { fate: 'filtered', rule: row.filtered };
  }
  if ('quarantined' in row) {
    const reasons = row.quarantined.map(([of, code]): Reason => {
      if (of !== null && !fields.some(({ name }) => name === of)) throw new Error(`no field ${of}`);
      return { field: of, code } as Reason; // the schema took only codes that go with the field
    });
    return { fate: 'quarantined', reasons };
  }
  const names = columns.map(({ name }) => name);
  if (Object.keys(row.accepted).join() !== names.join()) {
    throw new Error(`values of ${Object.keys(row.accepted).join()} instead of the columns ${names.join()}`);
  }
  return {
    fate: 'accepted',
    values: columns.map(({ name, valueType }) => toValue(row.accepted[name] ?? null, valueType.type)),
  };
};

/** The short form in the words of the long one. */
const lengthen = (from: VectorInFile): VectorInFile => {
  if (!from.field) return from;
  const { field: definition, cells, ...rest } = from;
  return {
    ...rest,
    dataset: { fields: { v: definition } },
    ...(cells && {
      rows: cells.map((row) => [row.cell]),
      expect: {
        rows: cells.map(
          (row): ExpectedRow =>
            'value' in row
              ? { accepted: { v: row.value } }
              : 'reasons' in row
                ? { quarantined: row.reasons.map((code): [string, typeof code] => ['v', code]) }
                : 'duplicate',
        ),
        unknownColumns: [],
      },
    }),
  };
};

const inputOf = (from: VectorInFile, columns: number): Input => {
  const given = [from.rows, from.csv, from.json, from.base64].filter((source) => source !== undefined);
  if (given.length !== 1) throw new Error('a vector has one of rows, csv, json, base64 or cells');
  if (from.rows) {
    if (from.rows.some((row) => row.length !== columns)) throw new Error(`a row has ${columns} cells`);
    return { kind: 'cells', rows: from.rows };
  }
  if (from.base64 !== undefined) {
    if (!from.key) throw new Error('base64 needs a key');
    return {
      kind: 'bytes',
      bytes: Buffer.from(from.base64, 'base64'),
      key: from.key,
      gzip: null,
      parquet: true,
    };
  }
  return {
    kind: 'bytes',
    bytes: toBytes(from.csv ?? from.json ?? ''),
    key: from.key ?? (from.csv === undefined ? 'in.json' : 'in.csv'),
    gzip: from.gzip ?? null,
    parquet: false,
  };
};

const parse = (area: string, raw: unknown): Vector => {
  const from = lengthen(vector.parse(raw));
  const { name, clause, dataset: definition, expect } = from;
  if (!definition || !expect) throw new Error('a vector has a dataset (or field) and an expectation');
  if ('definition' in expect) {
    return { area, name, clause, kind: 'definition', define: () => datasetOf(definition) };
  }
  const made = datasetOf(definition);
  return {
    area,
    name,
    clause,
    kind: 'object',
    definition,
    dataset: made,
    asOf: Date.parse(from.asOf),
    pseudonymKey: from.pseudonymKey,
    input: inputOf(from, made.fields.length),
    expected:
      'refused' in expect
        ? expect
        : {
            rows: expect.rows.map((row) => toFate(row, made)),
            unknownColumns: expect.unknownColumns,
          },
  };
};

const readJson = (file: string): unknown => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));

/** The clauses of the row's meaning, each of which must have a vector. */
export const readClauses = (): readonly string[] => z.array(z.string()).parse(readJson('clauses.json'));

/** All vectors, or an error that names the file and the vector that is wrong. */
export const readVectors = (): readonly Vector[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json') && file !== 'clauses.json')
    .sort()
    .flatMap((file) =>
      z
        .array(z.looseObject({ name: z.string() }))
        .parse(readJson(file))
        .map((raw) => {
          try {
            return parse(file.replace(/\.json$/, ''), raw);
          } catch (error) {
            throw new Error(`${file}, ${JSON.stringify(raw.name)}: ${(error as Error).message}`);
          }
        }),
    );
