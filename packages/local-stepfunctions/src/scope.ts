import { EvaluationError } from './errors.ts';
import { isArray, type Json, type JsonObject } from './json.ts';
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

/** The value of a path in a payload template; undefined if it finds nothing. */
export function lookUpInTemplate(path: JsonPath, scope: Scope): Json | undefined {
  const value = lookUp(path, scope);
  return value === undefined ? beyondArray(path, scope) : value;
}

/** An index past the end of an array finds null (measured: https://github.com/floci-io/floci/pull/3167). */
function beyondArray(path: JsonPath, scope: Scope): null | undefined {
  const segments = path.segments.slice(0, -1);
  if (!path.definite || path.segments.at(-1)?.kind !== 'index') return undefined;
  return isArray(lookUp({ ...path, segments }, scope)) ? null : undefined;
}

/** The value of a path in a payload template or of ErrorPath and CausePath. */
export function resolveField(path: JsonPath, field: string, scope: Scope): Json {
  const value = lookUpInTemplate(path, scope);
  if (value !== undefined) return value;
  throw new EvaluationError(
    'States.Runtime',
    `The JSONPath '${path.source}' specified for the field '${field}' could not be found in the input '${JSON.stringify(scope.input)}'`,
  );
}
