import { z } from 'zod';
import type { Dataset } from '../dataset.ts';
import type { Field } from '../field-rules.ts';
import { cellCheck } from './cell-check.ts';
import { constraintWords } from './field-words.ts';

/** The JSON types that may hold a value of the field. */
const jsonTypes = (field: Field): readonly string[] => {
  const scalars = ['string', 'number', 'boolean'];
  if (field.onInvalid === 'null') return scalars;
  switch (field.type) {
    case 'text':
      return scalars;
    case 'double':
    case 'decimal':
      return ['number', 'string'];
    case 'integer':
      return ['integer', 'string'];
    case 'boolean':
      return ['boolean', 'string'];
    case 'date':
    case 'timestamp': {
      const digitsOnly = field.formats.some((one) => one.kind === 'fixed' && one.literals.length === 0);
      return digitsOnly ? ['string', 'integer'] : ['string'];
    }
  }
};

/** Bounds of JSON numbers; those of decimals hold after rounding, which JSON Schema cannot say. */
const jsonBounds = (field: Field): Readonly<Record<string, number>> =>
  (field.type === 'double' || field.type === 'integer') && field.onInvalid !== 'null'
    ? {
        ...(field.min !== null && { minimum: field.min }),
        ...(field.max !== null && { maximum: field.max }),
      }
    : {};

const isMandatory = (field: Field): boolean => field.required && field.default === null;

const fieldJsonSchema = (field: Field): Readonly<Record<string, unknown>> => {
  const words = constraintWords(field).join('; ');
  const description = [field.doc, words && `(${words})`].filter((one) => one !== '').join(' ');
  return {
    ...(description !== '' && { description }),
    ...(!(field.type === 'text' && field.json) && {
      type: isMandatory(field) ? jsonTypes(field) : [...jsonTypes(field), 'null'],
    }),
    ...jsonBounds(field),
  };
};

const asCell = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const fieldSchema = (field: Field): z.ZodType => {
  const check = cellCheck(field);
  const takesNested = field.type === 'text' && field.json;
  const codesOf = (given: unknown): readonly string[] => {
    if (typeof given === 'object' && given !== null && !takesNested) return ['nested_value'];
    const cell = asCell(given);
    return cell === null || cell.isWellFormed() ? check(cell) : ['invalid_utf8'];
  };
  const schema = z
    .unknown()
    .superRefine((given, context) => {
      for (const message of codesOf(given)) context.addIssue({ code: 'custom', message });
    })
    .meta(fieldJsonSchema(field));
  return isMandatory(field) ? schema : schema.optional();
};

/**
 * A record as it is posted: one JSON object by the source's names. The messages of its issues are the reason codes
 * of the row (`missing`, `not_a_number`, …). Numbers are judged as JavaScript writes them: the digits of `1.10`
 * or `12.0` are gone once JSON is parsed, so an integer field takes `12.0` here.
 */
export const zodSchema = (dataset: Dataset): z.ZodType<Readonly<Record<string, unknown>>> => {
  const shape = Object.fromEntries(dataset.fields.map((field) => [field.from, fieldSchema(field)]));
  const described = { title: dataset.name, ...(dataset.doc !== '' && { description: dataset.doc }) };
  const error = ({ code }: { readonly code: string }): string =>
    code === 'unrecognized_keys' ? 'unknown_column' : 'not_an_object';
  return dataset.source.unknownColumns === 'reject'
    ? z.strictObject(shape, { error }).meta(described)
    : z.object(shape, { error }).meta(described);
};

/** JSON Schema (draft 2020-12) of a record to send. What it cannot say of a text is in the descriptions. */
export const jsonSchema = (dataset: Dataset): Readonly<Record<string, unknown>> =>
  z.toJSONSchema(zodSchema(dataset), { io: 'input' });
