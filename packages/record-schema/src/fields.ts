/**
 * The fields of a dataset, as its author writes them (`text({ trim: true })`). They are plain data: a dataset
 * may as well be read from JSON. `defineDataset` checks them and fills in what was left out.
 */

interface Common {
  /** One sentence for the generated documentation. */
  readonly doc?: string;
  /** Column name in the source (CSV header, JSON key, Parquet column), if it differs from the field's name. */
  readonly from?: string;
  /** Cells that mean "no value", compared after trimming. Default: the dataset's own list. */
  readonly nullTokens?: readonly string[];
  /** Personal data: the raw value is not published (unless `publish`), never logged, and masked in reports. */
  readonly pii?: boolean;
  /** Whether the field is a column of the published table. Default: yes, but for personal data. */
  readonly publish?: boolean;
}

/** A required field cannot turn its invalid values into nulls. */
type Presence<T> =
  | { readonly required: true; readonly default?: T; readonly onInvalid?: 'quarantine' }
  | { readonly required?: false; readonly default?: T; readonly onInvalid?: 'quarantine' | 'null' };

interface Range<T> {
  /** Smallest value allowed (`too_small` below it). */
  readonly min?: T;
  /** Largest value allowed (`too_large` above it). */
  readonly max?: T;
}

interface Casing {
  readonly trim?: boolean;
  readonly upper?: boolean;
  readonly lower?: boolean;
}

interface TextConstraints {
  /** The only values allowed, after standardising (`not_allowed`). */
  readonly oneOf?: readonly string[];
  /** A pattern in the subset common to RE2, Java and JavaScript; found anywhere unless anchored. */
  readonly pattern?: string;
  /** In code points (`too_long`). */
  readonly maxLength?: number;
  /** The value is JSON text: nested values of a JSON source are kept as their text. */
  readonly json?: boolean;
}

interface Formats {
  /** Tried in order. Parts are `yyyy MM dd HH mm ss`; timestamps also take `iso`. */
  readonly formats?: readonly string[];
}

export type TextOptions = Common & Presence<string> & Casing & TextConstraints;
export type NumberOptions = Common & Presence<number> & Range<number>;
export type DecimalOptions = Common & Presence<string> & Range<string>;
export type BooleanOptions = Common & Presence<boolean>;
export type DateOptions = Common & Presence<string> & Range<string> & Formats;

export type TextField = { readonly type: 'text' } & TextOptions;
export type DoubleField = { readonly type: 'double' } & NumberOptions;
export type IntegerField = { readonly type: 'integer' } & NumberOptions;
export type DecimalField = {
  readonly type: 'decimal';
  readonly precision: number;
  readonly scale: number;
} & DecimalOptions;
export type BooleanField = { readonly type: 'boolean' } & BooleanOptions;
export type DateField = { readonly type: 'date' } & DateOptions;
export type TimestampField = { readonly type: 'timestamp' } & DateOptions;

export type FieldDefinition =
  | TextField
  | DoubleField
  | IntegerField
  | DecimalField
  | BooleanField
  | DateField
  | TimestampField;

export type FieldType = FieldDefinition['type'];

/** The options as written; a key that is none of `Options` does not compile. All are optional, so `{}` is one. */
type Exactly<O, Options> = O & { readonly [K in Exclude<keyof O, keyof Options>]: never };

/** Text, kept as it is written unless `trim`, `upper` or `lower` say otherwise. */
export const text = <const O extends TextOptions>(options: Exactly<O, TextOptions> = {} as typeof options) =>
  ({ type: 'text', ...options }) as const;
/** A finite 64-bit floating point number. */
export const double = <const O extends NumberOptions>(
  options: Exactly<O, NumberOptions> = {} as typeof options,
) => ({ type: 'double', ...options }) as const;
/** A whole number between −(2^53 − 1) and 2^53 − 1. */
export const integer = <const O extends NumberOptions>(
  options: Exactly<O, NumberOptions> = {} as typeof options,
) => ({ type: 'integer', ...options }) as const;
/** An exact decimal of at most 38 digits, rounded half away from zero to `scale` places. */
export const decimal = <const O extends DecimalOptions>(
  precision: number,
  scale: number,
  options: Exactly<O, DecimalOptions> = {} as typeof options,
) => ({ type: 'decimal', precision, scale, ...options }) as const;
/** `true` or `false`, in any case. */
export const boolean = <const O extends BooleanOptions>(
  options: Exactly<O, BooleanOptions> = {} as typeof options,
) => ({ type: 'boolean', ...options }) as const;
/** A calendar day, `yyyy-MM-dd` unless `formats` say otherwise. */
export const date = <const O extends DateOptions>(options: Exactly<O, DateOptions> = {} as typeof options) =>
  ({ type: 'date', ...options }) as const;
/** An instant in UTC to the millisecond, `yyyy-MM-dd HH:mm:ss` unless `formats` say otherwise. */
export const timestamp = <const O extends DateOptions>(
  options: Exactly<O, DateOptions> = {} as typeof options,
) => ({ type: 'timestamp', ...options }) as const;
