import { Buffer, isUtf8 } from 'node:buffer';
import type { Dataset } from '@sluice/record-schema';
import type { MalformedCode } from '../outcome.ts';
import { RefusedObject } from '../outcome.ts';
import { unknownColumn } from './header.ts';
import { brokenArray, createJsonSplitter } from './json-splitter.ts';
import type { RowHandlers, RowReader } from './row-handlers.ts';

/** Undeclared keys are reported up to this number: an object may have new ones in every row. */
const MAX_UNKNOWN_NAMES = 100;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

const isBlank = (unit: number): boolean => unit === 32 || unit === 9 || unit === 10 || unit === 13;

const skipBlanks = (text: string, from: number): number => {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
};

/** Of the string that opens at `from`: the place behind its closing quote. */
const stringEnd = (text: string, from: number): number => {
  for (let close = text.indexOf('"', from + 1); ; close = text.indexOf('"', close + 1)) {
    let backslashes = 0;
    while (text.charAt(close - 1 - backslashes) === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return close + 1;
  }
};

const valueEnd = (text: string, from: number): number => {
  let depth = 0;
  for (let at = from; ; ) {
    const char = text.charAt(at);
    if (char === '"') {
      at = stringEnd(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (char === '{' || char === '[') depth += 1;
    else if (depth > 0 && (char === '}' || char === ']')) {
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && ',} \t\r\n'.includes(char)) return at;
    at += 1;
  }
};

/**
 * How each key's value is written in a text that is known to be a JSON object. `JSON.parse` does not tell: it
 * turns 1.10 into 1.1, and its reviver (which would) costs several times the parsing.
 */
export const valueSources = (text: string): ReadonlyMap<string, string> => {
  const sources = new Map<string, string>();
  let at = skipBlanks(text, skipBlanks(text, 0) + 1);
  while (text.charAt(at) === '"') {
    const keyEnd = stringEnd(text, at);
    const written = text.slice(at, keyEnd);
    const key: unknown = written.includes('\\') ? JSON.parse(written) : written.slice(1, -1);
    const from = skipBlanks(text, skipBlanks(text, keyEnd) + 1);
    const to = valueEnd(text, from);
    sources.set(String(key), text.slice(from, to));
    at = skipBlanks(text, to);
    if (text.charAt(at) === ',') at = skipBlanks(text, at + 1);
  }
  return sources;
};

const parse = (text: string): { readonly value: unknown } | null => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
};

/** The first chunk must hold a whole BOM, if the object has one. */
export const createJsonReader = (dataset: Dataset, handlers: RowHandlers): RowReader => {
  const { fields } = dataset;
  const declared = new Set(fields.map((field) => field.from));
  const unknown = new Set<string>();
  const cells = new Array<string | null>(fields.length).fill(null);
  let rows = 0;
  let malformed = 0;
  let isArray = false;

  const noteUnknown = (keys: readonly string[]): void => {
    for (const key of keys) {
      if (declared.has(key)) continue;
      if (dataset.source.unknownColumns === 'reject') throw unknownColumn(key, dataset);
      if (unknown.size < MAX_UNKNOWN_NAMES) unknown.add(key);
    }
  };

  /** Fills `cells`, or says what is wrong with the row. */
  const readObject = (object: Readonly<Record<string, unknown>>, text: string): MalformedCode | null => {
    const keys = Object.keys(object);
    let present = 0;
    let nested = false;
    let sources: ReadonlyMap<string, string> | null = null;
    for (const [at, field] of fields.entries()) {
      cells[at] = null;
      // Own keys only: `constructor` and `__proto__` are names like any other.
      if (!Object.hasOwn(object, field.from)) continue;
      present += 1;
      const value = object[field.from];
      if (typeof value === 'string') {
        if (!value.isWellFormed()) return 'invalid_utf8';
        cells[at] = value;
      } else if (typeof value === 'boolean') {
        cells[at] = value ? 'true' : 'false';
      } else if (value !== null) {
        nested ||= typeof value === 'object' && !(field.type === 'text' && field.json);
        sources ??= valueSources(text);
        cells[at] = sources.get(field.from) ?? null;
      }
    }
    if (keys.length > present) noteUnknown(keys);
    return nested ? 'nested_value' : null;
  };

  const read = (bytes: Buffer, text: string): MalformedCode | null => {
    const parsed = parse(text);
    if (!parsed && isArray) throw brokenArray(`in its element ${rows}`);
    if (!isUtf8(bytes)) return 'invalid_utf8';
    if (!parsed) return 'not_json';
    const { value } = parsed;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not_an_object';
    return readObject(value as Readonly<Record<string, unknown>>, text); // what JSON calls an object
  };

  const splitter = createJsonSplitter((bytes, form) => {
    rows += 1;
    isArray = form === 'array';
    const text = bytes.toString('utf8');
    const code = read(bytes, text);
    if (code) {
      malformed += 1;
      handlers.malformed(code, text, rows);
    } else {
      handlers.row(cells, rows, () => text);
    }
  });

  let begun = false;
  return {
    push(chunk) {
      const hasBom = !begun && BOM.equals(chunk.subarray(0, BOM.length));
      begun = true;
      splitter.push(hasBom ? chunk.subarray(BOM.length) : chunk);
    },
    end() {
      if (splitter.end() === null)
        throw new RefusedObject('empty_object', 'the object is empty: it holds no JSON');
      return { rows, malformed, unknownColumns: [...unknown] };
    },
  };
};
