import fc from 'fast-check';
import type { FieldOf } from '../field-rules.ts';
import type { MomentFormat } from '../moments.ts';

const DAY = 86_400_000;
const FIRST = Date.UTC(2000, 0, 1) - 730_119 * DAY; // 0001-01-01
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const iso = (instant: number): string => new Date(instant).toISOString();

const spelledFixed = (instant: number, format: Extract<MomentFormat, { kind: 'fixed' }>): string => {
  const text = iso(instant);
  const digits = {
    yyyy: text.slice(0, 4),
    MM: text.slice(5, 7),
    dd: text.slice(8, 10),
    HH: text.slice(11, 13),
    mm: text.slice(14, 16),
    ss: text.slice(17, 19),
  };
  const chars = Array.from({ length: format.length }, () => '');
  for (const { at, char } of format.literals) chars[at] = char;
  for (const [name, at] of Object.entries(format.parts)) chars[at] = digits[name as keyof typeof digits]; // the parts' own names
  return chars.join('');
};

const twoDigits = (value: number): string => String(value).padStart(2, '0');

const spelledIso = (instant: number, offset: number, digits: number): string => {
  const sign = offset < 0 ? '-' : '+';
  const zone = `${sign}${twoDigits(Math.floor(Math.abs(offset) / 60))}:${twoDigits(Math.abs(offset) % 60)}`;
  const local = iso(instant + offset * 60_000);
  return `${local.slice(0, 19)}${digits === 0 ? '' : local.slice(19, 20 + digits)}${offset === 0 ? 'Z' : zone}`;
};

/** A text in a declared format. Bounds are kept by the first format only: a later one may be read as an earlier one. */
export const momentCell = (field: FieldOf<'date' | 'timestamp'>): fc.Arbitrary<string> => {
  const bound = (value: string | number | null, otherwise: number): number =>
    value === null ? otherwise : new Date(value).getTime();
  const [min, max] = [bound(field.min, FIRST), bound(field.max, LAST)];
  const bounded = field.min !== null || field.max !== null;
  // Whole days or seconds: a format without a fraction would cut below a bound.
  const unit = field.type === 'date' ? DAY : 1000;
  const [first, last] = [Math.ceil(min / unit), Math.floor(max / unit)];
  const recent = [2019, 2020, 2024, 2025].map((year) => Date.UTC(year, 1, 28) / unit);
  const instant = fc
    .oneof(
      fc.integer({ min: first, max: last }),
      fc.constantFrom(first, last, ...recent.filter((at) => at >= first && at <= last)),
    )
    .map((at) => at * unit);
  const formats = field.formats.slice(0, bounded ? 1 : field.formats.length);
  return fc.constantFrom(...formats).chain((format) => {
    if (format.kind === 'iso') {
      // A local time keeps within the years 0001 to 9999.
      const offsets = fc.constantFrom(0, 60, -90, 330, 18 * 60, -18 * 60);
      return fc
        .tuple(instant, offsets, fc.integer({ min: 0, max: 3 }))
        .map(([at, offset, digits]) =>
          spelledIso(at, at < FIRST + DAY || at > LAST - DAY ? 0 : offset, digits),
        );
    }
    const hasTime = 'ss' in format.parts;
    // A format without a time means midnight, which may be before the smallest value.
    return instant
      .filter((at) => hasTime || !bounded || at % DAY === 0)
      .map((at) => spelledFixed(at, format));
  });
};
