import {
  DEFAULT_DATE_FORMAT,
  DEFAULT_TIMESTAMP_FORMAT,
  type FieldOf,
  type MomentFormat,
} from '@sluice/record-schema';
import { literal, tryCast } from './sql.ts';

type MomentField = FieldOf<'date'> | FieldOf<'timestamp'>;
type Fixed = Extract<MomentFormat, { kind: 'fixed' }>;
type Part = keyof Fixed['parts'];

/** A format as it is read: the pattern of all its texts (real days apart), and the value of one that has the pattern. */
interface Reading {
  readonly pattern: string;
  readonly value: string;
}

const PATTERNS: Readonly<Record<Part, string>> = {
  yyyy: '(?!0000)[0-9]{4}',
  MM: '(?:0[1-9]|1[0-2])',
  dd: '(?:0[1-9]|[12][0-9]|3[01])',
  HH: '(?:[01][0-9]|2[0-3])',
  mm: '[0-5][0-9]',
  ss: '[0-5][0-9]',
};

const exactly = (char: string): string =>
  /[T /:-]/.test(char) ? char : `\\x{${(char.codePointAt(0) ?? 0).toString(16)}}`;

const patternOf = (format: Fixed): string => {
  const parts = Object.entries(format.parts) as [Part, number][]; // of a record of those keys
  return [
    ...parts.map(([part, at]) => ({ at, pattern: PATTERNS[part] })),
    ...format.literals.map(({ at, char }) => ({ at, pattern: exactly(char) })),
  ]
    .sort((a, b) => a.at - b.at)
    .map(({ pattern }) => pattern)
    .join('');
};

/** The text's parts in the order of Spark's own text. */
const rearranged = (x: string, format: Fixed, type: MomentField['type']): string => {
  const part = (name: Part, absent: string): string => {
    const at = format.parts[name];
    return at === undefined ? literal(absent) : `substring(${x}, ${at + 1}, ${name.length})`;
  };
  const day = [part('yyyy', ''), "'-'", part('MM', ''), "'-'", part('dd', '')];
  const time = ["' '", part('HH', '00'), "':'", part('mm', '00'), "':'", part('ss', '00')];
  return `concat(${[...day, ...(type === 'date' ? [] : time)].join(', ')})`;
};

/** What Spark's own casts read. They take far more, so they come behind the pattern. */
const NATIVE = { date: DEFAULT_DATE_FORMAT, timestamp: DEFAULT_TIMESTAMP_FORMAT } as const;

const ISO =
  '(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]' +
  '(?:\\.[0-9]{1,3})?(?:Z|[+-](?:(?:0[0-9]|1[0-7]):[0-5][0-9]|18:00))';

/** Only on a calendar's first and last day can an offset lead out of the years 0001 to 9999. */
const isoValue = (x: string): string => {
  const utc = `CAST(try_cast(${x} AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ)`;
  const inYears = `${utc} >= TIMESTAMP_NTZ '0001-01-01 00:00:00' AND ${utc} <= TIMESTAMP_NTZ '9999-12-31 23:59:59.999'`;
  return `CASE WHEN (${x} > '0001-01-02' AND ${x} < '9999-12-31') OR (${inYears}) THEN ${utc} END`;
};

const readingOf = (x: string, format: MomentFormat, type: MomentField['type']): Reading => {
  if (format.kind === 'iso') return { pattern: ISO, value: isoValue(x) };
  const text = format.pattern === NATIVE[type] ? x : rearranged(x, format, type);
  return { pattern: patternOf(format), value: tryCast(text, { type }) };
};

/** The value of a trimmed text (a column's name) in the first of the field's formats that it is in; null in none. */
export const readMoment = (x: string, { formats, type }: MomentField): string => {
  const readings = formats
    .map((format) => readingOf(x, format, type))
    .map(({ pattern, value }) => `CASE WHEN ${x} RLIKE ${literal(`^${pattern}\\z`)} THEN ${value} END`);
  return readings.length === 1 ? readings.join() : `coalesce(${readings.join(', ')})`;
};

/** The same of a text that is known to be in one of them, as cheaply as it can be had. */
export const trustMoment = (x: string, field: MomentField): string => {
  const [format, ...others] = field.formats;
  return format && others.length === 0 ? readingOf(x, format, field.type).value : readMoment(x, field);
};
