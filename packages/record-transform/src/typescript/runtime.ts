import { parseDecimal, rescale, toDecimal, unscaled } from './decimals.ts';
import { dayAt, dayOf, instant, midnight, monthOf, parseIso, timeAt, yearOf } from './moments.ts';
import { finite, looksNumeric, parseBoolean, parseDouble, parseInteger, safe } from './numbers.ts';
import { compare, isLonger, length, lower, maskEmail, substring, trim, upper } from './text.ts';

/** Every function that generated source text may name. */
export const runtime = {
  compare,
  dayAt,
  dayOf,
  finite,
  instant,
  isLonger,
  length,
  looksNumeric,
  lower,
  maskEmail,
  midnight,
  monthOf,
  parseBoolean,
  parseDecimal,
  parseDouble,
  parseInteger,
  parseIso,
  rescale,
  safe,
  substring,
  timeAt,
  toDecimal,
  trim,
  unscaled,
  upper,
  yearOf,
} as const;
