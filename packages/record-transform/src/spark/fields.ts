import { compilePattern, type Field, type FieldOf, trimText } from '@sluice/record-schema';
import type { ValueCode } from '../outcome.ts';
import { lower, upper } from '../typescript/text.ts';
import { readMoment, trustMoment } from './moments.ts';
import {
  isDecimal,
  isFiniteDouble,
  isInteger,
  isSafe,
  readDecimal,
  readDouble,
  readInteger,
  withoutMinusZero,
} from './numbers.ts';
import { cellName, type Layer, type PlannedColumn } from './plan.ts';
import { constant, identifier, literal, tryCast } from './sql.ts';
import { cased, isBlank, trim } from './text.ts';

type TypedField = Exclude<Field, { type: 'text' }>;

/** A fault of a field's value, and its bit in the column that says which faults it has. */
export interface Fault {
  readonly code: ValueCode;
  readonly bit: number;
}

/** Names of a field's columns; a blank keeps them apart from the dataset's own. */
export const columnsOf = (at: number, use: 'mark' | 'value') => ({
  cell: identifier(cellName(at)),
  trimmed: `${use} trimmed ${at}`,
  isNull: `${use} null ${at}`,
  read: `${use} read ${at}`,
  /** INT: the bits of its faults. */
  fault: `${use} fault ${at}`,
});
type FieldColumns = ReturnType<typeof columnsOf>;

const type = (field: Field) =>
  field.type === 'decimal'
    ? { type: field.type, precision: field.precision, scale: field.scale }
    : { type: field.type };

const constraintCodes = (field: Field): readonly ValueCode[] => {
  if (field.type === 'boolean') return [];
  if (field.type === 'text') {
    return [
      ...(field.oneOf ? (['not_allowed'] as const) : []),
      ...(field.pattern !== null ? (['pattern_mismatch'] as const) : []),
      ...(field.maxLength !== null ? (['too_long'] as const) : []),
    ];
  }
  return [
    ...(field.min !== null ? (['too_small'] as const) : []),
    ...(field.max !== null ? (['too_large'] as const) : []),
  ];
};

const UNREADABLE: Readonly<Record<Field['type'], readonly ValueCode[]>> = {
  text: [],
  double: ['not_a_number'],
  integer: ['not_an_integer', 'out_of_range'],
  decimal: ['not_a_number', 'out_of_range'],
  boolean: ['not_a_boolean'],
  date: ['not_a_date'],
  timestamp: ['not_a_timestamp'],
};

/** What can be wrong with a field's value, in the order in which it is reported. */
export const faultsOf = (field: Field): readonly Fault[] => {
  const missing: readonly ValueCode[] = field.required && field.default === null ? ['missing'] : [];
  const codes = [...missing, ...UNREADABLE[field.type], ...constraintCodes(field)];
  return codes.map((code, at) => ({ code, bit: 2 ** at }));
};

/** Tests of a value that can be read; true for a bad one. */
const constraintTest = (field: Field, code: ValueCode, read: string): string | null => {
  if (field.type === 'text') {
    if (code === 'not_allowed') return `${read} NOT IN (${(field.oneOf ?? []).map(literal).join(', ')})`;
    if (code === 'pattern_mismatch')
      return `NOT ${read} RLIKE ${literal(compilePattern(field.pattern ?? '', 'java'))}`;
    return code === 'too_long' ? `char_length(${read}) > ${field.maxLength}` : null;
  }
  if (field.type === 'boolean') return null;
  if (code === 'too_small' && field.min !== null) return `${read} < ${constant(type(field), field.min)}`;
  if (code === 'too_large' && field.max !== null) return `${read} > ${constant(type(field), field.max)}`;
  return null;
};

/** Whether a value that is not null could not be read. */
const unreadable = (field: TypedField, read: string): string => {
  if (field.type === 'double') return `coalesce(NOT (${isFiniteDouble(read)}), true)`;
  if (field.type === 'integer') return `coalesce(NOT (${isSafe(read)}), true)`;
  return `${read} IS NULL`;
};

/** The bit that says why. */
const whyUnreadable = (field: TypedField, trimmed: string): string => {
  const [first, outOfRange] = UNREADABLE[field.type].map((code) => bitOf(field, code));
  if (outOfRange === undefined) return `${first}`;
  const isNumeral = field.type === 'integer' ? isInteger(trimmed) : isDecimal(trimmed);
  return `CASE WHEN ${isNumeral} THEN ${outOfRange} ELSE ${first} END`;
};

const bitOf = (field: Field, code: ValueCode): number =>
  faultsOf(field).find((fault) => fault.code === code)?.bit ?? 0;

