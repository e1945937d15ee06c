import {
  compilePattern,
  DEFAULT_DATE_FORMAT,
  DEFAULT_TIMESTAMP_FORMAT,
  type Field,
  type FieldOf,
  type MomentFormat,
  trimText,
} from '@sluice/record-schema';
import type { ValueCode } from '../outcome.ts';
import { doubleLiteral, identifier, literal, timestampLiteral } from './sql.ts';

/**
 * The SQL of one field in layers, so that nothing is computed twice (macros repeat their arguments, and DuckDB shares
 * no work inside a CASE): the source gives the cell, a first SELECT `trimmed` where the field has it, the next one
 * `isNull` and `read`, all under the names of `columnsOf`; the rest goes on from those.
 */
export interface FieldSql {
  readonly field: Field;
  /** Over the cell, of text that is trimmed. */
  readonly trimmed: string | null;
  /** Over the cell: whether it means "no value" (before defaults). Never null itself. */
  readonly isNull: string;
  /** Over the cell (trimmed): the value as it can be read, or null; for text, the standardised text with its default. */
  readonly read: string;
  /** Over the first layer: the value of a cell without faults, default applied, typed as published. */
  readonly value: string;
  /** Over the cell (trimmed): the value of a row that is known to have no faults, as cheaply as it can be had. */
  readonly trusted: string;
  /** Over the first layer: what can be wrong, in the order in which it is reported. */
  readonly faults: readonly Fault[];
}

export interface Fault {
  readonly code: ValueCode;
  /** True if the fault is there; may be null, which means that it is not. */
  readonly when: string;
}

/** Column names of the layers; a blank keeps them apart from the dataset's own names. */
export const columnsOf = (field: Field) => ({
  cell: identifier(`${field.name} cell`),
  trimmed: identifier(`${field.name} trimmed`),
  isNull: identifier(`${field.name} null`),
  read: identifier(`${field.name} read`),
});

const isNullSql = (field: Field, cell: string): string => {
  const tokens = field.nullTokens;
  if (tokens.length === 0) return `(${cell} IS NULL)`;
  if (tokens.length === 1 && tokens[0] === '') return `(${cell} IS NULL OR sluice_is_blank(${cell}))`;
  return `(${cell} IS NULL OR sluice_lazy_trim(${cell}) IN (${tokens.map(literal).join(', ')}))`;
};

/** Reads text of one fixed format by putting its parts in the order of DuckDB's own text. */
const fixedMoment = (
  text: string,
  format: Extract<MomentFormat, { kind: 'fixed' }>,
  type: 'date' | 'timestamp',
): string => {
  const part = (name: keyof typeof format.parts, width: number, absent: string): string => {
    const at = format.parts[name];
    return at === undefined ? literal(absent) : `substr(${text}, ${at + 1}, ${width})`;
  };
  const day = [part('yyyy', 4, ''), part('MM', 2, ''), part('dd', 2, '')].join(" || '-' || ");
  const time = [part('HH', 2, '00'), part('mm', 2, '00'), part('ss', 2, '00')].join(" || ':' || ");
  const shape = format.literals.map(({ at, char }) => `substr(${text}, ${at + 1}, 1) = ${literal(char)}`);
  const canonical =
    type === 'date' ? `sluice_read_date(${day})` : `sluice_read_timestamp(${day} || ' ' || ${time})`;
  return `CASE WHEN ${[`strlen(${text}) = ${format.length}`, ...shape].join(' AND ')} THEN ${canonical} END`;
};

/** What DuckDB's own casts read. */
const NATIVE = { date: DEFAULT_DATE_FORMAT, timestamp: DEFAULT_TIMESTAMP_FORMAT } as const;
const isNative = (format: MomentFormat, type: 'date' | 'timestamp'): boolean =>
  format.kind === 'fixed' && format.pattern === NATIVE[type];

