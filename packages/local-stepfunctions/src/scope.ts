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
  /** What `$name` means, undefined if nothing was assigned to it. */
  variable(name: string): Json | undefined;
  /** A number in [0, 1). */
  random(): number;
}

/** The value of a path, undefined if it selects nothing. */
export function lookUp(path: JsonPath, scope: Scope): Json | undefined {
  const root = rootOf(path, scope);
  return root === undefined ? undefined : select(path, root);
}

function rootOf(path: JsonPath, scope: Scope): Json | undefined {
  if (path.onContext) return scope.context();
  return path.variable === undefined ? scope.input : scope.variable(path.variable);
}

/** The value of a path that must select something: InputPath, OutputPath, SecondsPath and the like. */
export function resolve(path: JsonPath, scope: Scope): Json {
  const value = lookUp(path, scope);
  if (value !== undefined) return value;
  throw new EvaluationError('States.Runtime', `Invalid path '${path.source}' : ${explain(path, scope)}`);
}

function explain(path: JsonPath, scope: Scope): string {
  const root = rootOf(path, scope);
  return root === undefined ? `The variable $${path.variable} has no value` : explainMissing(path, root);
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
