import { EvaluationError } from '../errors.ts';
import { isArray, isObject, type Json, setKey, valueAt } from '../json.ts';
import { parseJsonPath } from './parse.ts';
import { ExpressionSyntaxError, type JsonPath } from './syntax.ts';

/** A path that names exactly one node: field names and indexes only. */
export function parseReferencePath(text: string): JsonPath {
  const path = parseJsonPath(text);
  const isReference = path.segments.every(
    (segment) => segment.kind === 'name' || (segment.kind === 'index' && segment.index >= 0),
  );
  if (!isReference) {
    throw new ExpressionSyntaxError(`'${text}' is not a reference path (field names and indexes only)`);
  }
  return path;
}

/** A reference path to where a result is put: into the state's input, not the context object or a variable. */
export function parseResultPath(text: string): JsonPath {
  const path = parseReferencePath(text);
  if (path.onContext || path.variable !== undefined) {
    throw new ExpressionSyntaxError(`'${text}' does not start with '$' alone`);
  }
  return path;
}

/** A reference path to a number: in the input or a variable, not in the context object. */
export function parseNumberPath(text: string): JsonPath {
  const path = parseReferencePath(text);
  if (path.onContext) {
    throw new ExpressionSyntaxError(`'${text}' is not a reference path (the context object has none)`);
  }
  return path;
}

/**
 * A copy of the input with the value at the path. Missing fields are made; where the path would have to
 * turn some other value into an object, or an element does not exist: `States.ResultPathMatchFailure`.
 */
export function insertAt(path: JsonPath, input: Json, value: Json): Json {
  return insert(path, 0, input, input, value);
}

function insert(path: JsonPath, depth: number, node: Json | undefined, input: Json, value: Json): Json {
  const segment = path.segments[depth];
  if (segment === undefined) return value;
  if (segment.kind === 'name' && (node === undefined || isObject(node))) {
    const copy: Record<string, Json> = { ...node };
    const child = node === undefined ? undefined : valueAt(node, segment.name);
    setKey(copy, segment.name, insert(path, depth + 1, child, input, value));
    return copy;
  }
  if (segment.kind === 'index' && isArray(node) && segment.index < node.length) {
    const copy = [...node];
    copy[segment.index] = insert(path, depth + 1, node[segment.index], input, value);
    return copy;
  }
  throw new EvaluationError(
    'States.ResultPathMatchFailure',
    `Unable to apply ReferencePath ${path.source} to input ${JSON.stringify(input)}`,
  );
}
