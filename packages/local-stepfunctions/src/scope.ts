import { EvaluationError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { explainMissing, select } from './jsonpath/evaluate.ts';
import type { JsonPath } from './jsonpath/syntax.ts';

/** What an expression of a state can see. */
export interface Scope {
  /** What `$` means. */
  readonly input: Json;
  /** What `$$` means; made when first asked for. */
  context(): JsonObject;
  /** A number in [0, 1). */
  random(): number;
}

/** The value of a path, undefined if it selects nothing. */
export function lookUp(path: JsonPath, scope: Scope): Json | undefined {
  return select(path, path.onContext ? scope.context() : scope.input);
}

/** The value of a path that must select something: InputPath, OutputPath, SecondsPath and the like. */
export function resolve(path: JsonPath, scope: Scope): Json {
  const value = lookUp(path, scope);
  if (value !== undefined) return value;
  const root = path.onContext ? scope.context() : scope.input;
  throw new EvaluationError(
    'States.Runtime',
    `Invalid path '${path.source}' : ${explainMissing(path, root)}`,
  );
}

/** The value of a path in a payload template or of ErrorPath and CausePath. */
export function resolveField(path: JsonPath, field: string, scope: Scope): Json {
  const value = lookUp(path, scope);
  if (value !== undefined) return value;
  throw new EvaluationError(
    'States.Runtime',
    `The JSONPath '${path.source}' specified for the field '${field}' could not be found in the input '${JSON.stringify(scope.input)}'`,
  );
}
