import { callIntrinsic } from './intrinsics/evaluate.ts';
import { parseIntrinsic } from './intrinsics/parse.ts';
import { isArray, isObject, type Json, type JsonObject, setKey } from './json.ts';
import { parseJsonPath } from './jsonpath/parse.ts';
import { ExpressionSyntaxError } from './jsonpath/syntax.ts';
import { resolveField, type Scope } from './scope.ts';

/** Computes a value from what a state sees. */
export type Expression = (scope: Scope) => Json;

/** A path or an intrinsic call. `field` is the name that errors use. Throws ExpressionSyntaxError. */
function compileExpression(text: string, field: string): Expression {
  if (text.startsWith('$')) {
    const path = parseJsonPath(text);
    return (scope) => resolveField(path, field, scope);
  }
  const call = parseIntrinsic(text);
  return (scope) => callIntrinsic(call, scope);
}

/** "An intrinsic function that returns a string. These intrinsics are:" (the guide, of ErrorPath and CausePath). */
const TEXT_FUNCTIONS: ReadonlySet<string> = new Set([
  'States.Format',
  'States.JsonToString',
  'States.ArrayGetItem',
  'States.Base64Encode',
  'States.Base64Decode',
  'States.Hash',
  'States.UUID',
]);

/** As `compileExpression`, of what must give a text. */
export function compileTextExpression(text: string, field: string): Expression {
  if (!text.startsWith('$')) {
    const { source } = parseIntrinsic(text);
    const name = source.slice(0, source.indexOf('(')).trim();
    if (!TEXT_FUNCTIONS.has(name)) throw new ExpressionSyntaxError(`${name} gives no text`);
  }
  return compileExpression(text, field);
}

/**
 * Compiles Parameters, ResultSelector or ItemSelector. Parts without a `.$` field are shared by all results.
 * What is wrong with a field goes to `report`.
 */
export function compileTemplate(template: Json, report: (message: string) => void): Expression {
  return compilePart(template, report) ?? (() => template);
}

/** Undefined for a part that is the same for every input. */
function compilePart(part: Json, report: (message: string) => void): Expression | undefined {
  if (isObject(part)) return compileObject(part, report);
  if (!isArray(part)) return undefined;
  const items = part.map((item) => compilePart(item, report) ?? item);
  if (items.every((item) => typeof item !== 'function')) return undefined;
  return (scope) => items.map((item) => (typeof item === 'function' ? item(scope) : item));
}

function compileObject(object: JsonObject, report: (message: string) => void): Expression | undefined {
  const members: [key: string, value: Expression | Json][] = [];
  let isConstant = true;
  for (const [key, value] of Object.entries(object)) {
    const name = key.endsWith('.$') ? key.slice(0, -2) : key;
    if (name !== key && Object.hasOwn(object, name)) report(`gives both '${name}' and '${key}'`);
    const member = name === key ? (compilePart(value, report) ?? value) : compileField(key, value, report);
    if (typeof member === 'function') isConstant = false;
    members.push([name, member]);
  }
  if (isConstant) return undefined;
  return (scope) => {
    const result: Record<string, Json> = {};
    for (const [key, value] of members)
      setKey(result, key, typeof value === 'function' ? value(scope) : value);
    return result;
  };
}

function compileField(field: string, text: Json, report: (message: string) => void): Expression {
  const wrong = `the value of '${field}' must be a valid JSONPath or a valid intrinsic function call`;
  if (typeof text !== 'string') {
    report(wrong);
    return () => null;
  }
  try {
    return compileExpression(text, field);
  } catch (error) {
    if (!(error instanceof ExpressionSyntaxError)) throw error;
    report(`${wrong}: ${error.message}`);
    return () => null;
  }
}
