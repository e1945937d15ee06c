import { type Buffer, isUtf8 } from 'node:buffer';
import type { Dataset } from '@sluice/record-schema';
import type { MalformedCode } from '../outcome.ts';
import { valueSources } from './json-members.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What a text says, or null: it is not JSON. */
export const parseJson = (text: string): { readonly value: unknown } | null => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
};

/** The object that a row's bytes are, or why they are none. `parsed`: what their text says. */
export const objectIn = (
  bytes: Buffer,
  parsed: { readonly value: unknown } | null,
): { readonly object: JsonObject } | MalformedCode => {
  if (!isUtf8(bytes)) return 'invalid_utf8';
  if (!parsed) return 'not_json';
  const { value } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not_an_object';
  return { object: value as JsonObject }; // what JSON calls an object
};

/**
 * Fills one array of cells with the declared fields of object after object, or says what is wrong with one. The text
 * must be the one that the object was parsed from.
 */
export const createJsonCells = ({ fields }: Dataset, onUnknownKey: (key: string) => void) => {
  const declared = new Set(fields.map((field) => field.from));
  const cells = new Array<string | null>(fields.length).fill(null);
  const fill = (object: JsonObject, text: string): MalformedCode | null => {
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
    const keys = Object.keys(object);
    if (keys.length > present) for (const key of keys) if (!declared.has(key)) onUnknownKey(key);
    return nested ? 'nested_value' : null;
  };
  return { cells, fill };
};

/** Why a dataset's reader would not take a row of an object of JSON lines, or would refuse the object for it. */
export interface RecordFault {
  /** The undeclared key; null: the row as a whole. */
  readonly field: string | null;
  readonly code: MalformedCode | 'unknown_column';
}

/** Judges texts that are known to be JSON objects by the reading rules alone, one by one. */
export const createRecordCheck = (dataset: Dataset): ((text: string) => RecordFault | null) => {
  const rejects = dataset.source.unknownColumns === 'reject';
  let unknown: string | null = null;
  const { fill } = createJsonCells(dataset, (key) => {
    unknown ??= key;
  });
  return (text) => {
    unknown = null;
    const code = fill(JSON.parse(text), text);
    if (rejects && unknown !== null) return { field: unknown, code: 'unknown_column' };
    return code === null ? null : { field: null, code };
  };
};
