import type { Query } from '../jsonata/query.ts';
import { parseNumberPath } from '../jsonpath/reference-path.ts';
import type { NumberField } from '../number-field.ts';
import type { FieldReader } from './field-reader.ts';
import type { QueryLanguage } from './query-language.ts';

/** An integer, or what gives one: a path in the field `…Path` of a JSONPath state, an expression in JSONata. */
export function loadNumber(
  reader: FieldReader,
  field: string,
  smallest: number,
  language: QueryLanguage,
  largest?: number,
): NumberField {
  if (language === 'JSONata') {
    return typeof reader.value(field) === 'string'
      ? loadExpression(reader, field)
      : reader.integer(field, smallest, largest);
  }
  reader.exclusive(field, `${field}Path`);
  return reader.integer(field, smallest, largest) ?? reader.jsonPath(`${field}Path`, parseNumberPath);
}

/** A text that must be a whole expression: `{% … %}`. */
export function loadExpression(reader: FieldReader, field: string, location = field): Query | undefined {
  const query = reader.query(field, [], location);
  if (query?.constant === undefined) return query;
  reader.report(field, 'must be an expression: {% … %}');
  return undefined;
}
