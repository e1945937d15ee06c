import jsonata from 'jsonata';
import { INTRINSICS } from '../intrinsics/functions.ts';
import { seededFraction, uuid } from '../intrinsics/random.ts';
import { isArray, type Json } from '../json.ts';
import type { Bindings } from './expression.ts';

/**
 * The functions that Step Functions adds to JSONata or does otherwise, and `$eval`, which it removes:
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html. An argument that is undefined
 * gives undefined, as in JSONata's own functions.
 *
 * @param random gives numbers in [0, 1)
 * @param now milliseconds since the epoch, the same for all of an expression
 */
export function queryFunctions(random: () => number, now: number): Bindings {
  return {
    partition: (items?: Json, size?: Json) =>
      intrinsic('States.ArrayPartition', random, asArray(items), whole(size)),
    range: (first?: Json, last?: Json, step?: Json) =>
      intrinsic('States.ArrayRange', random, whole(first), whole(last), whole(step)),
    hash: (text?: Json, algorithm?: Json) => intrinsic('States.Hash', random, text, algorithm),
    parse: (text?: Json) => (text === undefined ? undefined : parseJson(text)),
    uuid: () => uuid(random),
    random: (seed?: Json) => (seed === undefined ? random() : seededFraction(Math.floor(numberOf(seed)))),
    shuffle: (items?: Json) => (items === undefined ? undefined : shuffled(items, random)),
    millis: () => now,
    now: (picture?: Json, timezone?: Json) => formatInstant(now, picture, timezone),
    eval: undefined,
  };
}

function intrinsic(
  name: string,
  random: () => number,
  ...args: readonly (Json | undefined)[]
): Json | undefined {
  const given = args.filter((arg) => arg !== undefined);
  return given.length < args.length ? undefined : INTRINSICS.get(name)?.apply(given, random);
}

/** "Functions that require integer values as parameters will automatically round down any non-integer numbers provided." */
function whole(value: Json | undefined): Json | undefined {
  return typeof value === 'number' ? Math.floor(value) : value;
}

/** JSONata writes an array of one element as the element. */
function asArray(value: Json | undefined): Json | undefined {
  return value === undefined || isArray(value) ? value : [value];
}

function parseJson(text: Json): Json {
  if (typeof text !== 'string') throw new TypeError('$parse takes a string');
  return JSON.parse(text);
}

function numberOf(seed: Json): number {
  if (typeof seed !== 'number') throw new TypeError('the seed of $random must be a number');
  return seed;
}

/** Fisher and Yates's shuffle, as JSONata's own, but with the randomness of the execution. */
function shuffled(items: Json, random: () => number): Json {
  const result = isArray(items) ? [...items] : [items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const moved = result[last] ?? null;
    result[last] = result[other] ?? null;
    result[other] = moved;
  }
  return result;
}

const FORMAT = jsonata('$fromMillis($now, $picture, $timezone)');

/** What JSONata's `$now` gives, at the execution's time instead of the machine's. */
function formatInstant(now: number, picture: Json | undefined, timezone: Json | undefined): Promise<unknown> {
  return FORMAT.evaluate(undefined, { now, picture, timezone });
}
