// Rules: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html and
// https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { StateMachineDefinition } from '../src/index.ts';
import { outputOf, problemsOf, single, TASK } from './run-machine.ts';

const jsonata = (state: object) => ({ ...single(state), QueryLanguage: 'JSONata' });
const PROCESSOR = { StartAt: 'P', States: { P: { Type: 'Succeed' } } };

test('a typed definition is one', async () => {
  const definition: StateMachineDefinition = {
    QueryLanguage: 'JSONata',
    StartAt: 'Work',
    States: {
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Arguments: { n: '{% $states.input.n %}' },
        TimeoutSeconds: '{% 5 * 60 %}',
        Assign: { n: '{% $states.result %}' },
        Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: 'Done' }],
        Next: 'Each',
      },
      Each: {
        Type: 'Map',
        Items: [1, '{% $n %}'],
        ItemSelector: { v: '{% $states.context.Map.Item.Value %}' },
        ItemProcessor: { StartAt: 'Item', States: { Item: { Type: 'Pass', End: true } } },
        Next: 'Check',
      },
      Check: {
        Type: 'Choice',
        Choices: [{ Condition: '{% $n > 1 %}', Assign: { high: true }, Next: 'Hold' }],
        Output: 'low',
        Default: 'Done',
      },
      Hold: { Type: 'Wait', Seconds: '{% $n %}', Next: 'Done' },
      Done: { Type: 'Succeed', Output: '{% $count($states.input) %}' },
    },
  };
  const handlers = { 'lambda:invoke': async () => 2 };
  expect(await outputOf(definition, { input: { n: 1 }, handlers })).toBe(2);
});

test('a typed definition does not mix the languages of a state', () => {
  const definition: StateMachineDefinition = {
    StartAt: 'A',
    States: {
      // @ts-expect-error Output is a field of JSONata, InputPath one of JSONPath
      A: { Type: 'Pass', QueryLanguage: 'JSONata', Output: 1, InputPath: '$', End: true },
    },
  };
  expect(problemsOf(definition)).toEqual(['/States/A/InputPath: is allowed in JSONPath states only']);
});

describe('a JSONata state has no field of JSONPath:', () => {
  test.each<[field: string, state: object]>([
    ['InputPath', { Type: 'Pass', InputPath: '$', End: true }],
    ['OutputPath', { Type: 'Succeed', OutputPath: '$' }],
    ['Parameters', { Type: 'Pass', Parameters: {}, End: true }],
    ['Result', { Type: 'Pass', Result: 1, End: true }],
    ['ResultPath', { Type: 'Pass', ResultPath: '$.a', End: true }],
    ['ResultSelector', { ...TASK, ResultSelector: {}, End: true }],
    ['TimeoutSecondsPath', { ...TASK, TimeoutSecondsPath: '$.t', End: true }],
    ['HeartbeatSecondsPath', { ...TASK, HeartbeatSecondsPath: '$.t', End: true }],
    ['SecondsPath', { Type: 'Wait', Seconds: 1, SecondsPath: '$.t', End: true }],
    ['TimestampPath', { Type: 'Wait', Seconds: 1, TimestampPath: '$.t', End: true }],
    ['ErrorPath', { Type: 'Fail', ErrorPath: '$.e' }],
    ['CausePath', { Type: 'Fail', CausePath: '$.c' }],
    ['ItemsPath', { Type: 'Map', ItemsPath: '$.i', ItemProcessor: PROCESSOR, End: true }],
    ['MaxConcurrencyPath', { Type: 'Map', MaxConcurrencyPath: '$.m', ItemProcessor: PROCESSOR, End: true }],
    ['Parameters', { Type: 'Map', Parameters: {}, ItemProcessor: PROCESSOR, End: true }],
    ['Parameters', { Type: 'Parallel', Parameters: {}, Branches: [PROCESSOR], End: true }],
  ])('%s', (field, state) => {
    expect(problemsOf(jsonata(state))).toEqual([`/States/Only/${field}: is allowed in JSONPath states only`]);
  });

  test('nor has its Catch', () => {
    const task = { ...TASK, Catch: [{ ErrorEquals: ['E'], ResultPath: '$.e', Next: 'B' }], Next: 'B' };
    const machine = { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: task, B: { Type: 'Succeed' } } };
    expect(problemsOf(machine)).toEqual([
      '/States/A/Catch[0]/ResultPath: is allowed in JSONPath states only',
    ]);
  });

  test('nor have its rules', () => {
    const choice = { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'B' }] };
    const machine = { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: choice, B: { Type: 'Succeed' } } };
    expect(problemsOf(machine)).toEqual([
      '/States/A/Choices[0]: the field Condition is required',
      '/States/A/Choices[0]/Variable: is allowed in JSONPath states only',
      '/States/A/Choices[0]/IsNull: is not supported here',
    ]);
  });
});

