/** A JSON value. Read-only: the interpreter shares values between states instead of copying them. */
export type Json = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly Json[];
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isArray(value: Json | undefined): value is JsonArray {
  return Array.isArray(value);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value under a key of the object itself: `constructor` or `__proto__` are keys like any other. */
export function valueAt(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets a key on an object under construction; plain assignment to `__proto__` would set its prototype. */
export function setKey(object: Record<string, Json>, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

export function jsonEquals(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (isArray(left)) {
    return (
      isArray(right) &&
      left.length === right.length &&
      // Both have the same length, so the index is in range; null stands for no element of a sparse array.
      left.every((item, index) => jsonEquals(item, right[index] ?? null))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => {
    const a = valueAt(left, key);
    const b = valueAt(right, key);
    return a !== undefined && b !== undefined && jsonEquals(a, b);
  });
}
