import type { MomentFormat } from '@sluice/record-schema';

const NANOS_OF_A_DAY = 86_400_000_000_000n;
const two = (value: number): string => String(value).padStart(2, '0');

const floorDivide = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by;

/** `2024-02-29`; with years of more than four digits as ISO 8601 has them (`+12024-02-29`). */
export const dayText = (epochDay: number): string =>
  new Date(epochDay * 86_400_000).toISOString().split('T')[0] ?? '';

/** `12:34:56`, with as many digits of the second as there are. */
export const timeText = (nanos: bigint): string => {
  const seconds = Number(nanos / 1_000_000_000n);
  const fraction = String(nanos % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return fraction === '' ? time : `${time}.${fraction}`;
};

/**
 * An instant as ISO 8601 with all its digits, but with no fewer and, where `toMillis`, no more than three: so much is read
 * of Parquet's instants.
 */
export const isoText = (nanos: bigint, toMillis: boolean): string => {
  const { date, time } = splitInstant(nanos);
  const [seconds = '', fraction = ''] = time.split('.');
  return `${date}T${seconds}.${toMillis ? fraction.slice(0, 3).padEnd(3, '0') : fraction.padEnd(3, '0')}Z`;
};

/** An instant in the first of a timestamp's formats that has a place for all of it; if none has, as ISO 8601. */
export const instantText = (nanos: bigint, formats: readonly MomentFormat[]): string => {
  const { date, time } = splitInstant(nanos);
  for (const format of formats) {
    const text = format.kind === 'iso' ? isoText(nanos, true) : inFormat(date, time, format);
    if (text !== null) return text;
  }
  return isoText(nanos, true);
};

const splitInstant = (nanos: bigint): { readonly date: string; readonly time: string } => {
  const day = floorDivide(nanos, NANOS_OF_A_DAY);
  return { date: dayText(Number(day)), time: timeText(nanos - day * NANOS_OF_A_DAY) };
};

/** Null if the format has no place for all of it. */
const inFormat = (
  date: string,
  time: string,
  { pattern, parts }: Extract<MomentFormat, { kind: 'fixed' }>,
): string | null => {
  if (date.length !== 10 || time.length !== 8) return null;
  const values = {
    yyyy: date.slice(0, 4),
    MM: date.slice(5, 7),
    dd: date.slice(8),
    HH: time.slice(0, 2),
    mm: time.slice(3, 5),
    ss: time.slice(6),
  };
  if ((['HH', 'mm', 'ss'] as const).some((part) => !(part in parts) && values[part] !== '00')) return null;
  return pattern.replace(/yyyy|MM|dd|HH|mm|ss/g, (part) => Reflect.get(values, part));
};

/** A day as a field of these formats reads it: in the first format, since all of them have a whole day. */
export const dateText = (epochDay: number, formats: readonly MomentFormat[]): string => {
  const date = dayText(epochDay);
  const [format] = formats;
  return format?.kind === 'fixed' ? (inFormat(date, '00:00:00', format) ?? date) : date;
};