describe('a JSONPath state has no field of JSONata:', () => {
  test.each<[field: string, state: object]>([
    ['Arguments', { ...TASK, Arguments: {}, End: true }],
    ['Output', { Type: 'Pass', Output: 1, End: true }],
    ['Output', { Type: 'Succeed', Output: 1 }],
    ['Items', { Type: 'Map', Items: [1], ItemProcessor: PROCESSOR, End: true }],
  ])('%s', (field, state) => {
    expect(problemsOf(single(state))).toEqual([`/States/Only/${field}: is allowed in JSONata states only`]);
  });

  test('nor has its Catch', () => {
    const task = { ...TASK, Catch: [{ ErrorEquals: ['E'], Output: 1, Next: 'B' }], Next: 'B' };
    const machine = { StartAt: 'A', States: { A: task, B: { Type: 'Succeed' } } };
    expect(problemsOf(machine)).toEqual(['/States/A/Catch[0]/Output: is allowed in JSONata states only']);
  });

  test('nor an expression for a number', () => {
    expect(problemsOf(single({ ...TASK, TimeoutSeconds: '{% 1 %}', End: true }))).toEqual([
      expect.stringContaining('/States/Only/TimeoutSeconds: must be an integer'),
    ]);
  });
});

test('a JSONata machine has no JSONPath state', () => {
  expect(problemsOf(jsonata({ Type: 'Pass', QueryLanguage: 'JSONPath', End: true }))).toEqual([
    "/States/Only/QueryLanguage: can not be 'JSONPath' if set to 'JSONata' for whole state machine",
  ]);
});

