import type { StatesPart } from '../jsonata/expression.ts';
import type { Expression } from '../payload-template.ts';
import type { OutputQueries } from '../state-machine.ts';
import type { FieldReader } from './field-reader.ts';
import type { VariableNames } from './variables.ts';

/** Assign of a JSONPath state, rule or catcher. */
export function loadAssign(reader: FieldReader, names: VariableNames): Expression | undefined {
  return names.read(reader, true) ? reader.template('Assign') : undefined;
}

/**
 * Output and Assign of a JSONata state, rule or catcher.
 *
 * @param within where the reader stands in its state, like `Catch[0]/`
 */
export function loadOutputQueries(
  reader: FieldReader,
  names: VariableNames,
  visible: readonly StatesPart[],
  within = '',
): OutputQueries {
  const assigns = names.read(reader, false);
  return {
    output: reader.query('Output', visible, `${within}Output`),
    assign: assigns ? reader.query('Assign', visible, `${within}Assign`) : undefined,
  };
}
