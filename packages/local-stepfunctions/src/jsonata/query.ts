import { isArray, isObject, type Json, type JsonObject, setKey } from '../json.ts';
import { ExpressionSyntaxError } from '../jsonpath/syntax.ts';
import {
  type Bindings,
  failure,
  parseQuery,
  QueryError,
  type QueryExpression,
  type StatesPart,
} from './expression.ts';

type JsonType = 'array' | 'boolean' | 'null' | 'number' | 'object' | 'string';

/** Where errors say that the query stands, relative to its state: `Choices[0]/Condition`. */
export interface QueryPlace {
  readonly location: string;
  readonly visible: ReadonlySet<StatesPart>;
  /** Takes what is wrong, at a place like `Arguments/Payload`. */
  readonly report: (location: string, message: string) => void;
}

/** A part of a value: the same for every input, computed, or made of parts. */
type Part =
  | { readonly kind: 'constant'; readonly value: Json }
  | { readonly kind: 'expression'; readonly expression: QueryExpression }
  | { readonly kind: 'array'; readonly items: readonly Part[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [key: string, value: Part])[] };

/** A value of a JSONata state's field: JSON in which any text may be a `{% … %}`. */
export class Query {
  readonly location: string;
  readonly #root: Part;

  constructor(value: Json, place: QueryPlace) {
    this.location = place.location;
    this.#root = compilePart(value, place.location, place);
  }

  /** The value that no input changes, undefined if there is something to compute. */
  get constant(): Json | undefined {
    return this.#root.kind === 'constant' ? this.#root.value : undefined;
  }

  /** Rejects with QueryError. */
  async evaluate(bindings: Bindings): Promise<Json> {
    return evaluatePart(this.#root, bindings);
  }

  /** The value, which must be of the type. Rejects with QueryError. */
  async evaluateAs<T extends Json>(
    type: JsonType,
    isOfType: (value: Json) => value is T,
    bindings: Bindings,
  ): Promise<T> {
    const value = await evaluatePart(this.#root, bindings);
    if (isOfType(value)) return value;
    throw this.error(
      `returned an unexpected result type. Expected '${type}', but was '${typeOf(value)}' for value: ${JSON.stringify(value)}`,
    );
  }

  /** That the query gave something that its field does not take. */
  error(reason: string): QueryError {
    const source = this.#root.kind === 'expression' ? this.#root.expression.source : 'JSON value';
    return new QueryError(this.location, failure(source, this.location, reason));
  }
}

function typeOf(value: Json): JsonType {
  if (value === null) return 'null';
  if (isArray(value)) return 'array';
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'string':
      return typeof value === 'boolean' ? 'boolean' : typeof value === 'number' ? 'number' : 'string';
    default:
      return 'object';
  }
}

/** What stands between `{%` and `%}`, undefined for any other text. */
function expressionIn(text: string): string | undefined {
  if (!text.startsWith('{%') || !text.endsWith('%}') || text.length < 4) return undefined;
  return text.slice(2, -2);
}

function compilePart(value: Json, location: string, place: QueryPlace): Part {
  if (typeof value === 'string') return compileText(value, location, place);
  if (isArray(value)) return compileArray(value, location, place);
  return isObject(value) ? compileObject(value, location, place) : { kind: 'constant', value };
}

function compileText(text: string, location: string, place: QueryPlace): Part {
  const source = expressionIn(text);
  const constant: Part = { kind: 'constant', value: text };
  if (source === undefined) {
    if (text.startsWith('{%') || text.endsWith('%}')) {
      place.report(location, 'an expression starts with {% and ends with %}, without blanks around them');
    }
    return constant;
  }
  try {
    return { kind: 'expression', expression: parseQuery(source, location, place.visible) };
  } catch (error) {
    if (!(error instanceof ExpressionSyntaxError)) throw error;
    place.report(location, error.message);
    return constant;
  }
}

function compileArray(array: readonly Json[], location: string, place: QueryPlace): Part {
  const items = array.map((item, index) => compilePart(item, `${location}[${index}]`, place));
  return items.every(isConstant) ? { kind: 'constant', value: array } : { kind: 'array', items };
}

function compileObject(object: JsonObject, location: string, place: QueryPlace): Part {
  const members = Object.entries(object).map(
    ([key, value]) => [key, compilePart(value, `${location}/${key}`, place)] as const,
  );
  return members.every(([, part]) => isConstant(part))
    ? { kind: 'constant', value: object }
    : { kind: 'object', members };
}

function isConstant(part: Part): boolean {
  return part.kind === 'constant';
}

async function evaluatePart(part: Part, bindings: Bindings): Promise<Json> {
  switch (part.kind) {
    case 'constant':
      return part.value;
    case 'expression':
      return part.expression.evaluate(bindings);
    case 'array': {
      const items: Json[] = [];
      for (const item of part.items) items.push(await evaluatePart(item, bindings));
      return items;
    }
    case 'object': {
      const object: Record<string, Json> = {};
      for (const [key, value] of part.members) setKey(object, key, await evaluatePart(value, bindings));
      return object;
    }
  }
}
