import { createHmac, createSecretKey } from 'node:crypto';
import { LOWER_EXCEPTIONS, UPPER_EXCEPTIONS } from '../generated/case-exceptions.ts';

const isTrimmed = (unit: number): boolean =>
  unit === 32 || unit === 9 || unit === 10 || unit === 13 || unit === 0xa0 || unit === 0x3000;

const trimEnds = (text: string): string => {
  let from = 0;
  let to = text.length;
  while (from < to && isTrimmed(text.charCodeAt(from))) from += 1;
  while (to > from && isTrimmed(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
};

/** Without the trim set at both ends. */
export const trim = (text: string): string => {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  // Most cells begin and end with a visible ASCII character; an empty text has NaN there.
  return first > 32 && first < 0xa0 && last > 32 && last < 0xa0 ? text : trimEnds(text);
};

const isAscii = (text: string): boolean => {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) >= 0x80) return false;
  }
  return true;
};
const upperExceptions: ReadonlySet<string> = new Set(UPPER_EXCEPTIONS);
const lowerExceptions: ReadonlySet<string> = new Set(LOWER_EXCEPTIONS);

/** Each code point by itself; those on which the engines differ stay as they are. */
export const upper = (text: string): string => {
  if (isAscii(text)) return text.toUpperCase();
  let result = '';
  for (const char of text) result += upperExceptions.has(char) ? char : char.toUpperCase();
  return result;
};

export const lower = (text: string): string => {
  if (isAscii(text)) return text.toLowerCase();
  let result = '';
  for (const char of text) result += lowerExceptions.has(char) ? char : char.toLowerCase();
  return result;
};

/** In code points. */
export const length = (text: string): number => {
  let surrogatePairs = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800) surrogatePairs += 1;
  }
  return text.length - surrogatePairs;
};

/** Whether the text has more code points than `max`; it never has more than code units. */
export const isLonger = (text: string, max: number): boolean => text.length > max && length(text) > max;

/** The code unit at which code point `points` (from 0) begins, counted from the unit `from`; at most the length. */
const skip = (text: string, from: number, points: number): number => {
  let at = from;
  for (let left = points; left > 0 && at < text.length; left -= 1) {
    at += (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
  }
  return at;
};

/** `start` counts from 1, both in code points; `points` null: to the end. */
export const substring = (text: string, start: number, points: number | null): string => {
  const from = skip(text, 0, start - 1);
  return text.slice(from, points === null ? text.length : skip(text, from, points));
};

/** Negative, 0 or positive: by UTF-8 bytes, which is by code points and not by UTF-16 units. */
export const compare = (a: string, b: string): number => {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    // Surrogates stand for code points beyond all others, although units above them exist.
    const [xHigh, yHigh] = [(x & 0xf800) === 0xd800, (y & 0xf800) === 0xd800];
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1;
  }
  return a.length - b.length;
};

export const maskEmail = (address: string): string => {
  const at = address.lastIndexOf('@');
  if (at < 0) return '***';
  const shown = skip(address, 0, 2);
  return `${shown < at ? address.slice(0, shown) : ''}***${address.slice(at)}`;
};

/** HMAC-SHA-256 in lower-case hex; the key is the UTF-8 of its text. */
export const pseudonymizer = (key: string): ((text: string) => string) => {
  const secret = createSecretKey(key, 'utf8');
  return (text) => createHmac('sha256', secret).update(text, 'utf8').digest('hex');
};
