import { z } from 'zod';
import type { FieldDefinition } from './fields.ts';
import {
  DEFAULT_DATE_FORMAT,
  DEFAULT_TIMESTAMP_FORMAT,
  type MomentFormat,
  parseMomentFormat,
  readMoment,
} from './moments.ts';
import { compilePattern } from './patterns.ts';

/** A field with everything filled in: what the compilers read. Dates are `yyyy-MM-dd`, timestamps epoch milliseconds. */
interface Resolved<Value> {
  readonly name: string;
  /** The column's name in the source. */
  readonly from: string;
  readonly doc: string;
  readonly required: boolean;
  readonly default: Value | null;
  readonly nullTokens: readonly string[];
  readonly onInvalid: 'quarantine' | 'null';
  readonly pii: boolean;
  readonly publish: boolean;
}
interface Bounds<Value> {
  readonly min: Value | null;
  readonly max: Value | null;
}

export type Field =
  | (Resolved<string> & {
      readonly type: 'text';
      readonly trim: boolean;
      readonly upper: boolean;
      readonly lower: boolean;
      readonly oneOf: readonly string[] | null;
      readonly pattern: string | null;
      readonly maxLength: number | null;
      readonly json: boolean;
    })
  | (Resolved<number> & Bounds<number> & { readonly type: 'double' | 'integer' })
  | (Resolved<string> &
      Bounds<string> & { readonly type: 'decimal'; readonly precision: number; readonly scale: number })
  | (Resolved<boolean> & { readonly type: 'boolean' })
  | (Resolved<string> & Bounds<string> & { readonly type: 'date'; readonly formats: readonly MomentFormat[] })
  | (Resolved<number> &
      Bounds<number> & { readonly type: 'timestamp'; readonly formats: readonly MomentFormat[] });

export type FieldOf<T extends Field['type']> = Extract<Field, { readonly type: T }>;

/** Names of fields, derived fields, rules and datasets: they become SQL, Glue and file names. */
export const NAME = /^[a-z][a-z0-9_]{0,127}$/;

/** Trimmed from cells everywhere: space, tab, CR, LF, U+00A0, U+3000. */
export const TRIM_SET = ' \t\r\n\u00a0\u3000';
export const trimText = (value: string): string =>
  value.replace(/^[ \t\r\n\u00a0\u3000]+|[ \t\r\n\u00a0\u3000]+$/g, '');

const common = {
  doc: z.string().optional(),
  from: z.string().min(1).optional(),
  nullTokens: z.array(z.string()).readonly().optional(),
  pii: z.boolean().optional(),
  publish: z.boolean().optional(),
  required: z.boolean().optional(),
  onInvalid: z.enum(['quarantine', 'null']).optional(),
};
const finite = z.number().refine(Number.isFinite);
const formats = z.array(z.string()).min(1).readonly().optional();
const numbers = { default: finite.optional(), min: finite.optional(), max: finite.optional() };
const texts = { default: z.string().optional(), min: z.string().optional(), max: z.string().optional() };

const definition = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    ...common,
    default: z.string().optional(),
    trim: z.boolean().optional(),
    upper: z.boolean().optional(),
    lower: z.boolean().optional(),
    oneOf: z.array(z.string()).min(1).readonly().optional(),
    pattern: z.string().optional(),
    maxLength: z.int().min(1).optional(),
    json: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('double'), ...common, ...numbers }),
  z.strictObject({
    type: z.literal('integer'),
    ...common,
    default: z.int().optional(),
    min: z.int().optional(),
    max: z.int().optional(),
  }),
  z.strictObject({
    type: z.literal('decimal'),
    ...common,
    ...texts,
    precision: z.int().min(1).max(38),
    scale: z.int().min(0).max(38),
  }),
  z.strictObject({ type: z.literal('boolean'), ...common, default: z.boolean().optional() }),
  z.strictObject({ type: z.literal('date'), ...common, ...texts, formats }),
  z.strictObject({ type: z.literal('timestamp'), ...common, ...texts, formats }),
]);

const fail = (what: string): never => {
  throw new Error(what);
};

const DAY = [parseMomentFormat(DEFAULT_DATE_FORMAT, 'date')];
const SECOND = [parseMomentFormat(DEFAULT_TIMESTAMP_FORMAT, 'timestamp')];

/** `yyyy-MM-dd` of a real day in the years 0001–9999. */
export const isDay = (value: string): boolean => readMoment(value, DAY) !== null;

/** Epoch milliseconds of `yyyy-MM-dd HH:mm:ss`, or null. */
export const parseTimestampLiteral = (value: string): number | null => readMoment(value, SECOND);

