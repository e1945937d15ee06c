import { parseReferencePath } from '../jsonpath/reference-path.ts';
import type { NumberOrPath } from '../state-machine.ts';
import type { FieldReader } from './field-reader.ts';

/** The integer of a field, or the path of the field whose name ends in `Path`. */
export function loadNumberOrPath(
  reader: FieldReader,
  field: string,
  smallest: number,
  largest?: number,
): NumberOrPath {
  reader.exclusive(field, `${field}Path`);
  return reader.integer(field, smallest, largest) ?? reader.jsonPath(`${field}Path`, parseReferencePath);
}
