import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  InvalidDefinition,
  loadDefinition,
  type StateMachineDefinition,
  startExecution,
} from '../src/index.ts';
import { outputOf, problemsOf, single, TASK } from './run-machine.ts';

test('a definition may be given as JSON text', async () => {
  expect(await outputOf(JSON.stringify(single({ Type: 'Succeed' })), { input: 1 })).toBe(1);
});

test('a typed definition is one', async () => {
  const definition: StateMachineDefinition = {
    StartAt: 'Check',
    States: {
      Check: {
        Type: 'Choice',
        Choices: [
          {
            And: [{ Variable: '$.n', NumericGreaterThan: 1 }, { Not: { Variable: '$.s', IsNull: true } }],
            Next: 'Work',
          },
        ],
        Default: 'Done',
      },
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Retry: [{ ErrorEquals: ['States.ALL'], JitterStrategy: 'FULL' }],
        Next: 'Done',
      },
      Done: { Type: 'Succeed' },
    },
  };
  const handlers = { 'lambda:invoke': async () => 'worked' };
  expect(await outputOf(definition, { input: { n: 2, s: 1 }, handlers })).toBe('worked');
});

test('changing a definition after it was loaded changes nothing', async () => {
  const definition = { StartAt: 'A', States: { A: { Type: 'Pass', Result: 1, End: true } } };
  const machine = loadDefinition(definition);
  definition.States.A.Result = 2;
  const { result } = startExecution(machine, { name: 'n', input: null, handlers: {} });
  expect(await result).toMatchObject({ output: 1 });
});

test('all problems are found at once, each with its place', () => {
  const definition = {
    StartAt: 'Start',
    Extra: 1,
    States: {
      First: { Type: 'Pass', Next: 'Nowhere', End: true },
      Second: { Type: 'Job', Anything: 1 },
      Third: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'In', States: { In: { Type: 'Pass', InputPath: 'a', Next: 'First' } } }],
        End: true,
      },
      First2: {
        Type: 'Map',
        ItemProcessor: { StartAt: 'First', States: { First: { Type: 'Pass' } } },
        End: true,
      },
    },
  };
  expect(problemsOf(definition).sort()).toEqual([
    '/Extra: is not supported here',
    "/StartAt: there is no state 'Start'",
    "/States/First/Next: there is no state 'Nowhere' beside this one",
    '/States/First2/ItemProcessor/States/First: needs Next or "End": true',
    "/States/First2/ItemProcessor/States/First: there is another state 'First'",
    '/States/First: gives both Next and End',
    '/States/Second/Type: must be Task or Choice or Pass or Wait or Succeed or Fail or Parallel or Map',
    "/States/Third/Branches[0]/States/In/InputPath: a path starts with '$' at character 1",
    "/States/Third/Branches[0]/States/In/Next: there is no state 'First' beside this one",
  ]);
});

test('the message of the error names them', () => {
  expect(() => loadDefinition({ StartAt: 'A', States: {} })).toThrow(
    new InvalidDefinition([
      { path: '/States', message: 'must hold a state' },
      { path: '/StartAt', message: "there is no state 'A'" },
    ]),
  );
  expect(() => loadDefinition({ StartAt: 'A', States: {} })).toThrow(
    /\/States: must hold a state; \/StartAt/,
  );
});

