import { isArray, isObject, type Json, type JsonArray, type JsonObject } from '../json.ts';
import type { Bindings } from '../jsonata/expression.ts';
import { Query } from '../jsonata/query.ts';
import type { NumberField } from '../number-field.ts';
import { checkPayload } from '../payload.ts';
import type { OutputQueries } from '../state-machine.ts';
import { integerOf, resultTooLarge } from './data-flow.ts';
import type { StateRun } from './run.ts';

// What states do with their JSONata. JSONPath states never come here: they need no promise.

/** Computes Output and Assign, both from the variables' values of before. */
export async function computeOutput(
  queries: OutputQueries,
  otherwise: Json,
  stateRun: StateRun,
  parts: { readonly result?: Json; readonly errorOutput?: Json } = {},
): Promise<{ readonly output: Json; readonly assigned: JsonObject | undefined }> {
  const bindings = stateRun.bindings(parts);
  const assigned = await queries.assign?.evaluateAs('object', isObject, bindings);
  const output = queries.output === undefined ? otherwise : await queries.output.evaluate(bindings);
  if (assigned !== undefined) stateRun.checkVariables(assigned);
  if (output !== stateRun.input) checkPayload(output, () => resultTooLarge(stateRun.stateName));
  return { output, assigned };
}

/** Computes Arguments; the state's input if there are none. */
export async function computeArguments(query: Query | undefined, stateRun: StateRun): Promise<Json> {
  if (query === undefined) return stateRun.input;
  const value = await query.evaluate(stateRun.bindings());
  checkPayload(
    value,
    () =>
      `The Arguments of the state '${stateRun.stateName}' have a size exceeding the maximum number of bytes service limit.`,
  );
  return value;
}

/** The array that Items gives; the state's input, which must be one, if there is no Items. */
export async function computeItems(query: Query | undefined, stateRun: StateRun): Promise<JsonArray> {
  return (query ?? INPUT_ITEMS).evaluateAs('array', isArray, stateRun.bindings());
}

const INPUT_ITEMS = new Query('{% $states.input %}', {
  location: 'Items',
  visible: new Set(),
  report: () => {},
});

/** Computes ItemSelector for one item; the item itself if there is none. */
export async function computeItem(
  query: Query | undefined,
  item: Json,
  map: JsonObject,
  stateRun: StateRun,
): Promise<Json> {
  if (query === undefined) return item;
  const input = await query.evaluate(stateRun.bindings({}, map));
  checkPayload(input, () => resultTooLarge(stateRun.stateName));
  return input;
}

/** A number field of a state of either language: an integer not below the smallest. */
export async function computeInteger(
  field: string,
  value: NumberField,
  smallest: number,
  stateRun: StateRun,
  largest = Number.MAX_VALUE,
): Promise<number | undefined> {
  if (!(value instanceof Query)) return integerOf(field, value, smallest, stateRun);
  const number = await computeNumber(value, stateRun.bindings());
  if (Number.isInteger(number) && number >= smallest && number <= largest) return number;
  const range = largest === Number.MAX_VALUE ? `${smallest}` : `${smallest} to ${largest}`;
  throw value.error(`returned ${number}, which is not an integer from ${range}.`);
}

export function computeNumber(query: Query, bindings: Bindings): Promise<number> {
  return query.evaluateAs('number', isNumber, bindings);
}

export function computeText(query: Query, bindings: Bindings): Promise<string> {
  return query.evaluateAs('string', isText, bindings);
}

export function computeCondition(query: Query, bindings: Bindings): Promise<boolean> {
  return query.evaluateAs('boolean', isBoolean, bindings);
}

function isNumber(value: Json): value is number {
  return typeof value === 'number';
}

function isText(value: Json): value is string {
  return typeof value === 'string';
}

function isBoolean(value: Json): value is boolean {
  return typeof value === 'boolean';
}