/** `-1.50` of −150 hundredths. */
export const canonicalDecimal = (unscaled: bigint, scale: number): string => {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return sign + (scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
};

/** The decimal at its scale, rounded half away from zero, canonical (`-1.50`); null if it is none or too large. */
export const parseDecimalLiteral = (value: string, precision: number, scale: number): string | null => {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(value);
  const [whole = '', fraction = ''] = [parts?.[2], parts?.[3]];
  if (!parts || whole + fraction === '') return null;
  let unscaled = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  if ((fraction[scale] ?? '0') >= '5') unscaled += 1n;
  if (unscaled.toString().length > precision && unscaled !== 0n) return null;
  return canonicalDecimal(parts[1] === '-' ? -unscaled : unscaled, scale);
};

const inRange = <V>(value: V, min: V | null, max: V | null, less: (a: V, b: V) => boolean): boolean =>
  !(min !== null && less(value, min)) && !(max !== null && less(max, value));

const range = <V>(
  from: {
    readonly min?: string | undefined;
    readonly max?: string | undefined;
    readonly default?: string | undefined;
  },
  parse: (literal: string) => V | null,
  form: string,
): { min: V | null; max: V | null; default: V | null } => {
  const read = (key: 'min' | 'max' | 'default'): V | null => {
    const literal = from[key];
    if (literal === undefined) return null;
    return parse(literal) ?? fail(`${key} ${JSON.stringify(literal)} is not ${form}`);
  };
  return { min: read('min'), max: read('max'), default: read('default') };
};

const checkBounds = <V>(
  bounds: { readonly min: V | null; readonly max: V | null; readonly default: V | null },
  less: (a: V, b: V) => boolean,
): void => {
  if (bounds.min !== null && bounds.max !== null && less(bounds.max, bounds.min)) fail('min is above max');
  if (bounds.default !== null && !inRange(bounds.default, bounds.min, bounds.max, less)) {
    fail('the default is outside min and max');
  }
};

/** −150 of `-1.50`. */
export const unscaledDecimal = (canonical: string): bigint => BigInt(canonical.replace('.', ''));
/** Compares canonical decimals of one scale. */
export const decimalLess = (a: string, b: string): boolean => unscaledDecimal(a) < unscaledDecimal(b);
const less = <V extends number | string>(a: V, b: V): boolean => a < b;

/** Letters of which no case is one code point keep theirs; `Σ` by itself is never a final sigma. */
const mapCase = (value: string, map: (char: string) => string): string =>
  Array.from(value, (char) => {
    const mapped = map(char);
    return [...mapped].length === 1 ? mapped : char;
  }).join('');

/** Trims and cases a text as the field says: what its constraints are checked on. */
export const standardise = (field: FieldOf<'text'>, value: string): string => {
  const trimmed = field.trim ? trimText(value) : value;
  if (field.upper) return mapCase(trimmed, (char) => char.toUpperCase());
  if (field.lower) return mapCase(trimmed, (char) => char.toLowerCase());
  return trimmed;
};

const checkText = (field: FieldOf<'text'>): void => {
  if (field.upper && field.lower) fail('upper and lower exclude each other');
  if (field.pattern !== null) compilePattern(field.pattern, 'sql');
  if (field.default === null) return;
  const value = standardise(field, field.default);
  if (field.oneOf && !field.oneOf.includes(value))
    fail(`the default ${JSON.stringify(value)} is not in oneOf`);
  if (field.maxLength !== null && [...value].length > field.maxLength)
    fail('the default is longer than maxLength');
  if (field.pattern !== null && !new RegExp(compilePattern(field.pattern, 'javascript'), 'u').test(value)) {
    fail(`the default ${JSON.stringify(value)} does not match the pattern`);
  }
};

/** Fills in and checks one field. Throws an `Error` that says what is wrong (without the field's name). */
export const resolveField = (name: string, raw: FieldDefinition, datasetTokens: readonly string[]): Field => {
  const parsed = definition.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return fail(`${issue?.path.length ? `${issue.path.join('.')}: ` : ''}${issue?.message ?? 'invalid'}`);
  }
  const field = parsed.data;
  if (field.required && field.onInvalid === 'null') fail("required excludes onInvalid: 'null'");
  const base = {
    name,
    from: field.from ?? name,
    doc: field.doc ?? '',
    required: field.required ?? false,
    nullTokens: field.nullTokens ?? datasetTokens,
    onInvalid: field.onInvalid ?? 'quarantine',
    pii: field.pii ?? false,
    publish: field.publish ?? !field.pii,
  } as const;
  switch (field.type) {
    case 'text': {
      const resolved = {
        ...base,
        type: 'text',
        default: field.default ?? null,
        trim: field.trim ?? false,
        upper: field.upper ?? false,
        lower: field.lower ?? false,
        oneOf: field.oneOf ?? null,
        pattern: field.pattern ?? null,
        maxLength: field.maxLength ?? null,
        json: field.json ?? false,
      } as const;
      checkText(resolved);
      return resolved;
    }
    case 'double':
    case 'integer': {
      const bounds = { min: field.min ?? null, max: field.max ?? null, default: field.default ?? null };
      checkBounds(bounds, less);
      return { ...base, type: field.type, ...bounds };
    }
    case 'decimal': {
      const { precision, scale } = field;
      if (scale > precision) fail('scale is larger than precision');
      const form = `a decimal(${precision},${scale})`;
      const bounds = range(field, (literal) => parseDecimalLiteral(literal, precision, scale), form);
      checkBounds(bounds, decimalLess);
      return { ...base, type: 'decimal', precision, scale, ...bounds };
    }
    case 'boolean':
      return { ...base, type: 'boolean', default: field.default ?? null };
    case 'date': {
      const bounds = range(field, (literal) => (isDay(literal) ? literal : null), 'a day like 2026-01-31');
      checkBounds(bounds, less);
      const parsedFormats = (field.formats ?? [DEFAULT_DATE_FORMAT]).map((one) =>
        parseMomentFormat(one, 'date'),
      );
      return { ...base, type: 'date', formats: parsedFormats, ...bounds };
    }
    case 'timestamp': {
      const bounds = range(field, parseTimestampLiteral, 'a timestamp like 2026-01-31 23:59:59');
      checkBounds(bounds, less);
      const parsedFormats = (field.formats ?? [DEFAULT_TIMESTAMP_FORMAT]).map((one) =>
        parseMomentFormat(one, 'timestamp'),
      );
      return { ...base, type: 'timestamp', formats: parsedFormats, ...bounds };
    }
  }
};
