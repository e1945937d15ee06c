import { describe, expect, test } from '@jest/globals';
import type { Json } from '../src/index.ts';
import { outputOf, problemsOf, run, single, TASK } from './run-machine.ts';

/** The output of a Task that returns its effective input under `got`, with more fields. */
function taskOutput(fields: object, input: Json, result?: Json): Promise<Json> {
  const handler = async (effective: Json) => result ?? { got: effective };
  return outputOf(single({ ...TASK, ...fields, End: true }), {
    input,
    handlers: { 'lambda:invoke': handler },
  });
}

test('without any field a state works on its input and puts out its result', async () => {
  expect(await taskOutput({}, { a: 1 })).toEqual({ got: { a: 1 } });
});

test('the fields apply in order: InputPath, Parameters, ResultSelector, ResultPath, OutputPath', async () => {
  const output = await taskOutput(
    {
      InputPath: '$.order',
      Parameters: { 'id.$': '$.id', fixed: { list: [1, { 'again.$': '$.id' }] } },
      ResultSelector: { 'echo.$': '$.got.fixed.list[1].again' },
      ResultPath: '$.result.deep',
      OutputPath: '$.result',
    },
    { order: { id: 7 } },
  );
  expect(output).toEqual({ deep: { echo: 7 } });
});

describe('null', () => {
  test('as InputPath gives an empty object', async () => {
    expect(await taskOutput({ InputPath: null }, { a: 1 })).toEqual({ got: {} });
  });

  test('as ResultPath drops the result', async () => {
    expect(await taskOutput({ ResultPath: null }, { a: 1 })).toEqual({ a: 1 });
  });

  test('as OutputPath gives an empty object', async () => {
    expect(await taskOutput({ OutputPath: null }, { a: 1 })).toEqual({});
  });
});

describe('ResultPath', () => {
  test('keeps the rest of the input as it is', async () => {
    const input = { keep: { deep: [1] }, slot: 'old' };
    expect(await taskOutput({ ResultPath: '$.slot' }, input, 'new')).toEqual({
      keep: { deep: [1] },
      slot: 'new',
    });
    expect(input).toEqual({ keep: { deep: [1] }, slot: 'old' });
  });

  test('makes objects on the way', async () => {
    expect(await taskOutput({ ResultPath: "$.a['b c'].d" }, { x: 1 }, 1)).toEqual({
      x: 1,
      a: { 'b c': { d: 1 } },
    });
  });

  test('replaces an element that exists', async () => {
    expect(await taskOutput({ ResultPath: '$.list[1]' }, { list: [1, 2, 3] }, 'x')).toEqual({
      list: [1, 'x', 3],
    });
  });

  test.each<[string, Json]>([
    ['$.a', 'text'],
    ['$.a.b', { a: 1 }],
    ['$.a.b', { a: null }],
    ['$.a[0]', {}],
    ['$.a[2]', { a: [1, 2] }],
    ['$.a', [1]],
  ])('%s on %j fails as States.ResultPathMatchFailure', async (path, input) => {
    const result = await run(single({ ...TASK, ResultPath: path, End: true }), {
      input,
      handlers: { 'lambda:invoke': async () => 1 },
    });
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'States.ResultPathMatchFailure',
      cause: expect.stringContaining(
        `Unable to apply ReferencePath ${path} to input ${JSON.stringify(input)}`,
      ),
    });
  });

  test.each(['$.a[*]', '$..a', '$.a[-1]', '$.a[0,1]', '$.a[?(@.b)]', "$['a','b']"])(
    'may not be %s',
    (path) => {
      expect(problemsOf(single({ ...TASK, ResultPath: path, End: true })).join()).toContain(
        'is not a reference path',
      );
    },
  );
});

describe('a Pass state', () => {
  test('puts out its Result as it is written, paths and all', async () => {
    const result = { 'a.$': '$.x', b: '$$' };
    expect(await outputOf(single({ Type: 'Pass', Result: result, End: true }))).toEqual(result);
  });

  test('puts out a null Result', async () => {
    expect(await outputOf(single({ Type: 'Pass', Result: null, ResultPath: '$.n', End: true }))).toEqual({
      n: null,
    });
  });

  test('puts out its Parameters', async () => {
    const pass = { Type: 'Pass', Parameters: { 'b.$': '$.a' }, ResultPath: '$.r', End: true };
    expect(await outputOf(single(pass), { input: { a: 1 } })).toEqual({ a: 1, r: { b: 1 } });
  });
});

