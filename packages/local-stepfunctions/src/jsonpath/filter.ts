import { isArray, type Json, jsonEquals } from '../json.ts';
import { select } from './evaluate.ts';
import type { Cursor, FilterTest, JsonPath } from './syntax.ts';

/** Reads the steps behind the `@` or `$` of an operand. */
type ReadPath = (cursor: Cursor) => JsonPath;
/** An operand's value; undefined if its path selects nothing. */
type Operand = (node: Json, root: Json) => Json | undefined;

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z~=]+/y;
const COMPARISONS = ['==', '!=', '<=', '>=', '<', '>'] as const;
type Comparison = (typeof COMPARISONS)[number];

// Parentheses and negations nest as deep as this; more is no filter anybody wrote.
const MAX_NESTING = 50;

/** Reads `(…)` behind the `?` of a filter. */
export function parseFilter(cursor: Cursor, readPath: ReadPath): FilterTest {
  cursor.skipBlanks();
  cursor.expect('(');
  const test = either(cursor, readPath, 0);
  cursor.skipBlanks();
  cursor.expect(')');
  return test;
}

function either(cursor: Cursor, readPath: ReadPath, nesting: number): FilterTest {
  const tests = [both(cursor, readPath, nesting)];
  for (;;) {
    cursor.skipBlanks();
    if (!cursor.take('||')) break;
    tests.push(both(cursor, readPath, nesting));
  }
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : (node, root) => tests.some((t) => t(node, root));
}

function both(cursor: Cursor, readPath: ReadPath, nesting: number): FilterTest {
  const tests = [term(cursor, readPath, nesting)];
  for (;;) {
    cursor.skipBlanks();
    if (!cursor.take('&&')) break;
    tests.push(term(cursor, readPath, nesting));
  }
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : (node, root) => tests.every((t) => t(node, root));
}

function term(cursor: Cursor, readPath: ReadPath, nesting: number): FilterTest {
  cursor.skipBlanks();
  if (nesting > MAX_NESTING) throw cursor.error('filter is nested too deeply');
  if (cursor.take('!')) {
    const test = term(cursor, readPath, nesting + 1);
    return (node, root) => !test(node, root);
  }
  if (cursor.take('(')) {
    const test = either(cursor, readPath, nesting + 1);
    cursor.skipBlanks();
    cursor.expect(')');
    return test;
  }
  return comparison(cursor, readPath);
}

function comparison(cursor: Cursor, readPath: ReadPath): FilterTest {
  const isPath = cursor.current === '@' || cursor.current === '$';
  const left = operand(cursor, readPath);
  cursor.skipBlanks();
  const operator = COMPARISONS.find((token) => cursor.take(token));
  if (operator === undefined) {
    const word = cursor.takeMatch(WORD);
    if (word !== undefined) throw cursor.error(`the filter operator '${word}' is not supported`);
    if (!isPath) throw cursor.error('expected a comparison');
    return (node, root) => left(node, root) !== undefined;
  }
  cursor.skipBlanks();
  const right = operand(cursor, readPath);
  return (node, root) => compare(operator, left(node, root), right(node, root));
}

function operand(cursor: Cursor, readPath: ReadPath): Operand {
  if (cursor.current === '@' || cursor.current === '$') return pathOperand(cursor, readPath);
  const value = literal(cursor);
  return () => value;
}

function pathOperand(cursor: Cursor, readPath: ReadPath): Operand {
  const onRoot = cursor.current === '$';
  cursor.position += 1;
  const path = readPath(cursor);
  return (node, root) => {
    const value = select(path, onRoot ? root : node);
    // A path to many nodes that finds none does not exist.
    return !path.definite && isArray(value) && value.length === 0 ? undefined : value;
  };
}

function literal(cursor: Cursor): Json {
  if (cursor.current === "'" || cursor.current === '"') return cursor.quoted();
  const digits = cursor.takeMatch(NUMBER);
  if (digits !== undefined) return Number(digits);
  if (cursor.take('true')) return true;
  if (cursor.take('false')) return false;
  if (cursor.take('null')) return null;
  throw cursor.error("expected '@', '$' or a value");
}

function compare(operator: Comparison, left: Json | undefined, right: Json | undefined): boolean {
  if (operator === '==') return left !== undefined && right !== undefined && jsonEquals(left, right);
  if (operator === '!=') return !compare('==', left, right);
  if (typeof left === 'number' && typeof right === 'number') return inOrder(operator, left, right);
  if (typeof left === 'string' && typeof right === 'string') return inOrder(operator, left, right);
  return false;
}

function inOrder<T extends number | string>(operator: '<' | '<=' | '>' | '>=', left: T, right: T): boolean {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}
