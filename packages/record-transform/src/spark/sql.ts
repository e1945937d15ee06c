import type { ValueType } from '@sluice/record-schema';

/** A name as an identifier, whatever is in it. */
export const identifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/**
 * Characters that do not stand in a literal as they are: the quote and the backslash, the dollar (Spark replaces `${…}` in
 * whatever it parses), controls, and what looks like a blank or a line end.
 */
const ESCAPED = /['\\$\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0\u3000]/gu;

const escapeSequence = (char: string): string => {
  if (char === "'" || char === '\\') return `\\${char}`;
  // A character beyond U+FFFF is written as its two surrogates.
  const units = Array.from({ length: char.length }, (_, at) => char.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
};

/** Text as a literal, whatever is in it. Of `spark.sql.parser.escapedStringLiterals=false`. */
export const literal = (text: string): string => `'${text.replace(ESCAPED, escapeSequence)}'`;

/** Spark's name for a column's type. */
export const sparkType = (of: ValueType): string => {
  switch (of.type) {
    case 'text':
      return 'STRING';
    case 'double':
      return 'DOUBLE';
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${of.precision},${of.scale})`;
    case 'boolean':
      return 'BOOLEAN';
    case 'date':
      return 'DATE';
    case 'timestamp':
      // A wall clock that is UTC's: Parquet's timestamps then have the same type as DuckDB's.
      return 'TIMESTAMP_NTZ';
  }
};

export const cast = (sql: string, to: ValueType): string => `CAST(${sql} AS ${sparkType(to)})`;

/** Null where the text is none of the type's values. */
export const tryCast = (sql: string, to: ValueType): string => `try_cast(${sql} AS ${sparkType(to)})`;

/** A finite number; JavaScript's shortest text reads back as the same bits. −0 is 0. */
export const doubleLiteral = (value: number): string => cast(literal(String(value + 0)), { type: 'double' });

/** Epoch milliseconds of the years 0001 to 9999. */
const timestampLiteral = (milliseconds: number): string =>
  cast(literal(new Date(milliseconds).toISOString().replace('T', ' ').replace('Z', '')), {
    type: 'timestamp',
  });

/** A constant of a definition; timestamps are epoch milliseconds. */
export const constant = (type: ValueType, value: string | number | boolean): string => {
  switch (type.type) {
    case 'text':
      return literal(String(value));
    case 'double':
      return doubleLiteral(Number(value));
    case 'boolean':
      return value === true ? 'true' : 'false';
    case 'timestamp':
      return timestampLiteral(Number(value));
    case 'integer':
    case 'decimal':
    case 'date':
      return cast(literal(String(value)), type);
  }
};
