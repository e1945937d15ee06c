import {
  decimalLess,
  type Field,
  type FieldOf,
  parseDecimalLiteral,
  standardise,
  trimText,
} from '../field-rules.ts';
import { readMoment } from '../moments.ts';
import { compilePattern } from '../patterns.ts';

const DOUBLE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const BOOLEAN = /^(?:true|false)$/i;

const outside = <V>(
  value: V,
  { min, max }: { readonly min: V | null; readonly max: V | null },
  less: (a: V, b: V) => boolean = (a, b) => a < b,
): string[] => [
  ...(min !== null && less(value, min) ? ['too_small'] : []),
  ...(max !== null && less(max, value) ? ['too_large'] : []),
];

type Check = (raw: string) => string[];

export const patternOf = (field: FieldOf<'text'>): RegExp | null =>
  field.pattern === null ? null : new RegExp(compilePattern(field.pattern, 'javascript'), 'u');

const textCheck = (field: FieldOf<'text'>): Check => {
  const pattern = patternOf(field);
  return (raw) => {
    const value = standardise(field, raw);
    return [
      ...(field.oneOf && !field.oneOf.includes(value) ? ['not_allowed'] : []),
      ...(pattern && !pattern.test(value) ? ['pattern_mismatch'] : []),
      ...(field.maxLength !== null && [...value].length > field.maxLength ? ['too_long'] : []),
    ];
  };
};

/** The reason codes of a cell that holds a value, whatever `onInvalid` makes of them. */
export const valueCheck = (field: Field): Check => {
  switch (field.type) {
    case 'text':
      return textCheck(field);
    case 'double':
      return (raw) => {
        const value = DOUBLE.test(trimText(raw)) ? Number(trimText(raw)) : Number.NaN;
        return Number.isFinite(value) ? outside(value, field) : ['not_a_number'];
      };
    case 'integer':
      return (raw) => {
        if (!INTEGER.test(trimText(raw))) return ['not_an_integer'];
        const value = Number(trimText(raw));
        return Number.isSafeInteger(value) ? outside(value, field) : ['out_of_range'];
      };
    case 'decimal':
      return (raw) => {
        if (!DECIMAL.test(trimText(raw))) return ['not_a_number'];
        const value = parseDecimalLiteral(trimText(raw), field.precision, field.scale);
        return value === null ? ['out_of_range'] : outside(value, field, decimalLess);
      };
    case 'boolean':
      return (raw) => (BOOLEAN.test(trimText(raw)) ? [] : ['not_a_boolean']);
    case 'date':
      return (raw) => {
        const instant = readMoment(trimText(raw), field.formats);
        if (instant === null) return ['not_a_date'];
        return outside(new Date(instant).toISOString().slice(0, 10), field);
      };
    case 'timestamp':
      return (raw) => {
        const instant = readMoment(trimText(raw), field.formats);
        return instant === null ? ['not_a_timestamp'] : outside(instant, field);
      };
  }
};

/** Whether the reader takes the cell as no value. */
export const isNullCell = (field: Field, cell: string): boolean => field.nullTokens.includes(trimText(cell));

/** The reason codes for which a cell of the field puts its row into quarantine; none if the reader takes it. */
export const cellCheck = (field: Field): ((cell: string | null) => readonly string[]) => {
  const check: Check = field.onInvalid === 'null' ? () => [] : valueCheck(field);
  const absent = field.required && field.default === null ? ['missing'] : [];
  return (cell) => (cell === null || isNullCell(field, cell) ? absent : check(cell));
};
