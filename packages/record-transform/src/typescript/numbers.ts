const ZERO = 48;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;

/** Powers of ten that a double holds exactly, and so divides by with one rounding. */
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15] as const;
/** Integers of that many digits are exact doubles. */
const EXACT_DIGITS = 15;

/** Of `[+-]?(digits[.digits?]|.digits)([eE][+-]?digits)?`; NaN for anything else, and if it is not finite. */
export const parseDouble = (text: string): number => {
  const end = text.length;
  const sign = text.charCodeAt(0);
  let at = sign === MINUS || sign === PLUS ? 1 : 0;
  const first = at;
  let mantissa = 0;
  let unit = 0;
  for (; at < end; at += 1) {
    unit = text.charCodeAt(at) - ZERO;
    if (unit < 0 || unit > 9) break;
    mantissa = mantissa * 10 + unit;
  }
  let digits = at - first;
  let fraction = 0;
  if (at < end && unit === POINT - ZERO) {
    at += 1;
    const begin = at;
    for (; at < end; at += 1) {
      unit = text.charCodeAt(at) - ZERO;
      if (unit < 0 || unit > 9) break;
      mantissa = mantissa * 10 + unit;
    }
    fraction = at - begin;
    digits += fraction;
  }
  if (digits === 0) return Number.NaN;
  if (at === end && digits <= EXACT_DIGITS) {
    const value = mantissa / (POWERS[fraction] ?? 1);
    return sign === MINUS ? 0 - value : value;
  }
  if (at < end) {
    if ((text.charCodeAt(at) | 32) !== 101) return Number.NaN;
    at += 1;
    const exponentSign = text.charCodeAt(at);
    if (exponentSign === MINUS || exponentSign === PLUS) at += 1;
    if (at === end) return Number.NaN;
    for (; at < end; at += 1) {
      unit = text.charCodeAt(at) - ZERO;
      if (unit < 0 || unit > 9) return Number.NaN;
    }
  }
  return finite(Number(text)) ?? Number.NaN;
};

/** Of `[+-]?digits`; NaN for anything else, infinite beyond ±(2^53 − 1). */
export const parseInteger = (text: string): number => {
  const end = text.length;
  const sign = text.charCodeAt(0);
  let at = sign === MINUS || sign === PLUS ? 1 : 0;
  if (at === end) return Number.NaN;
  const short = end - at <= EXACT_DIGITS;
  let value = 0;
  for (; at < end; at += 1) {
    const unit = text.charCodeAt(at) - ZERO;
    if (unit < 0 || unit > 9) return Number.NaN;
    value = value * 10 + unit;
  }
  if (short) return sign === MINUS ? 0 - value : value;
  return safe(Number(text)) ?? Number.POSITIVE_INFINITY;
};

/** Null on overflow; never −0. */
export const finite = (value: number): number | null => (value - value === 0 ? value + 0 : null);

/** An integer, or null beyond ±(2^53 − 1): up to there every sum and product of two integers is exact. */
export const safe = (value: number): number | null =>
  value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER ? value + 0 : null;

const TRUE = /^true$/i;
const FALSE = /^false$/i;

/** `true` or `false` in any case; null for anything else. Without the flag `u`, `i` matches ASCII with ASCII only. */
export const parseBoolean = (text: string): boolean | null =>
  TRUE.test(text) ? true : FALSE.test(text) ? false : null;

const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** Whether the quality profile takes a trimmed text for a number. A number begins with a digit, a sign or a point. */
export const looksNumeric = (text: string): boolean => {
  const first = text.charCodeAt(0);
  return first >= 43 && first <= 57 && NUMBER.test(text);
};
