/** Why a row cannot be read at all; one per row, the first that applies. */
export const MALFORMED_CODES = [
  'malformed_quote',
  'invalid_utf8',
  'wrong_field_count',
  'not_json',
  'not_an_object',
  'nested_value',
] as const;
export type MalformedCode = (typeof MALFORMED_CODES)[number];

/** What can be wrong with a field's value, in the order in which a field reports it. */
export const VALUE_CODES = [
  'missing',
  'not_a_number',
  'not_an_integer',
  'out_of_range',
  'not_a_boolean',
  'not_a_date',
  'not_a_timestamp',
  'not_allowed',
  'pattern_mismatch',
  'too_long',
  'too_small',
  'too_large',
] as const;
export type ValueCode = (typeof VALUE_CODES)[number];

/** Why a row that can be read was not judged: what should have done it failed for good. */
export const NOT_PROCESSED = 'not_processed';

/** Why a row is quarantined. `field` is null for the row as a whole. Ordered by field, then by `VALUE_CODES`. */
export type Reason =
  | { readonly field: null; readonly code: MalformedCode | typeof NOT_PROCESSED }
  | { readonly field: string; readonly code: ValueCode };

/**
 * A published value. double, integer: number; text: string; boolean: boolean; decimal: digits at the column's
 * scale (`-1.50`); date: `yyyy-MM-dd`; timestamp: epoch milliseconds, UTC.
 */
export type Value = string | number | boolean | null;

/** What becomes of one row. */
export type RowFate =
  /** In the order of `dataset.columns`. */
  | { readonly fate: 'accepted'; readonly values: readonly Value[] }
  | { readonly fate: 'filtered'; readonly rule: string }
  | { readonly fate: 'duplicate' }
  | { readonly fate: 'quarantined'; readonly reasons: readonly Reason[] };

/** Why an object cannot be taken as a whole. */
export const REFUSAL_CODES = [
  'empty_object',
  'wrong_format',
  'corrupt_gzip',
  'corrupt_parquet',
  'broken_array',
  'bad_header',
  'missing_column',
  'duplicate_column',
  'unknown_column',
  'nested_column',
  'row_too_large',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** The object cannot be read; nothing of it is taken. The message is one clear line for the person who sent it. */
export class RefusedObject extends Error {
  override readonly name = 'RefusedObject';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a run needs to know beside the dataset and the rows. */
export interface RunContext {
  /** The run's only clock: epoch milliseconds, UTC. */
  readonly asOf: number;
  /** Key of `pseudonym`; needed only by datasets that use it. */
  readonly pseudonymKey?: string;
}
