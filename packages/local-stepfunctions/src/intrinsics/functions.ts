import { createHash } from 'node:crypto';
import { type Json, type JsonArray, jsonEquals } from '../json.ts';
import {
  ArgumentError,
  anyAt,
  arrayAt,
  dataAt,
  integerAt,
  objectAt,
  roundedAt,
  shortTextAt,
  summandAt,
  textAt,
} from './arguments.ts';
import { format } from './format.ts';
import { randomInteger, uuid } from './random.ts';

export interface Intrinsic {
  readonly fewest: number;
  readonly most: number;
  /** Throws ArgumentError for values that the function does not take. */
  readonly apply: (args: JsonArray, random: () => number) => Json;
}

const MAX_RANGE = 1_000;

/** Names as AWS writes them, and Node's. */
const HASHES = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

export const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['States.Format', { fewest: 1, most: Number.POSITIVE_INFINITY, apply: format }],
  ['States.StringToJson', { fewest: 1, most: 1, apply: stringToJson }],
  ['States.JsonToString', { fewest: 1, most: 1, apply: (args) => JSON.stringify(anyAt(args, 0)) }],
  ['States.JsonMerge', { fewest: 3, most: 3, apply: jsonMerge }],
  ['States.Array', { fewest: 0, most: Number.POSITIVE_INFINITY, apply: (args) => args }],
  ['States.ArrayPartition', { fewest: 2, most: 2, apply: arrayPartition }],
  ['States.ArrayContains', { fewest: 2, most: 2, apply: arrayContains }],
  ['States.ArrayRange', { fewest: 3, most: 3, apply: arrayRange }],
  ['States.ArrayGetItem', { fewest: 2, most: 2, apply: arrayGetItem }],
  ['States.ArrayLength', { fewest: 1, most: 1, apply: (args) => arrayAt(args, 0).length }],
  ['States.ArrayUnique', { fewest: 1, most: 1, apply: arrayUnique }],
  ['States.Base64Encode', { fewest: 1, most: 1, apply: base64Encode }],
  ['States.Base64Decode', { fewest: 1, most: 1, apply: base64Decode }],
  ['States.Hash', { fewest: 2, most: 2, apply: hash }],
  ['States.MathAdd', { fewest: 2, most: 2, apply: (args) => summandAt(args, 0) + summandAt(args, 1) }],
  ['States.MathRandom', { fewest: 2, most: 3, apply: mathRandom }],
  ['States.StringSplit', { fewest: 2, most: 2, apply: stringSplit }],
  ['States.UUID', { fewest: 0, most: 0, apply: (_args, random) => uuid(random) }],
]);

function stringToJson(args: JsonArray): Json {
  const text = textAt(args, 0);
  // As on AWS: nothing, or only blanks, reads as null.
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new ArgumentError('the first argument is no JSON text');
  }
}

function jsonMerge(args: JsonArray): Json {
  if (anyAt(args, 2) !== false)
    throw new ArgumentError('the third argument must be false: only shallow merges');
  return { ...objectAt(args, 0), ...objectAt(args, 1) };
}

function arrayPartition(args: JsonArray): Json {
  const items = arrayAt(args, 0);
  const size = roundedAt(args, 1);
  if (size < 1) throw new ArgumentError('the second argument must be a positive chunk size');
  const chunks: JsonArray[] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}

function arrayContains(args: JsonArray): Json {
  const value = anyAt(args, 1);
  return arrayAt(args, 0).some((item) => jsonEquals(item, value));
}

function arrayRange(args: JsonArray): Json {
  const [first, last, increment] = [roundedAt(args, 0), roundedAt(args, 1), roundedAt(args, 2)];
  if (increment === 0) throw new ArgumentError('the third argument must not be zero');
  const length = Math.floor((last - first) / increment) + 1;
  if (length > MAX_RANGE) throw new ArgumentError(`the range has more than ${MAX_RANGE} elements`);
  return Array.from({ length: Math.max(0, length) }, (_, index) => first + index * increment);
}

function arrayGetItem(args: JsonArray): Json {
  const items = arrayAt(args, 0);
  const index = integerAt(args, 1);
  const item = index < 0 ? undefined : items[index];
  if (item === undefined) throw new ArgumentError(`the array of ${items.length} has no element ${index}`);
  return item;
}

function arrayUnique(args: JsonArray): Json {
  const seen = new Set<Json>();
  const unique: Json[] = [];
  for (const item of arrayAt(args, 0)) {
    const isComposite = typeof item === 'object' && item !== null;
    if (isComposite ? unique.some((other) => jsonEquals(other, item)) : seen.has(item)) continue;
    seen.add(item);
    unique.push(item);
  }
  return unique;
}

function base64Encode(args: JsonArray): Json {
  return Buffer.from(shortTextAt(args, 0), 'utf8').toString('base64');
}

function base64Decode(args: JsonArray): Json {
  const text = shortTextAt(args, 0);
  if (!isBase64(text)) throw new ArgumentError('the first argument is no Base64 text');
  return Buffer.from(text, 'base64').toString('utf8');
}

/** Padding may be missing, but if there is some it must be right, and no digit may stand alone. */
function isBase64(text: string): boolean {
  const [, digits = '', padding = ''] = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(text) ?? [text, undefined];
  if (digits.length + padding.length !== text.length) return false;
  return padding === '' ? digits.length % 4 !== 1 : text.length % 4 === 0;
}

function hash(args: JsonArray): Json {
  const algorithm = HASHES.get(textAt(args, 1));
  if (algorithm === undefined) {
    throw new ArgumentError(`the second argument must be one of ${[...HASHES.keys()].join(', ')}`);
  }
  return createHash(algorithm).update(dataAt(args, 0), 'utf8').digest('hex');
}

function mathRandom(args: JsonArray, random: () => number): Json {
  const [start, end] = [roundedAt(args, 0), roundedAt(args, 1)];
  if (start >= end) throw new ArgumentError('the first argument must be less than the second');
  return randomInteger(start, end, args.length === 3 ? roundedAt(args, 2) : undefined, random);
}

function stringSplit(args: JsonArray): Json {
  const delimiters = new Set(textAt(args, 1));
  const parts: string[] = [];
  let part = '';
  for (const char of textAt(args, 0)) {
    if (!delimiters.has(char)) {
      part += char;
    } else if (part !== '') {
      parts.push(part);
      part = '';
    }
  }
  if (part !== '') parts.push(part);
  return parts;
}
