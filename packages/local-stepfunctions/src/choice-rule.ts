import { EvaluationError } from './errors.ts';
import type { Json } from './json.ts';
import type { JsonPath } from './jsonpath/syntax.ts';
import { lookUp, type Scope } from './scope.ts';
import { parseTimestamp } from './timestamp.ts';

export type Condition = (scope: Scope) => boolean;

type Order = 'Equals' | 'LessThan' | 'GreaterThan' | 'LessThanEquals' | 'GreaterThanEquals';
type Ordered = 'String' | 'Numeric' | 'Timestamp';
/** A comparison with a value: `StringLessThan` and so on; each exists with `Path` appended too. */
export interface Comparison {
  readonly takes: 'string' | 'number' | 'boolean' | 'timestamp';
  readonly holds: (actual: Json, expected: Json) => boolean;
}

const ORDERS: Readonly<Record<Order, (difference: number) => boolean>> = {
  Equals: (difference) => difference === 0,
  LessThan: (difference) => difference < 0,
  GreaterThan: (difference) => difference > 0,
  LessThanEquals: (difference) => difference <= 0,
  GreaterThanEquals: (difference) => difference >= 0,
};

/** How two values of the kind stand to each other, undefined if one of them is not of the kind. */
const DIFFERENCES: Readonly<Record<Ordered, (a: Json, b: Json) => number | undefined>> = {
  String: (a, b) => (typeof a === 'string' && typeof b === 'string' ? difference(a, b) : undefined),
  Numeric: (a, b) => (typeof a === 'number' && typeof b === 'number' ? difference(a, b) : undefined),
  Timestamp: (a, b) => {
    const [left, right] = [instant(a), instant(b)];
    return left === undefined || right === undefined ? undefined : difference(left, right);
  },
};

const TAKES = { String: 'string', Numeric: 'number', Timestamp: 'timestamp' } as const;

export const COMPARISONS: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ...orderedComparisons('String'),
  ...orderedComparisons('Numeric'),
  ...orderedComparisons('Timestamp'),
  [
    'BooleanEquals',
    { takes: 'boolean', holds: (actual, expected) => typeof actual === 'boolean' && actual === expected },
  ],
]);

/** The tests of a value's type; undefined stands for a variable that does not exist. */
export const TYPE_TESTS: ReadonlyMap<string, (value: Json) => boolean> = new Map([
  ['IsNull', (value: Json) => value === null],
  ['IsNumeric', (value: Json) => typeof value === 'number'],
  ['IsString', (value: Json) => typeof value === 'string'],
  ['IsBoolean', (value: Json) => typeof value === 'boolean'],
  ['IsTimestamp', (value: Json) => instant(value) !== undefined],
]);

function orderedComparisons(kind: Ordered): [string, Comparison][] {
  const compare = DIFFERENCES[kind];
  return Object.entries(ORDERS).map(([order, accepts]) => [
    `${kind}${order}`,
    {
      takes: TAKES[kind],
      holds: (actual, expected) => {
        const result = compare(actual, expected);
        return result !== undefined && accepts(result);
      },
    },
  ]);
}

function difference<T extends string | number | bigint>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function instant(value: Json): bigint | undefined {
  return typeof value === 'string' ? parseTimestamp(value) : undefined;
}

/** The value of a rule's variable or comparison path; only IsPresent may ask for one that is not there. */
export function variableValue(path: JsonPath, scope: Scope): Json {
  const value = lookUp(path, scope);
  if (value !== undefined) return value;
  throw new EvaluationError(
    'States.Runtime',
    `Invalid path '${path.source}': The choice state's condition path references an invalid value.`,
  );
}
