import { StateError } from './errors.ts';
import type { Json } from './json.ts';

/** Bytes of UTF-8 that a state's input, output or result may have (Step Functions quota, 256 KiB). */
export const PAYLOAD_LIMIT = 262_144;

// Deeper values are refused like oversized ones: no service parses them, and a cycle has no end.
const MAX_DEPTH = 1_000;

const NOT_JSON = -1;

// What one UTF-16 unit (as \u0000) and one number (-1.2345678901234567e-300) need at most.
const UNIT_BYTES = 6;
const NUMBER_BYTES = 25;

/** A bound above this belongs to no text within the limit, as no byte of text adds more than this to it. */
const HOPELESS = PAYLOAD_LIMIT * (NUMBER_BYTES + 1);

/**
 * What the outside world gave, as JSON: values that JSON cannot hold (dates, undefined, class instances)
 * become what `JSON.stringify` makes of them. A value that is JSON already is returned as it is, uncopied.
 * Throws `States.DataLimitExceeded` with the given cause if its text is longer than the limit, and a
 * TypeError if it is no JSON at all.
 */
export function toPayload(value: unknown, tooLarge: () => string): Json {
  const bound = boundBytes(value);
  if (bound !== NOT_JSON) {
    // boundBytes has visited every part and found JSON values only.
    const payload = value as Json;
    checkBound(payload, bound, tooLarge);
    return payload;
  }
  const payload: Json = JSON.parse(JSON.stringify(value) ?? 'null');
  checkPayload(payload, tooLarge);
  return payload;
}

/** Throws `States.DataLimitExceeded` with the given cause if the payload is larger than the limit. */
export function checkPayload(payload: Json, tooLarge: () => string): void {
  checkBound(payload, boundBytes(payload), tooLarge);
}

/** Bytes of the value's JSON text in UTF-8. */
export function byteLength(payload: Json): number {
  return Buffer.byteLength(JSON.stringify(payload));
}

/** As `checkPayload`, of a payload whose bound is known. Most are so small that it proves it; only the others are counted. */
export function checkBound(payload: Json, bound: number, tooLarge: () => string): void {
  if (bound <= PAYLOAD_LIMIT) return;
  if (bound <= HOPELESS && byteLength(payload) <= PAYLOAD_LIMIT) return;
  throw new StateError('States.DataLimitExceeded', tooLarge());
}

/**
 * A number of bytes that the value's JSON text does not exceed, found without looking into its strings.
 * NOT_JSON if some part is no JSON value. Stops above HOPELESS.
 */
export function boundBytes(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return 2 + value.length * UNIT_BYTES;
    case 'number':
      return Number.isFinite(value) ? NUMBER_BYTES : NOT_JSON;
    case 'boolean':
      return 5;
    case 'object':
      break;
    default:
      return NOT_JSON;
  }
  if (value === null) return 4;
  if (depth > MAX_DEPTH) return Number.POSITIVE_INFINITY;
  return Array.isArray(value) ? boundArray(value, depth) : boundObject(value, depth);
}

const BOUND = Symbol('bound');

/** An array that nobody changes any more, with its own bound: the items of batches are looked at again and again. */
interface BoundedArray {
  readonly [BOUND]?: number;
}

/** An array whose parts were all bounded already; `parts` is the sum. The array must not change any more. */
export function rememberBound(items: readonly Json[], parts: number): void {
  Object.defineProperty(items, BOUND, { value: 2 + items.length + parts });
}

function boundArray(items: readonly unknown[] & BoundedArray, depth: number): number {
  const known = items[BOUND];
  if (known !== undefined) return known;
  let bound = 2 + items.length;
  for (const item of items) {
    const part = boundBytes(item, depth + 1);
    if (part === NOT_JSON) return NOT_JSON;
    bound += part;
    if (bound > HOPELESS) break;
  }
  return bound;
}

function boundObject(object: object, depth: number): number {
  if (!isPlain(object)) return NOT_JSON;
  let bound = 2;
  // Not Object.entries, which allocates; a plain object inherits nothing that would be counted.
  for (const key in object) {
    const part = boundBytes(object[key], depth + 1);
    if (part === NOT_JSON) return NOT_JSON;
    // Two quotes, a colon and a comma.
    bound += 4 + key.length * UNIT_BYTES + part;
    if (bound > HOPELESS) break;
  }
  return bound;
}

/** Has no prototype or one that is itself a root: that of another realm is not our Object.prototype. */
function isPlain(object: object): object is Readonly<Record<string, unknown>> {
  const prototype = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
