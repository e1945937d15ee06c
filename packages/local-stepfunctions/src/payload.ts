import { StateError } from './errors.ts';
import type { Json } from './json.ts';

/** Bytes of UTF-8 that a state's input, output or result may have (Step Functions quota, 256 KiB). */
export const PAYLOAD_LIMIT = 262_144;

// Deeper values are refused like oversized ones: no service parses them, and a cycle has no end.
const MAX_DEPTH = 1_000;
const NOT_JSON = -1;

/**
 * What the outside world gave, as JSON: values that JSON cannot hold (dates, undefined, class instances)
 * become what `JSON.stringify` makes of them. A value that is JSON already is returned as it is, uncopied.
 * Throws `States.DataLimitExceeded` with the given cause if its text is longer than the limit.
 */
export function toPayload(value: unknown, tooLarge: () => string): Json {
  let payload = value;
  let bytes = jsonBytes(payload, 0);
  if (bytes === NOT_JSON) {
    payload = JSON.parse(JSON.stringify(value) ?? 'null');
    bytes = jsonBytes(payload, 0);
  }
  if (bytes > PAYLOAD_LIMIT) throw new StateError('States.DataLimitExceeded', tooLarge());
  // jsonBytes has visited every part and found only JSON values.
  return payload as Json;
}

export function checkPayload(payload: Json, tooLarge: () => string): void {
  if (jsonBytes(payload, 0) > PAYLOAD_LIMIT) throw new StateError('States.DataLimitExceeded', tooLarge());
}

/**
 * The bytes of the value's JSON text in UTF-8, without making that text. Stops counting above the limit.
 * NOT_JSON if some part is no JSON value.
 */
function jsonBytes(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return stringBytes(value);
    case 'number':
      return Number.isFinite(value) ? String(value).length : NOT_JSON;
    case 'boolean':
      return value ? 4 : 5;
    case 'object':
      break;
    default:
      return NOT_JSON;
  }
  if (value === null) return 4;
  if (depth > MAX_DEPTH) return Number.POSITIVE_INFINITY;
  return Array.isArray(value) ? arrayBytes(value, depth) : objectBytes(value, depth);
}

function arrayBytes(items: readonly unknown[], depth: number): number {
  let bytes = items.length === 0 ? 2 : 1 + items.length;
  for (let index = 0; index < items.length; index += 1) {
    const part = jsonBytes(items[index], depth + 1);
    if (part === NOT_JSON) return NOT_JSON;
    bytes += part;
    if (bytes > PAYLOAD_LIMIT) break;
  }
  return bytes;
}

function objectBytes(object: object, depth: number): number {
  const prototype = Object.getPrototypeOf(object);
  // A plain object has no prototype or one that is itself a root; comparing with Object.prototype would
  // refuse plain objects of another realm.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return NOT_JSON;
  const entries = Object.entries(object);
  let bytes = entries.length === 0 ? 2 : 1 + entries.length;
  for (const [key, value] of entries) {
    const part = jsonBytes(value, depth + 1);
    if (part === NOT_JSON) return NOT_JSON;
    bytes += stringBytes(key) + 1 + part;
    if (bytes > PAYLOAD_LIMIT) break;
  }
  return bytes;
}

function stringBytes(text: string): number {
  let bytes = 2 + text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      if (unit === 0x22 || unit === 0x5c) bytes += 1;
      else if (unit < 0x20) bytes += isShortEscape(unit) ? 1 : 5;
    } else if (unit < 0x800) {
      bytes += 1;
    } else if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = text.charCodeAt(index + 1);
      if (unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
        index += 1;
        bytes += 2;
      } else {
        // JSON.stringify writes a lone surrogate as \udxxx.
        bytes += 5;
      }
    } else {
      bytes += 2;
    }
  }
  return bytes;
}

/** \b \t \n \f \r; the other control characters are written \u00xx. */
function isShortEscape(unit: number): boolean {
  return unit >= 0x08 && unit <= 0x0d && unit !== 0x0b;
}
