import { EvaluationError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { Query } from '../jsonata/query.ts';
import { insertAt } from '../jsonpath/reference-path.ts';
import type { JsonPath } from '../jsonpath/syntax.ts';
import type { NumberField } from '../number-field.ts';
import { checkPayload } from '../payload.ts';
import type { Expression } from '../payload-template.ts';
import { resolve, type Scope } from '../scope.ts';
import type { InputOutput, ResultState } from '../state-machine.ts';
import type { Outcome, StateRun } from './run.ts';

/** Applies InputPath. */
export function selectInput(state: InputOutput, rawInput: Json, run: StateRun): Json {
  return applyPath(state.inputPath, rawInput, run);
}

/** Applies Parameters to the selected input. */
export function applyParameters(state: ResultState, input: Json, run: StateRun): Json {
  if (state.parameters === undefined) return input;
  const effective = state.parameters(run.scopeOf(input));
  checkPayload(effective, () => `The Parameters of the state '${state.name}' ${EXCEEDS}`);
  return effective;
}

/** Applies ResultSelector, ResultPath and OutputPath, and Assign to the result. */
export function combineResult(state: ResultState, rawInput: Json, result: Json, run: StateRun): Outcome {
  const selected = state.resultSelector === undefined ? result : state.resultSelector(run.scopeOf(result));
  const output = selectOutput(state, rawInput, placeResult(state.resultPath, rawInput, selected), run);
  return { output, next: state.next, assigned: computeVariables(state.assign, result, run) };
}

/** Applies Assign, in which `$` means the value; the variables still have their values of before. */
export function computeVariables(
  assign: Expression | undefined,
  value: Json,
  run: StateRun,
): JsonObject | undefined {
  if (assign === undefined) return undefined;
  const assigned = assign(run.scopeOf(value));
  // It was compiled from an object, which gives an object.
  if (!isObject(assigned)) return undefined;
  run.checkVariables(assigned);
  return assigned;
}

export function placeResult(path: JsonPath | null | undefined, rawInput: Json, result: Json): Json {
  if (path === undefined) return result;
  return path === null ? rawInput : insertAt(path, rawInput, result);
}

/** Applies OutputPath; the output may not be larger than a payload. */
export function selectOutput(state: InputOutput, rawInput: Json, value: Json, run: StateRun): Json {
  const output = applyPath(state.outputPath, value, run);
  // The raw input was measured as the output of the state before.
  if (output !== rawInput) {
    checkPayload(output, () => resultTooLarge(state.name));
  }
  return output;
}

const TOO_LARGE = 'exceeding the maximum number of bytes service limit.';
const EXCEEDS = `have a size ${TOO_LARGE}`;

export function resultTooLarge(task: string): string {
  return `The state/task '${task}' returned a result with a size ${TOO_LARGE}`;
}

function applyPath(path: JsonPath | null | undefined, value: Json, run: StateRun): Json {
  if (path === undefined) return value;
  return path === null ? {} : resolve(path, run.scopeOf(value));
}

/** AWS reads the numbers of a Map, but not durations, from texts too (seen). */
function isTakenAsText(field: string, text: string): boolean {
  return !field.endsWith('Seconds') && /^\d{1,10}$/.test(text);
}

/** The number itself or what its path finds, which must be an integer not below the smallest. */
export function integerOf(
  field: string,
  value: NumberField,
  smallest: number,
  scope: Scope,
): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  if (value instanceof Query) throw new TypeError(`${field} has not been computed`);
  const found = resolve(value, scope);
  const number = typeof found === 'string' && isTakenAsText(field, found) ? Number(found) : found;
  if (typeof number === 'number' && Number.isInteger(number) && number >= smallest) return number;
  const text = typeof found === 'string' ? found : JSON.stringify(found);
  throw new EvaluationError(
    'States.Runtime',
    `The ${field}Path field refers to value "${text}" which is not a valid integer: ${value.source}`,
  );
}