describe('is refused in a JSONata state:', () => {
  test.each<[what: string, state: object, problem: string]>([
    [
      'a syntax error',
      { Type: 'Pass', Output: { a: ['{% 1 + %}'] }, End: true },
      '/States/Only/Output/a[0]: is no JSONata expression: S0207: Unexpected end of expression',
    ],
    [
      'an expression without end',
      { Type: 'Pass', Output: '{% 1', End: true },
      '/States/Only/Output: an expression starts with {% and ends with %}, without blanks around them',
    ],
    [
      'a blank before an expression',
      { Type: 'Pass', Output: ' {% 1 %}', End: true },
      '/States/Only/Output: an expression starts with {% and ends with %}, without blanks around them',
    ],
    [
      'an empty expression',
      { Type: 'Pass', Output: '{%%}', End: true },
      '/States/Only/Output: is no JSONata expression: S0207: Unexpected end of expression',
    ],
    [
      'the result before there is one',
      { ...TASK, Arguments: { a: '{% $map([1], function($x) { $states.result.b }) %}' }, End: true },
      '/States/Only/Arguments/a: $states.result does not exist here',
    ],
    [
      'the result where there is none',
      { Type: 'Pass', Output: '{% $states.result %}', End: true },
      '/States/Only/Output: $states.result does not exist here',
    ],
    [
      'a field name without a value that has it',
      { Type: 'Pass', Output: ['{% $sum(order.lines) %}'], End: true },
      "/States/Only/Output[0]: Reference to 'order' at the top level is not supported.",
    ],
    [
      'the value around an expression, which has none',
      { Type: 'Pass', Output: '{% $.a %}', End: true },
      "/States/Only/Output: Reference to '$' at the top level is not supported.",
    ],
    [
      'the root of a document, of which there is none',
      { Type: 'Pass', Output: "{% {'a': $$.b} %}", End: true },
      "/States/Only/Output: Reference to '$$' at the top level is not supported.",
    ],
    [
      'the error where there is none',
      { ...TASK, Output: '{% $states.errorOutput %}', End: true },
      '/States/Only/Output: $states.errorOutput does not exist here',
    ],
    [
      'a number as text',
      { ...TASK, TimeoutSeconds: '5', End: true },
      '/States/Only/TimeoutSeconds: must be an expression: {% … %}',
    ],
    [
      'a timeout of 0',
      { ...TASK, TimeoutSeconds: 0, End: true },
      '/States/Only/TimeoutSeconds: must be a number from 1 to 99999999',
    ],
    [
      'Items that are neither an array nor an object',
      { Type: 'Map', Items: 1, ItemProcessor: PROCESSOR, End: true },
      '/States/Only/Items: must be an array, an object or an expression',
    ],
    [
      'Items as text',
      { Type: 'Map', Items: 'a', ItemProcessor: PROCESSOR, End: true },
      '/States/Only/Items: must be an expression: {% … %}',
    ],
    [
      'a Timestamp that is none',
      { Type: 'Wait', Timestamp: 'today', End: true },
      "/States/Only/Timestamp: 'today' is no RFC 3339 timestamp",
    ],
    ['a Wait for nothing', { Type: 'Wait', End: true }, '/States/Only: needs one of Seconds, Timestamp'],
    ['an Error that is no text', { Type: 'Fail', Error: 5 }, '/States/Only/Error: must be a string'],
    [
      'a Succeed that assigns',
      { Type: 'Succeed', Assign: { a: 1 } },
      '/States/Only/Assign: is not supported here',
    ],
    ['a Fail with Output', { Type: 'Fail', Output: 1 }, '/States/Only/Output: is not supported here'],
    [
      'a Pass with Arguments',
      { Type: 'Pass', Arguments: 1, End: true },
      '/States/Only/Arguments: is not supported here',
    ],
  ])('%s', (_what, state, problem) => {
    expect(problemsOf(jsonata(state))).toEqual([problem]);
  });

  test.each([
    '$states.input[a > 1]',
    '$states.input.lines.(price * $.quantity)',
    '$map($states.input, function($line) { $line.price })',
    '$states.input{sku: $sum(price)}',
    '$states.input^(price)',
    "$states.input ~> |lines|{'total': price}|",
    "$states.input.'a b'",
  ])('but not %s, whose names stand behind a value', (expression) => {
    expect(problemsOf(jsonata({ Type: 'Pass', Output: `{% ${expression} %}`, End: true }))).toEqual([]);
  });

  test.each(['text', 1, null])('a Condition of %j', (condition) => {
    const choice = { Type: 'Choice', Choices: [{ Condition: condition, Next: 'B' }] };
    const machine = { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: choice, B: { Type: 'Succeed' } } };
    expect(problemsOf(machine)).toEqual(['/States/A/Choices[0]/Condition: must be an expression: {% … %}']);
  });

  test('an error in a rule, with the place of the rule', () => {
    const rule = { Condition: '{% true %}', Output: { a: '{% ( %}' }, Next: 'B' };
    const choice = { Type: 'Choice', Choices: [rule] };
    const machine = { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: choice, B: { Type: 'Succeed' } } };
    expect(problemsOf(machine)).toEqual([
      expect.stringContaining('/States/A/Choices[0]/Output/a: is no JSONata expression'),
    ]);
  });
});

test('whatever JSON is given as a JSONata definition, only InvalidDefinition is thrown', () => {
  const name = fc.constantFrom(
    'A',
    'Type',
    'Next',
    'Choices',
    'Condition',
    'Output',
    'Assign',
    'Arguments',
    'Items',
    'ItemSelector',
    'Catch',
    'Seconds',
    'QueryLanguage',
    'ItemProcessor',
    'States',
  );
  const value = fc.constantFrom<unknown>(
    'A',
    'Pass',
    'Task',
    'Choice',
    'Map',
    'Wait',
    'Fail',
    'JSONPath',
    '{% $a %}',
    '{% ( %}',
    '{%',
    true,
    1,
    null,
  );
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      value,
      fc.dictionary(name, tie('node')),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  })).node;
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('A', 'B'), tree), (states) => {
      expect(() => problemsOf({ QueryLanguage: 'JSONata', StartAt: 'A', States: states })).not.toThrow();
    }),
  );
});
