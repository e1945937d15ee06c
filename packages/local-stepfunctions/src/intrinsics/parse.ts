import type { Json } from '../json.ts';
import { parsePathAt } from '../jsonpath/parse.ts';
import { Cursor, type JsonPath } from '../jsonpath/syntax.ts';
import { INTRINSICS, type Intrinsic } from './functions.ts';

/** Most calls that one field may hold, nested ones included (AWS's limit). */
const MAX_CALLS = 10;

export type Argument =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'path'; readonly path: JsonPath }
  | { readonly kind: 'call'; readonly call: IntrinsicCall };

export interface IntrinsicCall {
  readonly source: string;
  readonly intrinsic: Intrinsic;
  readonly args: readonly Argument[];
}

const FUNCTION_NAME = /States\.[A-Za-z0-9]+/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Reads a whole text as a call like `States.Format('{}', $.a)`. Throws ExpressionSyntaxError. */
export function parseIntrinsic(text: string): IntrinsicCall {
  const cursor = new Cursor(text);
  const calls = { left: MAX_CALLS };
  cursor.skipBlanks();
  const call = parseCall(cursor, calls);
  cursor.skipBlanks();
  if (!cursor.atEnd) throw cursor.error(`unexpected '${cursor.current}'`);
  return call;
}

function parseCall(cursor: Cursor, calls: { left: number }): IntrinsicCall {
  const start = cursor.position;
  const name = cursor.takeMatch(FUNCTION_NAME);
  if (name === undefined) throw cursor.error('expected an intrinsic function like States.Format(…)');
  const intrinsic = INTRINSICS.get(name);
  if (intrinsic === undefined) throw cursor.error(`there is no intrinsic function ${name}`);
  calls.left -= 1;
  if (calls.left < 0) throw cursor.error(`a field may hold ${MAX_CALLS} intrinsic functions at most`);
  cursor.skipBlanks();
  cursor.expect('(');
  const args = parseArguments(cursor, calls, name);
  const { fewest, most } = intrinsic;
  if (args.length < fewest || args.length > most) {
    const expected = fewest === most ? `${fewest}` : `${fewest} to ${most}`;
    throw cursor.error(`${name} takes ${expected} arguments, not ${args.length}`);
  }
  return { source: cursor.text.slice(start, cursor.position), intrinsic, args };
}

function parseArguments(cursor: Cursor, calls: { left: number }, name: string): Argument[] {
  const args: Argument[] = [];
  cursor.skipBlanks();
  if (cursor.take(')')) return args;
  for (;;) {
    cursor.skipBlanks();
    // States.Format reads the escapes of its template itself: `\{` is not the start of a `{}`.
    const keepEscapes = name === 'States.Format' && args.length === 0;
    args.push(parseArgument(cursor, calls, keepEscapes));
    cursor.skipBlanks();
    if (cursor.take(')')) return args;
    cursor.expect(',');
  }
}

function parseArgument(cursor: Cursor, calls: { left: number }, keepEscapes: boolean): Argument {
  if (cursor.current === "'") return { kind: 'value', value: stringLiteral(cursor, keepEscapes) };
  if (cursor.current === '$') return { kind: 'path', path: parsePathAt(cursor, 'argument') };
  if (cursor.text.startsWith('States.', cursor.position)) {
    return { kind: 'call', call: parseCall(cursor, calls) };
  }
  const digits = cursor.takeMatch(NUMBER);
  if (digits !== undefined) return { kind: 'value', value: Number(digits) };
  if (cursor.take('true')) return { kind: 'value', value: true };
  if (cursor.take('false')) return { kind: 'value', value: false };
  if (cursor.take('null')) return { kind: 'value', value: null };
  throw cursor.error("expected a path, a 'text', a number, true, false, null or a function");
}

/** Text in single quotes; only `\'`, `\{`, `\}` and `\\` are escapes, any other is refused (as on AWS). */
function stringLiteral(cursor: Cursor, keepEscapes: boolean): string {
  cursor.expect("'");
  let text = '';
  while (!cursor.take("'")) {
    if (cursor.atEnd) throw cursor.error("expected a closing '");
    if (cursor.take('\\')) {
      if (!"'{}\\".includes(cursor.current) || cursor.atEnd) {
        throw cursor.error(`'\\${cursor.current}' is no escape`);
      }
      if (keepEscapes && cursor.current !== "'") text += '\\';
    }
    text += cursor.current;
    cursor.position += 1;
  }
  return text;
}
