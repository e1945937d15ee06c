import { compilePattern, type Field, type FieldOf } from '@sluice/record-schema';
import type { ValueCode } from '../outcome.ts';
import { readDate, readTimestamp } from './compile-moment.ts';
import { unscaled } from './decimals.ts';
import { type Constants, isOneOf, literal } from './source-text.ts';
import { lower, trim, upper } from './text.ts';

/** The names under which a field's source text keeps its values; all numbered by the caller. */
interface FieldNames {
  /** The cell, `string | null`. */
  readonly cell: string;
  /** To be declared and set: the field's value, null if it has none. */
  readonly value: string;
  /** A name for the trimmed cell. */
  readonly trimmed: string;
}

/** Statements that note what the quality profile counts. */
export interface FieldMarks {
  readonly isNull: string;
  readonly isInvalid: string;
  /** Of text only. */
  readonly looksNumeric: string;
}

/** A statement that adds a reason to the row's. */
type AddReason = (field: Field, code: ValueCode) => string;

const standardised = (field: FieldOf<'text'>, value: string): string => {
  const trimmed = field.trim ? trim(value) : value;
  return field.upper ? upper(trimmed) : field.lower ? lower(trimmed) : trimmed;
};

const defaultOf = (field: Field): string => {
  if (field.default === null) return 'null';
  if (field.type === 'text') return literal(standardised(field, field.default));
  // Never −0.
  return literal(typeof field.default === 'number' ? field.default + 0 : field.default);
};

/** What a value is held to, as tests that are true for a bad one. */
const constraints = (
  field: Field,
  value: string,
  constants: Constants,
): readonly (readonly [test: string, code: ValueCode])[] => {
  const list: (readonly [string, ValueCode])[] = [];
  switch (field.type) {
    case 'text':
      if (field.oneOf) list.push([`!${isOneOf(value, field.oneOf, constants)}`, 'not_allowed']);
      if (field.pattern !== null) {
        const pattern = constants.add(new RegExp(compilePattern(field.pattern, 'javascript'), 'u'));
        list.push([`!${pattern}.test(${value})`, 'pattern_mismatch']);
      }
      if (field.maxLength !== null)
        list.push([`isLonger(${value}, ${literal(field.maxLength)})`, 'too_long']);
      break;
    case 'boolean':
      break;
    case 'decimal': {
      // Bounds are at the field's scale, like its values.
      const bound = (of: string): string => constants.add(unscaled(of, 0));
      if (field.min !== null) list.push([`unscaled(${value}, 0) < ${bound(field.min)}`, 'too_small']);
      if (field.max !== null) list.push([`unscaled(${value}, 0) > ${bound(field.max)}`, 'too_large']);
      break;
    }
    default:
      if (field.min !== null) list.push([`${value} < ${literal(field.min)}`, 'too_small']);
      if (field.max !== null) list.push([`${value} > ${literal(field.max)}`, 'too_large']);
  }
  return list;
};

/** Statements that read the trimmed text; `value` holds null before them, and keeps it if they do `bad(code)`. */
const parse = (
  field: Exclude<Field, { type: 'text' }>,
  names: FieldNames,
  bad: (code: ValueCode) => string,
): string => {
  const { value, trimmed } = names;
  const parsed = `${value}p`;
  const orElse = (test: string, code: ValueCode): string =>
    `if (${test}) {\n${bad(code)}} else {\n${value} = ${parsed};\n}\n`;
  const noNumber = `${parsed} !== ${parsed}`;
  const outOfRange = (): string => `if (${parsed} === Infinity) {\n${bad('out_of_range')}} else `;
  switch (field.type) {
    case 'double':
      return `const ${parsed} = parseDouble(${trimmed});\n${orElse(noNumber, 'not_a_number')}`;
    case 'integer':
      return `const ${parsed} = parseInteger(${trimmed});\n${outOfRange()}${orElse(noNumber, 'not_an_integer')}`;
    case 'decimal': {
      const digits = `${literal(field.precision)}, ${literal(field.scale)}`;
      return `const ${parsed} = parseDecimal(${trimmed}, ${digits});\n${outOfRange()}${orElse(noNumber, 'not_a_number')}`;
    }
    case 'boolean':
      return `const ${parsed} = parseBoolean(${trimmed});\n${orElse(`${parsed} === null`, 'not_a_boolean')}`;
    case 'date':
      return `let ${parsed} = null;\n${readDate(trimmed, parsed, field)}${orElse(`${parsed} === null`, 'not_a_date')}`;
    case 'timestamp':
      return `let ${parsed} = NaN;\n${readTimestamp(trimmed, parsed, field)}${orElse(noNumber, 'not_a_timestamp')}`;
  }
};

/**
 * Source text that turns a cell into a field's value: null tokens, default, standardising, parsing, constraints,
 * in this order. A bad value adds its reasons, or becomes null if the field says so.
 */
export const compileField = (
  field: Field,
  names: FieldNames,
  constants: Constants,
  addReason: AddReason,
  marks: FieldMarks = { isNull: '', isInvalid: '', looksNumeric: '' },
): string => {
  const { cell, value, trimmed } = names;
  const quarantines = field.onInvalid === 'quarantine';
  const bad = (code: ValueCode): string =>
    marks.isInvalid + (quarantines ? addReason(field, code) : `${value} = null;\n`);
  const checks = constraints(field, value, constants);
  // All reasons are collected; without reasons one bad constraint is enough, and null must not be tested again.
  const check = quarantines
    ? checks.map(([test, code]) => `if (${test}) {\n${bad(code)}}\n`).join('')
    : checks.length === 0
      ? ''
      : `if (${checks.map(([test]) => test).join(' || ')}) {\n${marks.isInvalid}${value} = null;\n}\n`;
  const absent = field.required && field.default === null ? addReason(field, 'missing') : '';
  const noValue = marks.isNull + absent;
  const isNull = isOneOf(trimmed, field.nullTokens, constants);
  const start = `let ${value} = null;\nconst ${trimmed} = ${cell} === null ? null : trim(${cell});\n`;

  if (field.type === 'text') {
    const text = field.trim ? trimmed : cell;
    const cased = field.upper ? `upper(${text})` : field.lower ? `lower(${text})` : text;
    return `${start}if (${trimmed} === null || ${isNull}) {
${value} = ${defaultOf(field)};
${noValue}} else {
${value} = ${cased};
${marks.looksNumeric && `if (looksNumeric(${trimmed})) {\n${marks.looksNumeric}}\n`}}
${check && `if (${value} !== null) {\n${check}}\n`}`;
  }
  return `${start}if (${trimmed} === null || ${isNull}) {
${value} = ${defaultOf(field)};
${noValue}} else {
${parse(field, names, bad)}${check && `if (${value} !== null) {\n${check}}\n`}}
`;
};