const faultSql = (field: Field, columns: FieldColumns): string => {
  const read = identifier(columns.read);
  const constraints = faultsOf(field).flatMap(({ code, bit }) => {
    const test = constraintTest(field, code, read);
    return test === null ? [] : [`CASE WHEN ${test} THEN ${bit} ELSE 0 END`];
  });
  const broken = constraints.length > 0 ? `(${constraints.join(' | ')})` : '0';
  const bad =
    field.type === 'text'
      ? broken
      : `CASE WHEN ${unreadable(field, read)} THEN ${whyUnreadable(field, identifier(columns.trimmed))} ELSE ${broken} END`;
  return `CASE WHEN ${identifier(columns.isNull)} THEN ${bitOf(field, 'missing')} ELSE ${bad} END`;
};

const isEmptyTokens = ({ nullTokens }: Field): boolean => nullTokens.length === 1 && nullTokens[0] === '';

/** Whether a trimmed cell means "no value" (before defaults); never null itself. */
const isNullSql = (field: Field, trimmed: string): string =>
  field.nullTokens.length === 0
    ? `${trimmed} IS NULL`
    : `(${trimmed} IS NULL OR ${trimmed} IN (${field.nullTokens.map(literal).join(', ')}))`;

const standardText = (field: FieldOf<'text'>, { cell, trimmed }: FieldColumns): string => {
  const text = field.trim ? identifier(trimmed) : cell;
  return field.upper ? cased('upper', text) : field.lower ? cased('lower', text) : text;
};

const defaultSql = (field: Field): string => {
  if (field.default === null) return 'NULL';
  if (field.type !== 'text') return constant(type(field), field.default);
  const text = field.trim ? trimText(field.default) : field.default;
  return literal(field.upper ? upper(text) : field.lower ? lower(text) : text);
};

const readSql = (field: TypedField, trimmed: string): string => {
  switch (field.type) {
    case 'double':
      return readDouble(trimmed);
    case 'integer':
      return readInteger(trimmed);
    case 'decimal':
      return readDecimal(trimmed, field.precision, field.scale);
    case 'boolean':
      return `CASE lower(${trimmed}) WHEN 'true' THEN true WHEN 'false' THEN false END`;
    case 'date':
    case 'timestamp':
      return readMoment(trimmed, field);
  }
};

/** Of a cell that is known to be fit for it. Spark's casts take more than the semantics do, but what both take they read alike. */
const trustedRead = (field: TypedField, trimmed: string): string => {
  switch (field.type) {
    case 'double':
      return withoutMinusZero(tryCast(trimmed, type(field)));
    case 'integer':
    case 'decimal':
      return tryCast(trimmed, type(field));
    case 'boolean':
      return `(lower(${trimmed}) = 'true')`;
    case 'date':
    case 'timestamp':
      return trustMoment(trimmed, field);
  }
};

const named = (name: string, sql: string): PlannedColumn => ({ name, sql });

/** In layers, so that nothing is computed twice: the trimmed cell; whether it is null, and its reading; its faults. */
const judging = (field: Field, columns: FieldColumns): readonly Layer[] => {
  const trimmed = identifier(columns.trimmed);
  const faults = faultsOf(field);
  const isRead = field.type !== 'text' || constraintCodes(field).length > 0;
  const read = field.type === 'text' ? standardText(field, columns) : readSql(field, trimmed);
  return [
    [named(columns.trimmed, trim(columns.cell))],
    [named(columns.isNull, isNullSql(field, trimmed)), ...(isRead ? [named(columns.read, read)] : [])],
    faults.length > 0 ? [named(columns.fault, faultSql(field, columns))] : [],
  ];
};

/** What there is to say of a field's cell: columns in layers. */
export const markField = (field: Field, at: number): readonly Layer[] =>
  judging(field, columnsOf(at, 'mark'));

/**
 * The value of a cell in a row without reasons, in layers; the last one has the column of the field's name. A field that
 * makes nulls of faulty values may still be faulty: it is read with care.
 */
export const valueField = (field: Field, at: number): readonly Layer[] => {
  const columns = columnsOf(at, 'value');
  const trimmed = identifier(columns.trimmed);
  const absent = defaultSql(field);
  const value = (isNull: string, otherwise: string): Layer => [
    named(field.name, `CASE WHEN ${isNull} THEN ${absent} ${otherwise} END`),
  ];
  if (field.onInvalid === 'null' && faultsOf(field).length > 0) {
    const read = identifier(columns.read);
    const sound = field.type === 'double' ? withoutMinusZero(read) : read;
    const isSound = `${identifier(columns.fault)} = 0`;
    return [...judging(field, columns), value(identifier(columns.isNull), `WHEN ${isSound} THEN ${sound}`)];
  }
  if (field.type === 'text' && !field.trim && isEmptyTokens(field)) {
    return [[], [], [], value(isBlank(columns.cell), `ELSE ${standardText(field, columns)}`)];
  }
  const read = field.type === 'text' ? standardText(field, columns) : trustedRead(field, trimmed);
  return [
    [named(columns.trimmed, trim(columns.cell))],
    [],
    [],
    value(isNullSql(field, trimmed), `ELSE ${read}`),
  ];
};