describe('is refused:', () => {
  test.each<[what: string, definition: unknown, problem: string]>([
    ['a text that is no JSON', '{', '/: is no JSON'],
    ['a list', [], '/: must be a JSON object'],
    ['nothing', undefined, '/: must be a JSON object'],
    ['no StartAt', { States: { A: { Type: 'Succeed' } } }, ': the field StartAt is required'],
    ['no States', { StartAt: 'A' }, ': the field States is required'],
    ['a state that is none', { StartAt: 'A', States: { A: 1 } }, '/States/A: must be an object'],
    [
      'an unknown language',
      { ...single({ Type: 'Succeed' }), QueryLanguage: 'SQL' },
      '/QueryLanguage: must be JSONPath or JSONata',
    ],
    [
      'a state in an unknown language',
      single({ Type: 'Succeed', QueryLanguage: 'SQL' }),
      '/States/Only/QueryLanguage',
    ],
    ['another version', { ...single({ Type: 'Succeed' }), Version: '2.0' }, '/Version: must be 1.0'],
    [
      'a timeout of 0',
      { ...single({ Type: 'Succeed' }), TimeoutSeconds: 0 },
      '/TimeoutSeconds: must be a number from 1',
    ],
    [
      'a state that nothing leads to',
      { StartAt: 'A', States: { A: { Type: 'Succeed' }, B: { Type: 'Pass', Next: 'A' } } },
      "/States/B: no transition leads to the state 'B'",
    ],
    ['a state without a type', single({ End: true }), '/States/Only: the field Type is required'],
    ['a state that leads nowhere', single({ Type: 'Pass' }), '/States/Only: needs Next or "End": true'],
    ['an End that is false', single({ Type: 'Pass', End: false }), '/States/Only: needs Next or "End": true'],
    ['an End that is a text', single({ Type: 'Pass', End: 'true' }), '/States/Only/End: must be true'],
    [
      'a Succeed that goes on',
      single({ Type: 'Succeed', End: true }),
      '/States/Only/End: is not supported here',
    ],
    [
      'a Fail with a path',
      single({ Type: 'Fail', InputPath: '$' }),
      '/States/Only/InputPath: is not supported here',
    ],
    [
      'a Fail with two errors',
      single({ Type: 'Fail', Error: 'a', ErrorPath: '$' }),
      'gives Error and ErrorPath',
    ],
    [
      'a Choice with an End',
      single({ Type: 'Choice', Choices: [], End: true }),
      '/States/Only/End: is not supported',
    ],
    [
      'a Choice without rules',
      single({ Type: 'Choice' }),
      '/States/Only: the field Choices must hold a rule',
    ],
    [
      'a Pass that retries',
      single({ Type: 'Pass', Retry: [], End: true }),
      '/States/Only/Retry: is not supported here',
    ],
    [
      'a Parallel without branches',
      single({ Type: 'Parallel', End: true }),
      'the field Branches must hold a branch',
    ],
    ['a Task without a resource', single({ Type: 'Task', End: true }), 'the field Resource is required'],
    [
      'a resource that is no ARN',
      single({ Type: 'Task', Resource: 'x', End: true }),
      "/Resource: 'x' is not an ARN",
    ],
    [
      'two timeouts',
      single({ ...TASK, TimeoutSeconds: 1, TimeoutSecondsPath: '$.t', End: true }),
      'gives TimeoutSeconds',
    ],
    [
      'credentials without a role',
      single({ ...TASK, Credentials: { Role: 'r' }, End: true }),
      '/States/Only/Credentials: the field RoleArn is required',
    ],
    [
      'a number from the context object',
      single({ ...TASK, TimeoutSecondsPath: '$$.Execution.Input.t', End: true }),
      "/States/Only/TimeoutSecondsPath: '$$.Execution.Input.t' is not a reference path",
    ],
    [
      'a heartbeat too slow',
      single({ ...TASK, TimeoutSeconds: 5, HeartbeatSeconds: 5, End: true }),
      'must be less than',
    ],
    [
      'a number as a path',
      single({ ...TASK, InputPath: 1, End: true }),
      '/States/Only/InputPath: must be a string',
    ],
    [
      'a path in a field that is no text',
      single({ ...TASK, Parameters: { 'a.$': 1 }, End: true }),
      "the value of 'a.$'",
    ],
    [
      'a field given twice',
      single({ ...TASK, Parameters: { a: 1, 'a.$': '$' }, End: true }),
      "/States/Only/Parameters: gives both 'a' and 'a.$'",
    ],
    [
      'a bad path deep in a list',
      single({ ...TASK, Parameters: { list: [{ 'a.$': '$[' }] }, End: true }),
      "/States/Only/Parameters: the value of 'a.$' must be a valid JSONPath",
    ],
    [
      'a name of 81 characters',
      { StartAt: 'n'.repeat(81), States: { ['n'.repeat(81)]: { Type: 'Succeed' } } },
      'longer than 80',
    ],
    [
      'a Succeed that assigns',
      single({ Type: 'Succeed', Assign: { a: 1 } }),
      '/States/Only/Assign: is not supported here',
    ],
  ])('%s', (_what, definition, problem) => {
    expect(problemsOf(definition).join('\n')).toContain(problem);
  });
});

test('a Task without a handler is found before anything runs', () => {
  const machine = loadDefinition({
    StartAt: 'A',
    States: {
      A: { ...TASK, Next: 'B' },
      B: { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true },
    },
  });
  const startIt = () =>
    startExecution(machine, { name: 'n', input: {}, handlers: { 'sns:publish': async () => 1 } });
  expect(startIt).toThrow(
    new InvalidDefinition([{ path: '/States/A/Resource', message: "there is no handler 'lambda:invoke'" }]),
  );
});

test('whatever JSON is given as a definition, only InvalidDefinition is thrown', () => {
  const name = fc.constantFrom(
    'A',
    'B',
    'Type',
    'Next',
    'States',
    'StartAt',
    'Choices',
    'Branches',
    'Retry',
    'Catch',
    'ItemProcessor',
  );
  const value = fc.constantFrom<unknown>(
    'A',
    'Pass',
    'Task',
    'Choice',
    'Map',
    'Parallel',
    'Wait',
    true,
    1,
    null,
    '$.a',
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
      expect(() => problemsOf({ StartAt: 'A', States: states })).not.toThrow();
    }),
  );
});