test('a Succeed state applies InputPath and OutputPath', async () => {
  const succeed = { Type: 'Succeed', InputPath: '$.a', OutputPath: '$.b' };
  expect(await outputOf(single(succeed), { input: { a: { b: 1 } } })).toBe(1);
});

describe('a Fail state', () => {
  test.each<[string, object, object]>([
    ['fixed texts', { Error: 'Broken', Cause: 'because' }, { error: 'Broken', cause: 'because' }],
    ['paths', { ErrorPath: '$.e', CausePath: '$.c' }, { error: 'E', cause: 'C' }],
    ['the context object', { ErrorPath: '$$.State.Name' }, { error: 'Only' }],
    [
      'an intrinsic function',
      { Error: 'X', CausePath: "States.Format('{}!', $.c)" },
      { error: 'X', cause: 'C!' },
    ],
    ['"A Fail without Error reports none": no name', {}, {}],
  ])('fails the execution with %s', async (_what, fields, expected) => {
    const result = await run(single({ Type: 'Fail', ...fields }), { input: { e: 'E', c: 'C' } });
    expect(result).toEqual({ status: 'FAILED', ...expected, startDate: new Date(0), stopDate: new Date(0) });
  });

  test('whose ErrorPath finds no text is States.Runtime', async () => {
    expect(await run(single({ Type: 'Fail', ErrorPath: '$.e' }), { input: { e: 5 } })).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringContaining('The ErrorPath field must refer to a string, not 5'),
    });
  });

  test('whose ErrorPath finds nothing is States.Runtime', async () => {
    expect(await run(single({ Type: 'Fail', ErrorPath: '$.ErrorX' }))).toMatchObject({
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'Only' (entered at the event id #2). " +
        "The JSONPath '$.ErrorX' specified for the field 'ErrorPath' could not be found in the input '{}'",
    });
  });
});

describe('the context object', () => {
  test('tells of the execution, the state machine and the state', async () => {
    const output = await outputOf(single({ Type: 'Pass', InputPath: '$$', End: true }), {
      name: 'run-7',
      input: { a: 1 },
      stateMachineName: 'etl',
    });
    expect(output).toEqual({
      Execution: {
        Id: 'arn:aws:states:local:000000000000:execution:etl:run-7',
        Input: { a: 1 },
        Name: 'run-7',
        RoleArn: 'arn:aws:iam::000000000000:role/local-stepfunctions',
        StartTime: '1970-01-01T00:00:00Z',
        RedriveCount: 0,
      },
      StateMachine: { Id: 'arn:aws:states:local:000000000000:stateMachine:etl', Name: 'etl' },
      State: { Name: 'Only', EnteredTime: '1970-01-01T00:00:00Z' },
    });
  });

  test('has a task token for resources that wait for one', async () => {
    const wait = {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: { 'token.$': '$$.Task.Token' },
      End: true,
    };
    const output = await outputOf(single(wait), {
      handlers: {
        'sqs:sendMessage.waitForTaskToken': async (input, task) => [input, task.context.Task],
      },
    });
    expect(output).toEqual([{ token: expect.any(String) }, { Token: expect.any(String) }]);
    const tokens = JSON.stringify(output).match(/[0-9a-f]{8}-[0-9a-f-]{27}/g);
    expect(new Set(tokens).size).toBe(1);
  });
});

test('keys that mean something to JavaScript pass through every field unharmed', async () => {
  const input: Json = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}');
  const output = await taskOutput(
    {
      Parameters: JSON.parse('{"__proto__": {"a.$": "$.__proto__.polluted"}, "toString.$": "$.constructor"}'),
      ResultPath: '$.__proto__.result',
    },
    input,
  );
  expect(JSON.stringify(output)).toBe(
    '{"__proto__":{"polluted":true,"result":{"got":{"__proto__":{"a":true},"toString":{"prototype":1}}}},"constructor":{"prototype":1}}',
  );
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('a state may be named like a property of every object', async () => {
  const machine = JSON.parse(
    '{"StartAt":"__proto__","States":{"__proto__":{"Type":"Pass","Next":"toString"},"toString":{"Type":"Succeed"}}}',
  );
  expect(await outputOf(machine, { input: 1 })).toBe(1);
});
