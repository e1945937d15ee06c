import { isArray, isObject, type Json, type JsonArray, type JsonObject } from '../json.ts';

/** A value that an intrinsic function does not take. */
export class ArgumentError extends Error {}

/** Most characters that the hash and Base64 functions take. */
const MAX_CHARACTERS = 10_000;

const ORDINALS = ['first', 'second', 'third'];

function refuse(index: number, expected: string): never {
  throw new ArgumentError(`the ${ORDINALS[index] ?? `${index + 1}th`} argument must be ${expected}`);
}

export function textAt(args: JsonArray, index: number): string {
  const value = args[index];
  return typeof value === 'string' ? value : refuse(index, 'a string');
}

export function shortTextAt(args: JsonArray, index: number): string {
  const text = textAt(args, index);
  return text.length <= MAX_CHARACTERS ? text : refuse(index, `of at most ${MAX_CHARACTERS} characters`);
}

/** Text, or the JSON text of any other value. */
export function dataAt(args: JsonArray, index: number): string {
  const value = anyAt(args, index);
  return shortTextAt([typeof value === 'string' ? value : JSON.stringify(value)], 0);
}

export function arrayAt(args: JsonArray, index: number): JsonArray {
  const value = args[index];
  return isArray(value) ? value : refuse(index, 'an array');
}

export function objectAt(args: JsonArray, index: number): JsonObject {
  const value = args[index];
  return isObject(value) ? value : refuse(index, 'an object');
}

/** A number, rounded half up to an integer: AWS rounds what it does not take as it is. */
export function roundedAt(args: JsonArray, index: number): number {
  const value = args[index];
  if (typeof value !== 'number') return refuse(index, 'a number');
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded + 0 : refuse(index, 'in the range of integers');
}

/** "Integer values in the range of -2147483648 and 2147483647" (the guide, of States.MathAdd). */
export function summandAt(args: JsonArray, index: number): number {
  const value = roundedAt(args, index);
  return value >= -(2 ** 31) && value < 2 ** 31 ? value : refuse(index, 'from -2147483648 to 2147483647');
}

export function integerAt(args: JsonArray, index: number): number {
  const value = args[index];
  return Number.isSafeInteger(value) ? roundedAt(args, index) : refuse(index, 'an integer');
}

export function anyAt(args: JsonArray, index: number): Json {
  const value = args[index];
  return value === undefined ? refuse(index, 'given') : value;
}
