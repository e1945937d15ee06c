import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Json } from '../src/index.ts';
import { outputOf, problemsOf, run } from './run-machine.ts';

function machine(rule: object): object {
  return {
    StartAt: 'Choose',
    States: {
      Choose: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' },
      Yes: { Type: 'Pass', Result: true, End: true },
      No: { Type: 'Pass', Result: false, End: true },
    },
  };
}

const holds = (rule: object, input: Json) => outputOf(machine(rule), { input });

const [EARLY, LATE] = ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000000001Z'];

describe.each<[kind: string, low: Json, high: Json, other: Json[]]>([
  ['String', 'AB', 'ABC', [1, null, true, ['AB'], {}]],
  ['Numeric', 1, 1.5, ['1', null, true, [1], {}]],
  ['Timestamp', EARLY, LATE, ['2024-01-01', '2024-01-01 00:00:00Z', 0, null, true]],
])('%s comparisons', (kind, low, high, others) => {
  test.each([
    ['Equals', false, true, false],
    ['LessThan', true, false, false],
    ['GreaterThan', false, false, true],
    ['LessThanEquals', true, true, false],
    ['GreaterThanEquals', false, true, true],
  ])('%s', async (order, lower, same, higher) => {
    for (const [actual, expected, result] of [
      [low, high, lower],
      [low, low, same],
      [high, low, higher],
    ]) {
      expect(await holds({ Variable: '$.a', [`${kind}${order}`]: expected }, { a: actual ?? null })).toBe(
        result,
      );
      expect(
        await holds(
          { Variable: '$.a', [`${kind}${order}Path`]: '$.b' },
          { a: actual ?? null, b: expected ?? null },
        ),
      ).toBe(result);
    }
    for (const other of others) {
      expect(await holds({ Variable: '$.a', [`${kind}${order}`]: low }, { a: other })).toBe(false);
      expect(await holds({ Variable: '$.a', [`${kind}${order}Path`]: '$.b' }, { a: low, b: other })).toBe(
        false,
      );
    }
  });
});

test('timestamps compare as instants, whatever their offset', async () => {
  const rule = { Variable: '$', TimestampEquals: '2024-02-29T12:00:00+02:00' };
  expect(await holds(rule, '2024-02-29T10:00:00Z')).toBe(true);
  expect(await holds(rule, '2024-02-29T05:30:00.000-04:30')).toBe(true);
  expect(await holds(rule, '2024-02-29T12:00:00Z')).toBe(false);
});

test('BooleanEquals takes booleans only', async () => {
  expect(await holds({ Variable: '$', BooleanEquals: true }, true)).toBe(true);
  expect(await holds({ Variable: '$', BooleanEquals: true }, false)).toBe(false);
  expect(await holds({ Variable: '$', BooleanEquals: false }, null)).toBe(false);
  expect(await holds({ Variable: '$', BooleanEquals: true }, 'true')).toBe(false);
  expect(await holds({ Variable: '$.a', BooleanEqualsPath: '$.b' }, { a: false, b: false })).toBe(true);
  expect(await holds({ Variable: '$.a', BooleanEqualsPath: '$.b' }, { a: null, b: null })).toBe(false);
});

describe.each<[operator: string, yes: Json[], no: Json[]]>([
  ['IsNull', [null], [0, '', false, [], {}]],
  ['IsNumeric', [0, -1.5], ['1', null, true]],
  ['IsString', ['', '2024-01-01T00:00:00Z'], [0, null, ['a']]],
  ['IsBoolean', [true, false], [0, 'true', null]],
  [
    'IsTimestamp',
    ['2024-01-01T00:00:00Z', '2024-12-31T23:59:59.123456789+14:00', '0099-01-01T00:00:00Z'],
    [
      '2024-01-01',
      '2024-01-01T00:00:00',
      '2024-01-01 00:00:00Z',
      '2024-01-01t00:00:00z',
      '2023-02-29T00:00:00Z',
      '2024-13-01T00:00:00Z',
      '2024-01-01T24:00:00Z',
      '2024-01-01T00:00:60Z',
      '2024-01-01T00:00:00+19:00',
      1_704_067_200,
    ],
  ],
])('%s', (operator, yes, no) => {
  test.each(yes)('is true of %j', async (value) => {
    expect(await holds({ Variable: '$.a', [operator]: true }, { a: value })).toBe(true);
    expect(await holds({ Variable: '$.a', [operator]: false }, { a: value })).toBe(false);
  });

  test.each(no)('is false of %j', async (value) => {
    expect(await holds({ Variable: '$.a', [operator]: true }, { a: value })).toBe(false);
    expect(await holds({ Variable: '$.a', [operator]: false }, { a: value })).toBe(true);
  });
});

test('IsPresent is true of every value, null too', async () => {
  for (const value of [null, 0, '', false, []]) {
    expect(await holds({ Variable: '$.a', IsPresent: true }, { a: value })).toBe(true);
    expect(await holds({ Variable: '$.a', IsPresent: false }, { a: value })).toBe(false);
  }
});

test('only IsPresent may ask for a variable that is not there', async () => {
  expect(await holds({ Variable: '$.a', IsPresent: true }, {})).toBe(false);
  expect(await holds({ Variable: '$.constructor', IsPresent: false }, {})).toBe(true);
  for (const rule of [{ IsNull: true }, { StringEquals: 'a' }, { StringMatches: '*' }]) {
    expect(await run(machine({ Variable: '$.a', ...rule }), { input: {} })).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: expect.stringContaining(
        "Invalid path '$.a': The choice state's condition path references an invalid value.",
      ),
    });
  }
});