const momentSql = (field: FieldOf<'date'> | FieldOf<'timestamp'>, text: string): string => {
  const readings = field.formats.map((format) => {
    if (format.kind === 'iso') return `sluice_read_iso(${text})`;
    if (isNative(format, field.type)) return `sluice_read_${field.type}(${text})`;
    return fixedMoment(text, format, field.type);
  });
  return readings.length === 1 ? readings.join('') : `coalesce(${readings.join(', ')})`;
};

/** Reads the cell as it is first, and trimmed only if that fails and there may be something to trim. */
const readMoment = (field: FieldOf<'date'> | FieldOf<'timestamp'>, cell: string): string =>
  `coalesce(${momentSql(field, cell)}, CASE WHEN sluice_may_be_blank(${cell}) THEN ${momentSql(field, `sluice_trim(${cell})`)} END)`;

const readSql = (field: Exclude<Field, { type: 'text' }>, cell: string): string => {
  switch (field.type) {
    case 'double':
    case 'integer':
    case 'boolean':
      return `sluice_read_${field.type}(${cell})`;
    case 'decimal':
      return `TRY_CAST(sluice_decimal_text(${cell}) AS DECIMAL(${field.precision},${field.scale}))`;
    case 'date':
    case 'timestamp':
      return readMoment(field, cell);
  }
};

/** Why a cell of this type could not be read; looked at only where the reading is null. */
const unreadable = (field: Exclude<Field, { type: 'text' }>, cell: string): readonly Fault[] => {
  switch (field.type) {
    case 'double':
      return [{ code: 'not_a_number', when: 'true' }];
    case 'integer':
      return [
        { code: 'not_an_integer', when: `NOT sluice_is_integer(${cell})` },
        { code: 'out_of_range', when: `sluice_is_integer(${cell})` },
      ];
    case 'decimal':
      return [
        { code: 'not_a_number', when: `sluice_decimal_text(${cell}) IS NULL` },
        { code: 'out_of_range', when: `sluice_decimal_text(${cell}) IS NOT NULL` },
      ];
    case 'boolean':
      return [{ code: 'not_a_boolean', when: 'true' }];
    case 'date':
      return [{ code: 'not_a_date', when: 'true' }];
    case 'timestamp':
      return [{ code: 'not_a_timestamp', when: 'true' }];
  }
};

/** A constant of the definition (default, min, max) as SQL. */
const constant = (field: Field, value: string | number | boolean): string => {
  switch (field.type) {
    case 'text':
      return literal(String(value));
    case 'double':
      return doubleLiteral(Number(value));
    case 'integer':
      return `CAST(${literal(String(value))} AS BIGINT)`;
    case 'decimal':
      return `CAST(${literal(String(value))} AS DECIMAL(${field.precision},${field.scale}))`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'date':
      return `CAST(${literal(String(value))} AS DATE)`;
    case 'timestamp':
      return timestampLiteral(Number(value));
  }
};

const standardText = (field: FieldOf<'text'>, cell: string, isNull: string): string => {
  const cased = (text: string): string =>
    field.upper ? `sluice_upper(${text})` : field.lower ? `sluice_lower(${text})` : text;
  const text = cased(field.trim ? columnsOf(field).trimmed : cell);
  if (field.default === null) return `CASE WHEN NOT ${isNull} THEN ${text} END`;
  const standard = literal(field.trim ? trimText(field.default) : field.default);
  return `CASE WHEN ${isNull} THEN ${cased(standard)} ELSE ${text} END`;
};

const textFaults = (field: FieldOf<'text'>, text: string): Fault[] => {
  const faults: Fault[] = [];
  if (field.oneOf)
    faults.push({ code: 'not_allowed', when: `${text} NOT IN (${field.oneOf.map(literal).join(', ')})` });
  if (field.pattern !== null) {
    const pattern = literal(compilePattern(field.pattern, 'sql'));
    faults.push({ code: 'pattern_mismatch', when: `NOT regexp_matches(${text}, ${pattern})` });
  }
  if (field.maxLength !== null)
    faults.push({ code: 'too_long', when: `length(${text}) > ${field.maxLength}` });
  return faults;
};

