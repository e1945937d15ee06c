import type { Field, MomentFormat } from '@sluice/record-schema';
import type { SchemaElement, SchemaTree } from 'hyparquet';
import { dateText, dayText, instantText, isoText, timeText } from './moments.ts';
import { textOf } from './read-record.ts';

/** A value as JSON. Throws `RangeError` where the value is none of its column's type. */
export type JsonOf = (value: unknown) => string;

/** Bytes that are no UTF-8, where a text should be. */
export const NO_TEXT = Symbol('no text');
/** What hyparquet makes of a column of texts. */
export const textFromBytes = (bytes: Uint8Array | undefined): string | typeof NO_TEXT | undefined =>
  bytes && (textOf(bytes) ?? NO_TEXT);

const isText = ({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean =>
  type === 'BYTE_ARRAY' && converted !== 'DECIMAL' && logical?.type !== 'DECIMAL';

/**
 * The column as hyparquet is to read it: raw, since it makes decimals to floating point numbers and instants to
 * milliseconds. Texts alone keep their annotation, for they are decoded once per entry of the dictionary.
 */
export const rawElement = (element: SchemaElement): SchemaElement => {
  if (element.type === undefined) return element;
  const { converted_type: _converted, logical_type: _logical, ...raw } = element;
  return isText(element) ? { ...raw, converted_type: 'UTF8' } : raw;
};

/** What cannot be told in JSON, or null. */
export const unreadable = ({
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): string | null => {
  if (converted === 'INTERVAL' || logical?.type === 'INTERVAL') return 'intervals';
  if (converted === 'BSON' || logical?.type === 'BSON') return 'BSON';
  return logical?.type === 'VARIANT' ? 'variants' : null;
};

/** How a column's values become JSON that the dataset's field, if there is one, reads as it would read the Parquet. */
export const jsonWriter = (tree: SchemaTree, field: Field | undefined): JsonOf => {
  const write = tree.children.length === 0 ? leafWriter(tree.element, field) : groupWriter(tree);
  const one: JsonOf = (value) => (value === null || value === undefined ? 'null' : write(value));
  if (tree.element.repetition_type !== 'REPEATED') return one;
  return (value) => (Array.isArray(value) ? `[${value.map(one).join(',')}]` : one(value));
};

const groupWriter = ({ element, children }: SchemaTree): JsonOf => {
  const kind = element.logical_type?.type ?? element.converted_type;
  const [entry] = children;
  if (kind === 'LIST' && entry) {
    // Three levels, or of old writers two.
    const [item, ...others] = entry.children;
    const write = jsonWriter(item && others.length === 0 ? item : notRepeated(entry), undefined);
    return (value) => `[${asArray(value).map(write).join(',')}]`;
  }
  if (kind === 'MAP' || kind === 'MAP_KEY_VALUE') {
    const item = entry?.children[1];
    const write: JsonOf = item ? jsonWriter(item, undefined) : () => 'null';
    return (value) =>
      `{${Object.entries(asObject(value))
        .map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`)
        .join(',')}}`;
  }
  const members = children.map((child) => ({
    name: child.element.name,
    key: JSON.stringify(child.element.name),
    write: jsonWriter(child, undefined),
  }));
  return (value) => {
    const object = asObject(value);
    return `{${members.map(({ name, key, write }) => `${key}:${write(object[name])}`).join(',')}}`;
  };
};

const notRepeated = (tree: SchemaTree): SchemaTree => ({
  ...tree,
  element: { ...tree.element, repetition_type: 'OPTIONAL' },
});

const leafWriter = (element: SchemaElement, field: Field | undefined): JsonOf => {
  const { type, converted_type: converted, logical_type: logical } = element;
  const kind = logical?.type ?? converted ?? type;
  if (isText(element)) return (value) => JSON.stringify(asText(value));
  if (kind === 'DECIMAL') {
    const scale = (logical?.type === 'DECIMAL' ? logical.scale : element.scale) ?? 0;
    return (value) => decimalText(asInteger(value), scale);
  }
  if (kind === 'DATE') {
    if (field?.type === 'timestamp')
      return (value) => JSON.stringify(instantText(asInteger(value) * NANOS.DAY, field.formats));
    const formats: readonly MomentFormat[] = field?.type === 'date' ? field.formats : [];
    return (value) => {
      const day = Number(asInteger(value));
      return JSON.stringify(formats.length > 0 ? dateText(day, formats) : dayText(day));
    };
  }
  const time = momentUnit(element, 'TIME');
  if (time !== null) return (value) => JSON.stringify(timeText(asInteger(value) * time));
  const instant = type === 'INT96' ? 1n : momentUnit(element, 'TIMESTAMP');
  if (instant !== null) {
    if (field?.type === 'timestamp')
      return (value) => JSON.stringify(instantText(asInteger(value) * instant, field.formats));
    return (value) => JSON.stringify(isoText(asInteger(value) * instant, field !== undefined));
  }
  switch (type) {
    case 'BOOLEAN':
      return (value) => (value ? 'true' : 'false');
    case 'INT32':
    case 'INT64': {
      const isUnsigned = logical?.type === 'INTEGER' ? !logical.isSigned : converted?.startsWith('UINT');
      const bits = type === 'INT32' ? 32 : 64;
      return (value) => String(isUnsigned ? BigInt.asUintN(bits, asInteger(value)) : asInteger(value));
    }
    case 'FLOAT':
      return (value) => numberText(asNumber(value), shortestFloat);
    case 'DOUBLE':
      return (value) => numberText(asNumber(value), String);
    default:
      if (kind === 'UUID') return (value) => JSON.stringify(uuidText(asBytes(value)));
      if (kind === 'FLOAT16') return (value) => numberText(float16(asBytes(value)), shortestFloat);
      return (value) => JSON.stringify(asText(textFromBytes(asBytes(value))));
  }
};

const NANOS = { DAY: 86_400_000_000_000n, MILLIS: 1_000_000n, MICROS: 1000n, NANOS: 1n } as const;

/** Nanoseconds of a column's unit; null if it is no such column. */
const momentUnit = (
  { converted_type: converted, logical_type: logical }: SchemaElement,
  kind: 'TIME' | 'TIMESTAMP',
): bigint | null => {
  if (logical?.type === 'TIME' || logical?.type === 'TIMESTAMP')
    return logical.type === kind ? NANOS[logical.unit] : null;
  if (converted === `${kind}_MILLIS`) return NANOS.MILLIS;
  return converted === `${kind}_MICROS` ? NANOS.MICROS : null;
};

/** `-12.30`: every digit of the scale. */
const decimalText = (unscaled: bigint, scale: number): string => {
  if (scale === 0) return String(unscaled);
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
};

// What JSON has no number for is a text, which fields of numbers then refuse, as they do in Parquet.
const numberText = (value: number, spell: (value: number) => string): string => {
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  if (Object.is(value, -0)) return '-0.0';
  // DuckDB's spelling, should the field be a text.
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : spell(value);
};

/** The fewest digits that are this 32-bit number and no other one: 0.1, not 0.10000000149011612. */
const shortestFloat = (value: number): string => {
  for (let digits = 6; digits < 9; digits += 1) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
};

/** https://en.wikipedia.org/wiki/Half-precision_floating-point_format */
const float16 = (bytes: Uint8Array): number => {
  const bits = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * 2 ** -24 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
};

const uuidText = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

const wrong = (what: string): RangeError => new RangeError(`not ${what}`);

const asText = (value: unknown): string => {
  if (typeof value !== 'string') throw wrong('UTF-8');
  return value;
};
const asBytes = (value: unknown): Uint8Array => {
  if (!(value instanceof Uint8Array)) throw wrong('bytes');
  return value;
};
const asNumber = (value: unknown): number => {
  if (typeof value !== 'number') throw wrong('a number');
  return value;
};
/** Of integers, and of bytes that are one in two's complement, the highest first. */
const asInteger = (value: unknown): bigint => {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  const bytes = asBytes(value);
  return bytes.length === 0
    ? 0n
    : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
};
const asArray = (value: unknown): readonly unknown[] => {
  if (!Array.isArray(value)) throw wrong('a list');
  return value;
};
const asObject = (value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) throw wrong('a struct');
  return Object.fromEntries(Object.entries(value));
};
