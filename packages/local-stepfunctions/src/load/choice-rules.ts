import { COMPARISONS, type Comparison, type Condition, TYPE_TESTS, variableValue } from '../choice-rule.ts';
import { EvaluationError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { JsonPath } from '../jsonpath/syntax.ts';
import { lookUp } from '../scope.ts';
import { compilePattern } from '../string-matches.ts';
import { parseTimestamp } from '../timestamp.ts';
import type { FieldReader } from './field-reader.ts';

const COMBINATIONS = ['And', 'Or', 'Not'] as const;

const OPERATORS: readonly string[] = [
  ...COMBINATIONS,
  ...COMPARISONS.keys(),
  ...[...COMPARISONS.keys()].map((name) => `${name}Path`),
  ...TYPE_TESTS.keys(),
  'IsPresent',
  'StringMatches',
];

// The deepest And, Or, Not that is read; the limit keeps hostile definitions off the stack.
const MAX_NESTING = 100;

/** Compiles a rule without its Next. Undefined, and problems, if it is no rule. */
export function loadChoiceRule(rule: FieldReader, nesting = 0): Condition | undefined {
  const operators = OPERATORS.filter((operator) => rule.has(operator));
  const [operator] = operators;
  if (operator === undefined || operators.length > 1) {
    const given = operators.length === 0 ? 'none' : operators.join(', ');
    rule.report('', `a choice rule has exactly one operator, this one has ${given}`);
    for (const field of ['Variable', ...operators]) rule.value(field);
    return undefined;
  }
  if (nesting > MAX_NESTING) {
    rule.report('', 'the rule is nested too deeply');
    rule.value(operator);
    return undefined;
  }
  const combination = COMBINATIONS.find((name) => name === operator);
  return combination === undefined ? loadTest(rule, operator) : loadCombination(rule, combination, nesting);
}

function loadCombination(
  rule: FieldReader,
  operator: (typeof COMBINATIONS)[number],
  nesting: number,
): Condition | undefined {
  const readers = operator === 'Not' ? [rule.object('Not')] : rule.objects(operator);
  if (readers.length === 0) rule.report(operator, 'must hold a rule');
  const conditions = readers.flatMap((reader) => {
    if (reader === undefined) return [];
    const condition = loadChoiceRule(reader, nesting + 1);
    for (const field of ['Next', 'Assign']) {
      if (reader.has(field)) reader.report(field, 'is allowed in the outermost rule only');
      reader.value(field);
    }
    reader.refuseOtherFields();
    return condition ?? [];
  });
  if (operator === 'Not') return (scope) => !conditions.some((condition) => condition(scope));
  if (operator === 'And') return (scope) => conditions.every((condition) => condition(scope));
  return (scope) => conditions.some((condition) => condition(scope));
}

function loadTest(rule: FieldReader, operator: string): Condition | undefined {
  if (!rule.has('Variable')) rule.report('', 'the field Variable is required');
  const variable = rule.jsonPath('Variable');
  const test = COMPARISONS.get(operator);
  if (test !== undefined) return literalComparison(rule, operator, variable, test);
  const byPath = COMPARISONS.get(operator.slice(0, -'Path'.length));
  if (byPath !== undefined) return pathComparison(rule, operator, variable, byPath);
  if (operator === 'StringMatches') return patternTest(rule, variable);
  const expected = rule.value(operator);
  if (typeof expected !== 'boolean') {
    rule.report(operator, 'must be true or false');
    return undefined;
  }
  if (variable === undefined) return undefined;
  if (operator === 'IsPresent') return (scope) => (lookUp(variable, scope) !== undefined) === expected;
  const isOfType = TYPE_TESTS.get(operator);
  return isOfType && ((scope) => isOfType(variableValue(variable, scope)) === expected);
}

function literalComparison(
  rule: FieldReader,
  operator: string,
  variable: JsonPath | undefined,
  comparison: Comparison,
): Condition | undefined {
  const expected = rule.value(operator);
  if (expected === undefined || !isTaken(comparison.takes, expected)) {
    rule.report(operator, `must be a ${comparison.takes}`);
    return undefined;
  }
  if (variable === undefined) return undefined;
  return (scope) => comparison.holds(variableValue(variable, scope), expected);
}

function isTaken(takes: Comparison['takes'], value: Json): boolean {
  switch (takes) {
    case 'string':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'timestamp':
      return typeof value === 'string' && parseTimestamp(value) !== undefined;
  }
}

function pathComparison(
  rule: FieldReader,
  operator: string,
  variable: JsonPath | undefined,
  comparison: Comparison,
): Condition | undefined {
  const expected = rule.jsonPath(operator);
  if (variable === undefined || expected === undefined) return undefined;
  return (scope) => comparison.holds(variableValue(variable, scope), variableValue(expected, scope));
}

function patternTest(rule: FieldReader, variable: JsonPath | undefined): Condition | undefined {
  const pattern = rule.text('StringMatches');
  if (pattern === undefined) return undefined;
  const matches = compilePattern(pattern);
  if (variable === undefined) return undefined;
  return (scope) => {
    const value = variableValue(variable, scope);
    if (matches !== undefined) return typeof value === 'string' && matches(value);
    // "If an open escape backslash is found in the StringMatches string, the interpreter will throw a runtime error."
    throw new EvaluationError('States.Runtime', `Open escape backslash in StringMatches: '${pattern}'`);
  };
}