const rangeFaults = (field: Exclude<Field, { type: 'text' }>, read: string): Fault[] => {
  if (field.type === 'boolean') return [];
  const faults: Fault[] = [];
  // An infinite reading is no number at all, rather than one out of bounds.
  const finite = field.type === 'double' ? ` AND isfinite(${read})` : '';
  if (field.min !== null) {
    faults.push({ code: 'too_small', when: `${read} < ${constant(field, field.min)}${finite}` });
  }
  if (field.max !== null) {
    faults.push({ code: 'too_large', when: `${read} > ${constant(field, field.max)}${finite}` });
  }
  return faults;
};

const withDefault = (field: Exclude<Field, { type: 'text' }>, isNull: string, value: string): string =>
  field.default === null
    ? `CASE WHEN NOT ${isNull} THEN ${value} END`
    : `CASE WHEN ${isNull} THEN ${constant(field, field.default)} ELSE ${value} END`;

/** Whether no null token of the field could be read as a value. */
const isReadAsNull = (field: Field): boolean => field.nullTokens.every((token) => token === '');

/** A cast, for cells that are known to be fit for it; what it does not take has blanks of ours around it. */
const cast = (cell: string, type: string): string =>
  `coalesce(TRY_CAST(${cell} AS ${type}), TRY_CAST(sluice_trim(${cell}) AS ${type}))`;

/** How a cell without a fault is read. DuckDB's casts take more than the semantics do, but what both take they read alike. */
const trustedRead = (field: Exclude<Field, { type: 'text' }>, cell: string): string => {
  switch (field.type) {
    case 'double':
      // Finite, since it has no fault; −0 plus 0 is 0.
      return `(${cast(cell, 'DOUBLE')} + CAST(0 AS DOUBLE))`;
    case 'integer':
      return cast(cell, 'BIGINT');
    case 'date':
    case 'timestamp':
      return field.formats.length === 1 && field.formats.every((format) => isNative(format, field.type))
        ? cast(cell, field.type.toUpperCase())
        : readSql(field, cell);
    case 'decimal':
    case 'boolean':
      return readSql(field, cell);
  }
};

/** Compiles one field: its nulls, its reading, its value and everything that can be wrong with it. */
export const compileField = (field: Field): FieldSql => {
  const { cell, isNull: nullColumn, read: readColumn } = columnsOf(field);
  const isNull = isNullSql(field, cell);
  const missing: Fault[] =
    field.required && field.default === null ? [{ code: 'missing', when: nullColumn }] : [];
  const valued = (faults: readonly Fault[]): Fault[] =>
    faults.map(({ code, when }) => ({ code, when: `(NOT ${nullColumn} AND ${when})` }));

  if (field.type === 'text') {
    const faults = valued(textFaults(field, readColumn));
    const read = standardText(field, cell, isNull);
    const trimmed = field.trim ? `sluice_lazy_trim(${cell})` : null;
    return {
      field,
      trimmed,
      isNull,
      read,
      value: readColumn,
      trusted: read,
      faults: [...missing, ...faults],
    };
  }
  const faults = valued([
    ...unreadable(field, cell).map(({ code, when }) => ({
      code,
      // A double beyond all bounds is read as infinite, and no number.
      when:
        field.type === 'double'
          ? `coalesce(isinf(${readColumn}), true)`
          : `${readColumn} IS NULL AND ${when}`,
    })),
    ...rangeFaults(field, readColumn),
  ]);
  return {
    field,
    trimmed: null,
    isNull,
    read: `CASE WHEN NOT ${isNull} THEN ${readSql(field, cell)} END`,
    value: withDefault(
      field,
      nullColumn,
      field.type === 'double' ? `sluice_double(${readColumn})` : readColumn,
    ),
    trusted:
      field.default === null && isReadAsNull(field)
        ? trustedRead(field, cell)
        : withDefault(field, isNull, trustedRead(field, cell)),
    faults: [...missing, ...faults],
  };
};
