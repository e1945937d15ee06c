/**
 * Formats of dates and timestamps. A pattern has the parts `yyyy MM dd HH mm ss`, each once and of fixed width,
 * with anything but letters and digits between them, so that a value has one length and every part one place.
 * `iso` is `yyyy-MM-ddTHH:mm:ss[.f{1,3}](Z|±HH:mm)`.
 */
const PART_NAMES = ['yyyy', 'MM', 'dd', 'HH', 'mm', 'ss'] as const;
type PartName = (typeof PART_NAMES)[number];

export type MomentFormat =
  | { readonly kind: 'iso' }
  | {
      readonly kind: 'fixed';
      /** The format as it is written. */
      readonly pattern: string;
      /** In characters. */
      readonly length: number;
      /** Where each part starts (from 0); a part that the format leaves out is absent. */
      readonly parts: Readonly<Partial<Record<PartName, number>>>;
      /** What stands between them. */
      readonly literals: readonly { readonly at: number; readonly char: string }[];
    };

export const DEFAULT_DATE_FORMAT = 'yyyy-MM-dd';
export const DEFAULT_TIMESTAMP_FORMAT = 'yyyy-MM-dd HH:mm:ss';

/** Throws an `Error` that says what is wrong with the format. */
export const parseMomentFormat = (format: string, type: 'date' | 'timestamp'): MomentFormat => {
  if (format === 'iso') {
    if (type === 'date') throw new Error('the format iso is for timestamps');
    return { kind: 'iso' };
  }
  const parts: Partial<Record<PartName, number>> = {};
  const literals: { at: number; char: string }[] = [];
  for (let at = 0; at < format.length; ) {
    const part = PART_NAMES.find((name) => format.startsWith(name, at));
    const char = format.charAt(at);
    if (part) {
      if (part in parts) throw new Error(`the format ${JSON.stringify(format)} has ${part} twice`);
      parts[part] = at;
      at += part.length;
    } else if (/[T]|[^A-Za-z0-9\u0080-\uffff]/.test(char)) {
      literals.push({ at, char });
      at += 1;
    } else {
      throw new Error(
        `the format ${JSON.stringify(format)} has ${JSON.stringify(char)}: parts are ${PART_NAMES.join(' ')}`,
      );
    }
  }
  for (const part of ['yyyy', 'MM', 'dd'] as const) {
    if (!(part in parts)) throw new Error(`the format ${JSON.stringify(format)} lacks ${part}`);
  }
  if (type === 'date' && ('HH' in parts || 'mm' in parts || 'ss' in parts)) {
    throw new Error(`the format ${JSON.stringify(format)} has a time, a date has none`);
  }
  if (/^\s|\s$/.test(format))
    throw new Error(`the format ${JSON.stringify(format)} begins or ends with a blank`);
  return { kind: 'fixed', pattern: format, length: format.length, parts, literals };
};

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

export const daysInMonth = (year: number, month: number): number =>
  month === 2
    ? isLeap(year)
      ? 29
      : 28
    : month === 4 || month === 6 || month === 9 || month === 11
      ? 30
      : 31;

/** Days since 1970-01-01 of a day of the proleptic Gregorian calendar. */
export const epochDays = (year: number, month: number, day: number): number => {
  const before = year - 1;
  const leapDay = month > 2 && isLeap(year) ? 1 : 0;
  return (
    before * 365 +
    Math.floor(before / 4) -
    Math.floor(before / 100) +
    Math.floor(before / 400) +
    (DAYS_BEFORE_MONTH[month - 1] ?? 0) +
    leapDay +
    day -
    719163
  );
};

const MINUTE = 60_000;
const ISO = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,3}))?(?:Z|([+-])(\d{2}):(\d{2}))$/;
/** What ISO 8601 and `java.time` allow. */
const MAX_OFFSET_MINUTES = 18 * 60;

const readFixed = (text: string, format: Extract<MomentFormat, { kind: 'fixed' }>): number | null => {
  if (text.length !== format.length || format.literals.some(({ at, char }) => text[at] !== char)) return null;
  const part = (name: PartName, absent: number): number => {
    const at = format.parts[name];
    if (at === undefined) return absent;
    const digits = text.slice(at, at + name.length);
    return /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  };
  const [year, month, day] = [part('yyyy', 0), part('MM', 0), part('dd', 0)];
  const [hour, minute, second] = [part('HH', 0), part('mm', 0), part('ss', 0)];
  const isDay = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  const isTime = hour <= 23 && minute <= 59 && second <= 59;
  if (!isDay || !isTime) return null;
  return ((epochDays(year, month, day) * 24 + hour) * 60 + minute) * MINUTE + second * 1000;
};

const FIRST_INSTANT = epochDays(1, 1, 1) * 24 * 60 * MINUTE;
const LAST_INSTANT = epochDays(10_000, 1, 1) * 24 * 60 * MINUTE - 1;
const ISO_LOCAL = parseMomentFormat('yyyy-MM-ddTHH:mm:ss', 'timestamp');

/** Epoch milliseconds of a trimmed text in one of the formats, tried in order; null if it is in none. */
export const readMoment = (text: string, formats: readonly MomentFormat[]): number | null => {
  for (const format of formats) {
    if (format.kind === 'fixed') {
      const instant = readFixed(text, format);
      if (instant !== null) return instant;
      continue;
    }
    const parts = ISO.exec(text);
    if (!parts) continue;
    const [, , , fraction = '', sign, hours = '0', minutes = '0'] = parts;
    const offset = Number(hours) * 60 + Number(minutes);
    const local = readMoment(text.slice(0, 19), [ISO_LOCAL]);
    if (local === null || Number(minutes) > 59 || offset > MAX_OFFSET_MINUTES) continue;
    const instant = local + Number(fraction.padEnd(3, '0')) - (sign === '-' ? -offset : offset) * MINUTE;
    // The years are those of UTC.
    if (instant >= FIRST_INSTANT && instant <= LAST_INSTANT) return instant;
  }
  return null;
};