describe('StringMatches', () => {
  test.each([
    ['log-*.txt', 'log-1.txt', true],
    ['log-*.txt', 'log-.txt', true],
    ['log-*.txt', 'log-1.txt.gz', false],
    ['*', '', true],
    ['*a*b*', 'xaxxbx', true],
    ['*a*b*', 'ba', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*.*.*', 'a.b', false],
    ['', '', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['a\\\\*', 'a\\b', true],
    ['a.c', 'abc', false],
    ['*\n', 'a\n', true],
  ])('%j and %j: %s', async (pattern, text, expected) => {
    expect(await holds({ Variable: '$', StringMatches: pattern }, text)).toBe(expected);
  });

  test('a text of stars and repeated letters is matched in no time', async () => {
    const rule = { Variable: '$', StringMatches: `${'a*'.repeat(40)}b` };
    expect(await holds(rule, 'a'.repeat(50_000))).toBe(false);
  });

  test('a text matches itself with its stars and backslashes escaped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom('*', '\\', 'a', 'b') }), async (text) => {
        const pattern = text.replaceAll(/[\\*]/g, '\\$&');
        expect(await holds({ Variable: '$', StringMatches: pattern }, text)).toBe(true);
      }),
    );
  });
});

describe('And, Or, Not', () => {
  const isA = { Variable: '$.a', IsNumeric: true };
  const isB = { Variable: '$.b', IsNumeric: true };

  test('combine rules', async () => {
    const input = { a: 1, b: 'x' };
    expect(await holds({ And: [isA, isB] }, input)).toBe(false);
    expect(await holds({ Or: [isB, isA] }, input)).toBe(true);
    expect(await holds({ Not: isB }, input)).toBe(true);
    expect(await holds({ And: [{ Not: isB }, { Or: [isA, isB] }] }, input)).toBe(true);
  });

  test('look no further than needed: a guard keeps a missing variable from failing', async () => {
    expect(await holds({ And: [{ Variable: '$.b', IsPresent: true }, isB] }, { a: 1 })).toBe(false);
    expect(await holds({ Or: [isA, isB] }, { a: 1 })).toBe(true);
  });
});

test('the first rule that holds decides', async () => {
  const choices = {
    StartAt: 'Choose',
    States: {
      Choose: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.n', NumericLessThan: 10, Next: 'Small' },
          { Variable: '$.n', NumericLessThan: 100, Next: 'Medium' },
        ],
        Default: 'Large',
      },
      Small: { Type: 'Pass', Result: 'small', End: true },
      Medium: { Type: 'Pass', Result: 'medium', End: true },
      Large: { Type: 'Pass', Result: 'large', End: true },
    },
  };
  expect(await outputOf(choices, { input: { n: 5 } })).toBe('small');
  expect(await outputOf(choices, { input: { n: 50 } })).toBe('medium');
  expect(await outputOf(choices, { input: { n: 500 } })).toBe('large');
});

test('a choice may look at the context object and passes on what InputPath selects', async () => {
  const choice = {
    StartAt: 'Choose',
    States: {
      Choose: {
        Type: 'Choice',
        InputPath: '$.inner',
        Choices: [{ Variable: '$$.Execution.Input.go', BooleanEquals: true, Next: 'End' }],
      },
      End: { Type: 'Succeed' },
    },
  };
  expect(await outputOf(choice, { input: { go: true, inner: { x: 1 } } })).toEqual({ x: 1 });
});

test('no rule and no Default fails as States.Runtime, which nothing catches', async () => {
  const choice = {
    StartAt: 'Choose',
    States: {
      Choose: { Type: 'Choice', Choices: [{ Variable: '$', IsNull: true, Next: 'End' }] },
      End: { Type: 'Succeed' },
    },
  };
  expect(await run(choice, { input: 1 })).toMatchObject({
    status: 'FAILED',
    error: 'States.Runtime',
    cause: expect.stringMatching(
      /Failed to transition out of the state\. The state does not point to a next state\.$/,
    ),
  });
});

test.each<[string, object, string]>([
  ['no operator', { Variable: '$' }, 'a choice rule has exactly one operator, this one has none'],
  ['two operators', { Variable: '$', IsNull: true, IsString: true }, 'this one has IsNull, IsString'],
  ['And beside a test', { And: [{ Variable: '$', IsNull: true }], IsNull: true }, 'this one has And, IsNull'],
  ['no variable', { IsNull: true }, 'the field Variable is required'],
  ['a number for a string', { Variable: '$', StringEquals: 1 }, '/StringEquals: must be a string'],
  ['a string for a number', { Variable: '$', NumericEquals: '1' }, '/NumericEquals: must be a number'],
  ['a bad timestamp', { Variable: '$', TimestampEquals: 'today' }, '/TimestampEquals: must be a timestamp'],
  ['a text for a test', { Variable: '$', IsNull: 'yes' }, '/IsNull: must be true or false'],
  ['a bad path', { Variable: '$.a', StringEqualsPath: 'b' }, "/StringEqualsPath: a path starts with '$'"],
  ['an empty And', { And: [] }, '/And: must hold a rule'],
  [
    'Next inside',
    { Not: { Variable: '$', IsNull: true, Next: 'Yes' } },
    '/Not/Next: is allowed in the outermost',
  ],
  ['a misspelled operator', { Variable: '$', StringEqual: 'x' }, 'this one has none'],
])('a rule with %s is refused', (_what, rule, message) => {
  const problems = problemsOf(machine(rule));
  expect(problems.join('\n')).toContain(message);
  expect(problems.join('\n')).toContain('/States/Choose/Choices[0]');
});
