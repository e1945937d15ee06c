import jsonata from 'jsonata';
import { EvaluationError } from '../errors.ts';
import { type Json, setKey } from '../json.ts';
import { ExpressionSyntaxError } from '../jsonpath/syntax.ts';
import { findTopReference } from './top-reference.ts';

/** What an expression sees: variables without their `$`, and functions. */
export type Bindings = Readonly<Record<string, unknown>>;

/** The parts of `$states` that exist in some fields only. */
export type StatesPart = 'result' | 'errorOutput';

/** What became of an expression: States.QueryEvaluationError, at a field like `Arguments/Payload`. */
export class QueryError extends EvaluationError {
  readonly location: string;

  constructor(location: string, cause: string) {
    super('States.QueryEvaluationError', cause);
    this.location = location;
  }
}

// AWS names no limits, but has them: a depth of 100, and a memory (6,990,256 bytes) that a list of so many numbers
// fills (https://github.com/floci-io/floci/issues/2737). The milliseconds are ours.
const GUARDS = { timeout: 5_000, stack: 100, sequence: 873_782 };

/** What AWS says when a limit is reached. */
const LIMIT_MESSAGES: ReadonlyMap<unknown, string> = new Map([
  [
    'D1011',
    'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.',
  ],
  ['D1012', 'Expression evaluation timeout: Check for infinite loop'],
  ['D2014', 'Expression evaluation memory limit exceeded: Check for excessive memory usage'],
  ['D2015', 'Expression evaluation memory limit exceeded: Check for excessive memory usage'],
]);

// Deeper values are no payload (see payload.ts).
const MAX_DEPTH = 1_000;

/** One `{% … %}` of a definition. */
export interface QueryExpression {
  /** The text between the marks, as errors quote it. */
  readonly source: string;
  readonly location: string;
  /** Rejects with QueryError. */
  evaluate(bindings: Bindings): Promise<Json>;
}

/**
 * Reads the text between `{%` and `%}`. Throws ExpressionSyntaxError, also if it uses a part of `$states`
 * that its field does not have or a context that it does not have: AWS refuses such a definition.
 */
export function parseQuery(
  text: string,
  location: string,
  visible: ReadonlySet<StatesPart>,
): QueryExpression {
  const source = text.trim();
  const expression = compile(source);
  const hidden = findHiddenPart(expression.ast(), visible);
  if (hidden !== undefined) throw new ExpressionSyntaxError(`$states.${hidden} does not exist here`);
  const reference = findTopReference(expression.ast());
  if (reference !== undefined) {
    throw new ExpressionSyntaxError(`Reference to '${reference}' at the top level is not supported.`);
  }
  return {
    source,
    location,
    evaluate: async (bindings) =>
      toJson(await evaluate(expression, source, location, bindings), source, location, 0),
  };
}

function compile(source: string): jsonata.Expression {
  try {
    return jsonata(source, GUARDS);
  } catch (error) {
    throw new ExpressionSyntaxError(`is no JSONata expression: ${describe(error)}`);
  }
}

async function evaluate(
  expression: jsonata.Expression,
  source: string,
  location: string,
  bindings: Bindings,
): Promise<unknown> {
  try {
    return await expression.evaluate(undefined, bindings);
  } catch (error) {
    throw new QueryError(
      location,
      failure(source, location, `threw an error during evaluation${reasonOf(error)}`),
    );
  }
}

export function failure(source: string, location: string, reason: string): string {
  return `The JSONata expression '${source}' specified for the field '${location}' ${reason}`;
}

/** As AWS joins them: an error of JSONata is a sentence of its own, with its code; any other is not. */
function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const limit = LIMIT_MESSAGES.get(code);
  if (limit !== undefined) return `: ${limit}`;
  return `${typeof code === 'string' ? '.' : ':'} ${describe(error)}`;
}

/** JSONata throws plain objects with a code and a message. */
function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  const message = 'message' in error && typeof error.message === 'string' ? error.message : 'unknown error';
  return `${code}${message}`;
}

/** A copy, free of the marks that JSONata leaves on arrays and that would change how they are read again. */
function toJson(value: unknown, source: string, location: string, depth: number): Json {
  if (value === undefined && depth === 0) {
    throw new QueryError(location, failure(source, location, 'returned nothing (undefined).'));
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // What is no number of JSON is its name (measured: https://github.com/floci-io/floci/issues/2737).
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || isFunction(value) || depth > MAX_DEPTH) {
    throw new QueryError(location, failure(source, location, 'returned an unsupported result type.'));
  }
  if (Array.isArray(value)) return value.map((item) => toJson(item ?? null, source, location, depth + 1));
  const copy: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) setKey(copy, key, toJson(member, source, location, depth + 1));
  }
  return copy;
}

/** A function or regular expression of JSONata that is not a plain function of JavaScript. */
function isFunction(value: object): boolean {
  return Object.hasOwn(value, '_jsonata_lambda') || Object.hasOwn(value, '_jsonata_function');
}

/** A part of `$states` that the expression reads but may not, wherever it stands in the syntax tree. */
function findHiddenPart(root: unknown, visible: ReadonlySet<StatesPart>): StatesPart | undefined {
  const open = [root];
  const seen = new Set<unknown>();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    if ('steps' in node && Array.isArray(node.steps)) {
      const part = partOf(node.steps);
      if (part !== undefined && !visible.has(part)) return part;
    }
    open.push(...Object.values(node).filter((child) => child !== undefined));
  }
  return undefined;
}

function partOf(steps: readonly unknown[]): StatesPart | undefined {
  const [root, part] = steps;
  if (!isNode(root, 'variable') || root.value !== 'states' || !isNode(part, 'name')) return undefined;
  return part.value === 'result' || part.value === 'errorOutput' ? part.value : undefined;
}

function isNode(node: unknown, type: string): node is { readonly type: string; readonly value: unknown } {
  return typeof node === 'object' && node !== null && 'type' in node && node.type === type && 'value' in node;
}
