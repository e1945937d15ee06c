import { literal, tryCast } from './sql.ts';

/** What numbers look like. Each takes a column's name of trimmed text: it stands there more than once. */

// Possessive throughout, so that no text makes a pattern try again.
const DECIMAL = '[+-]?(?:[0-9]++\\.?[0-9]*+|\\.[0-9]++)';
const EXPONENT = '(?:[eE][+-]?[0-9]++)?';
const INTEGER = '[+-]?[0-9]++';

/** A number begins with a digit, a sign or a point: mostly the pattern need not look at all. */
const matches = (x: string, pattern: string): string =>
  `CASE WHEN ${x} >= '+' AND ${x} < ':' THEN ${x} RLIKE ${literal(`^${pattern}\\z`)} ELSE false END`;

export const isNumber = (x: string): string => matches(x, DECIMAL + EXPONENT);
export const isDecimal = (x: string): string => matches(x, DECIMAL);
export const isInteger = (x: string): string => matches(x, INTEGER);

/** Largest integer that every engine holds exactly, either way. */
export const isSafe = (x: string): string => `${x} BETWEEN -9007199254740991L AND 9007199254740991L`;
const MAX_DOUBLE = '1.7976931348623157E308D';
export const isFiniteDouble = (x: string): string => `abs(${x}) <= ${MAX_DOUBLE}`;
/** −0 is 0. */
export const withoutMinusZero = (x: string): string => `(${x} + 0.0D)`;

/** May be infinite: whoever looks for faults finds it there. */
export const readDouble = (x: string): string =>
  `CASE WHEN ${isNumber(x)} THEN ${tryCast(x, { type: 'double' })} END`;
/** May be beyond what is safe. */
export const readInteger = (x: string): string =>
  `CASE WHEN ${isInteger(x)} THEN ${tryCast(x, { type: 'integer' })} END`;
export const readDecimal = (x: string, precision: number, scale: number): string =>
  `CASE WHEN ${isDecimal(x)} THEN ${tryCast(x, { type: 'decimal', precision, scale })} END`;
