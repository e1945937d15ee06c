import { type Dataset, type Field, TRIM_SET } from '@sluice/record-schema';
import { RefusedObject } from '../outcome.ts';

export interface MatchedHeader {
  /** For each of the dataset's fields its column, from 0; -1: the object has no such column. */
  readonly positions: Int32Array;
  /** Names that the dataset does not declare, each once. */
  readonly unknownColumns: readonly string[];
}

const blanks = new RegExp(`[${TRIM_SET}]`, 'g');
const loosely = (name: string): string => name.replace(blanks, '').toLowerCase();

/** How a person finds the place in a header that may have hundreds of names. */
const quoted = (name: string): string => JSON.stringify(name);

const missing = (field: Field, unknown: readonly string[], required: boolean): RefusedObject | null => {
  const close = unknown.find((name) => loosely(name) === loosely(field.from));
  if (close !== undefined) {
    const hint = `it has ${quoted(close)}: names must match to the letter, blanks included`;
    return new RefusedObject('missing_column', `the object has no column ${quoted(field.from)}, but ${hint}`);
  }
  if (!required) return null;
  return new RefusedObject(
    'missing_column',
    `the object has no column ${quoted(field.from)}, which is required`,
  );
};

export const unknownColumn = (name: string, dataset: Dataset): RefusedObject =>
  new RefusedObject(
    'unknown_column',
    `the column ${quoted(name)} is not declared by the dataset ${dataset.name}, which rejects such columns`,
  );

/**
 * Finds the dataset's fields among an object's column names, by exact name and in any order.
 *
 * @throws {RefusedObject} `duplicate_column` (a declared name twice), `missing_column` (a required field without
 * a default; any field of which only another spelling is there), `unknown_column` (if the dataset rejects those)
 */
export const matchHeader = (dataset: Dataset, names: readonly string[]): MatchedHeader => {
  const columns = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [at, name] of names.entries()) {
    if (columns.has(name)) repeated.add(name);
    else columns.set(name, at);
  }
  const declared = new Set(dataset.fields.map((field) => field.from));
  for (const name of declared) {
    if (repeated.has(name))
      throw new RefusedObject('duplicate_column', `the object has the column ${quoted(name)} twice`);
  }
  const unknownColumns = [...columns.keys()].filter((name) => !declared.has(name));
  const positions = Int32Array.from(dataset.fields, (field) => {
    const at = columns.get(field.from);
    if (at !== undefined) return at;
    const refusal = missing(field, unknownColumns, field.required && field.default === null);
    if (refusal) throw refusal;
    return -1;
  });
  const [firstUnknown] = unknownColumns;
  if (firstUnknown !== undefined && dataset.source.unknownColumns === 'reject')
    throw unknownColumn(firstUnknown, dataset);
  return { positions, unknownColumns };
};
