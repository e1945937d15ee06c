import { TestStateCommand, type TestStateInput } from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import { createVirtualClock, TaskError, type TaskHandlers } from '../src/index.ts';
import { TASK } from './run-machine.ts';
import { serve } from './states-client.ts';

type Request = Omit<TestStateInput, 'definition'>;

async function tested(state: object, request: Request = {}, handlers: TaskHandlers = {}) {
  const { client } = await serve({ handlers, clock: createVirtualClock() });
  const { $metadata, ...answer } = await client.send(
    new TestStateCommand({ definition: JSON.stringify(state), ...request }),
  );
  return answer;
}

const failing = { 'lambda:invoke': async () => Promise.reject(new TaskError('Busy', 'later')) };
const WORK = { ...TASK, Next: 'After' };

describe('a state that is tested alone', () => {
  test('gives its output and where it leads', async () => {
    expect(
      await tested(
        { Type: 'Pass', Result: { b: 2 }, ResultPath: '$.r', Next: 'After' },
        { input: '{"a":1}' },
      ),
    ).toEqual({ status: 'SUCCEEDED', output: '{"a":1,"r":{"b":2}}', nextState: 'After' });
  });

  test('has no next state at the end', async () => {
    expect(await tested({ Type: 'Succeed' }, { input: '1' })).toEqual({ status: 'SUCCEEDED', output: '1' });
  });

  test('may lead to itself', async () => {
    const definition = { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'A' } } };
    expect(await tested(definition, { stateName: 'A' })).toMatchObject({ nextState: 'A' });
  });

  test.each([
    ['{"n":5}', 'Large'],
    ['{"n":1}', 'Small'],
  ])('chooses for %s the state %s', async (input, nextState) => {
    const choice = {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericGreaterThan: 3, Next: 'Large' }],
      Default: 'Small',
    };
    expect(await tested(choice, { input })).toMatchObject({ status: 'SUCCEEDED', nextState });
  });

  test('does its task with the handler of the service', async () => {
    const handlers = { 'lambda:invoke': async (input: unknown) => ({ Payload: input }) };
    expect(await tested(WORK, { input: '{"a":1}' }, handlers)).toEqual({
      status: 'SUCCEEDED',
      output: '{"Payload":{"a":1}}',
      nextState: 'After',
    });
  });

  test('that fails tells error and cause, and leads nowhere', async () => {
    expect(await tested(WORK, {}, failing)).toEqual({ status: 'FAILED', error: 'Busy', cause: 'later' });
    expect(await tested({ Type: 'Fail', Error: 'No', Cause: 'because' })).toEqual({
      status: 'FAILED',
      error: 'No',
      cause: 'because',
    });
  });

  test('that takes more than five minutes fails', async () => {
    expect(await tested({ Type: 'Wait', Seconds: 301, Next: 'After' })).toEqual({
      status: 'FAILED',
      error: 'States.Timeout',
    });
  });

  test('is found by its name in a machine, however deep', async () => {
    const inner = { StartAt: 'Inner', States: { Inner: { Type: 'Pass', Result: 7, End: true } } };
    const definition = {
      StartAt: 'Outer',
      States: {
        Outer: { Type: 'Parallel', Branches: [inner], Next: 'Each' },
        Each: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'Item', States: { Item: { Type: 'Pass', Result: 8, End: true } } },
          End: true,
        },
      },
    };
    expect(await tested(definition, { stateName: 'Inner' })).toMatchObject({ output: '7' });
    expect(await tested(definition, { stateName: 'Item' })).toMatchObject({ output: '8' });
    await expect(tested(definition, { stateName: 'Nobody' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('an error of a tested state', () => {
  const RETRY = [
    { ErrorEquals: ['Other'], MaxAttempts: 9 },
    { ErrorEquals: ['States.ALL'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 2, MaxDelaySeconds: 5 },
  ];
  const CATCH = [
    { ErrorEquals: ['Other'], Next: 'Wrong' },
    { ErrorEquals: ['Busy'], ResultPath: '$.error', Next: 'Rescue' },
  ];

  test.each([
    [0, 2],
    [1, 5],
  ])('would be retried after %i attempts, in %i seconds', async (retrierRetryCount, seconds) => {
    let calls = 0;
    const handlers = {
      'lambda:invoke': async () => {
        calls += 1;
        throw new TaskError('Busy', 'later');
      },
    };
    const request: Request = { stateConfiguration: { retrierRetryCount }, inspectionLevel: 'DEBUG' };
    expect(await tested({ ...WORK, Retry: RETRY, Catch: CATCH }, request, handlers)).toMatchObject({
      status: 'RETRIABLE',
      error: 'Busy',
      cause: 'later',
      inspectionData: { errorDetails: { retryIndex: 1, retryBackoffIntervalSeconds: seconds } },
    });
    expect(calls).toBe(1);
  });

  test('is caught when its retrier has no attempt left, by one call of the handler', async () => {
    let calls = 0;
    const handlers = {
      'lambda:invoke': async () => {
        calls += 1;
        throw new TaskError('Busy', 'later');
      },
    };
    const request: Request = {
      input: '{"a":1}',
      stateConfiguration: { retrierRetryCount: 2 },
      inspectionLevel: 'DEBUG',
    };
    expect(await tested({ ...WORK, Retry: RETRY, Catch: CATCH }, request, handlers)).toMatchObject({
      status: 'CAUGHT_ERROR',
      error: 'Busy',
      cause: 'later',
      nextState: 'Rescue',
      output: '{"a":1,"error":{"Error":"Busy","Cause":"later"}}',
      inspectionData: { errorDetails: { catchIndex: 1 } },
    });
    expect(calls).toBe(1);
  });

  test('that nothing takes fails', async () => {
    const state = { ...WORK, Retry: [RETRY[0]], Catch: [CATCH[0]] };
    expect(await tested(state, {}, failing)).toEqual({ status: 'FAILED', error: 'Busy', cause: 'later' });
  });

  test('may be that the task took too long', async () => {
    const handlers = { 'lambda:invoke': () => new Promise(() => {}) };
    const state = {
      ...WORK,
      TimeoutSeconds: 2,
      Retry: [{ ErrorEquals: ['Other'] }],
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }],
    };
    expect(await tested(state, {}, handlers)).toMatchObject({
      status: 'CAUGHT_ERROR',
      error: 'States.Timeout',
      nextState: 'Late',
    });
  });
});

describe('a mock', () => {
  test('takes the place of the task, which needs no handler then', async () => {
    expect(await tested(WORK, { mock: { result: '{"Payload":7}' } })).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"Payload":7}',
    });
  });

  test('may fail', async () => {
    const state = { ...WORK, Catch: [{ ErrorEquals: ['Busy'], Next: 'Rescue' }] };
    expect(await tested(state, { mock: { errorOutput: { error: 'Busy', cause: 'later' } } })).toMatchObject({
      status: 'CAUGHT_ERROR',
      nextState: 'Rescue',
      error: 'Busy',
      cause: 'later',
    });
  });

  test.each([
    [
      'Map',
      {
        Type: 'Map',
        ItemsPath: '$.items',
        ItemSelector: { 'x.$': '$$.Map.Item.Value' },
        MaxConcurrency: 3,
        ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } },
      },
    ],
    [
      'Parallel',
      { Type: 'Parallel', Branches: [{ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } }] },
    ],
    ['Task that waits', { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken' }],
    ['Task of a job', { Type: 'Task', Resource: 'arn:aws:states:::glue:startJobRun.sync' }],
    ['Task of an activity', { Type: 'Task', Resource: 'arn:aws:states:eu-west-1:123456789012:activity:ask' }],
  ])('is what a %s needs', async (_, state) => {
    const whole = { ...state, ResultPath: '$.r', Next: 'After' };
    const input = '{"items":[1,2]}';
    expect(await tested(whole, { input, mock: { result: '[3]' } })).toEqual({
      status: 'SUCCEEDED',
      output: '{"items":[1,2],"r":[3]}',
      nextState: 'After',
    });
    await expect(tested(whole, { input })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test.each<[string, object, Request]>([
    ['for a state without task', { Type: 'Pass', End: true }, { mock: { result: '1' } }],
    ['of both a result and an error', WORK, { mock: { result: '1', errorOutput: { error: 'E' } } }],
    ['of nothing', WORK, { mock: {} }],
    ['of no JSON', WORK, { mock: { result: '{' } }],
    ['with a context of its own', WORK, { mock: { result: '1' }, context: '{}' }],
  ])('%s is refused', async (_, state, request) => {
    await expect(tested(state, request)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

test('a definition with faults is refused with their places', async () => {
  await expect(tested({ Type: 'Pass', ResultPath: 7, Next: 'After' })).rejects.toMatchObject({
    name: 'InvalidDefinition',
    message: expect.stringContaining('/States/TestState/ResultPath'),
  });
});

test('an input that is no JSON is refused', async () => {
  await expect(tested({ Type: 'Succeed' }, { input: '{' })).rejects.toMatchObject({
    name: 'InvalidExecutionInput',
  });
});

test('a task without handler or mock is refused', async () => {
  await expect(tested(WORK)).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining("'lambda:invoke'"),
  });
});

describe('the inspection', () => {
  const state = {
    ...WORK,
    InputPath: '$.in',
    Parameters: { 'p.$': '$.a' },
    ResultSelector: { 's.$': '$.Payload' },
    ResultPath: '$.out',
    OutputPath: '$.out.s',
  };
  const input = '{"in":{"a":1}}';

  test.each(['DEBUG', 'TRACE'] as const)(
    'of level %s shows the data after each field',
    async (inspectionLevel) => {
      const handlers = { 'lambda:invoke': async () => ({ Payload: 7, Status: 200 }) };
      expect(await tested(state, { input, inspectionLevel }, handlers)).toEqual({
        status: 'SUCCEEDED',
        output: '7',
        nextState: 'After',
        inspectionData: {
          input,
          afterInputPath: '{"a":1}',
          afterParameters: '{"p":1}',
          result: '{"Payload":7,"Status":200}',
          afterResultSelector: '{"s":7}',
          afterResultPath: '{"in":{"a":1},"out":{"s":7}}',
        },
      });
    },
  );

  // https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html, "Example 2".
  test('of a Pass state is what the guide shows', async () => {
    const pass = {
      Type: 'Pass',
      InputPath: '$.payload',
      Parameters: { data: 1 },
      ResultPath: '$.result',
      OutputPath: '$.result.data',
      Next: 'Another State',
    };
    const given = { input: '{"payload": {"foo": "bar"}}', inspectionLevel: 'DEBUG' as const };
    expect(await tested(pass, given)).toEqual({
      output: '1',
      inspectionData: {
        input: '{"payload": {"foo": "bar"}}',
        afterInputPath: '{"foo":"bar"}',
        afterParameters: '{"data":1}',
        afterResultSelector: '{"data":1}',
        afterResultPath: '{"payload":{"foo":"bar"},"result":{"data":1}}',
      },
      nextState: 'Another State',
      status: 'SUCCEEDED',
    });
  });

  test('of a state that failed shows what there was', async () => {
    const answer = await tested(state, { input, inspectionLevel: 'DEBUG' }, failing);
    expect(answer.inspectionData).toEqual({
      input,
      afterInputPath: '{"a":1}',
      afterParameters: '{"p":1}',
    });
  });

  test('of level INFO, the default, is absent', async () => {
    expect(await tested({ Type: 'Succeed' }, { inspectionLevel: 'INFO' })).not.toHaveProperty(
      'inspectionData',
    );
  });

  test('of a JSONata state shows its arguments and variables', async () => {
    const jsonata = {
      ...TASK,
      QueryLanguage: 'JSONata',
      Arguments: { p: '{% $states.input.a + $offset %}' },
      Assign: { seen: '{% $states.result.Payload %}' },
      Output: '{% $states.result.Payload * 2 %}',
      Next: 'After',
    };
    const request: Request = { input: '{"a":1}', variables: '{"offset":10}', inspectionLevel: 'DEBUG' };
    const handlers = { 'lambda:invoke': async (input: unknown) => ({ Payload: 7, given: input }) };
    expect(await tested(jsonata, request, handlers)).toEqual({
      status: 'SUCCEEDED',
      output: '14',
      nextState: 'After',
      inspectionData: {
        input: '{"a":1}',
        afterArguments: '{"p":11}',
        result: '{"Payload":7,"given":{"p":11}}',
        variables: '{"offset":10,"seen":7}',
      },
    });
  });
});

describe('a JSONata state', () => {
  const CAUGHT = {
    ...TASK,
    QueryLanguage: 'JSONata',
    Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Cause %}', Next: 'Rescue' }],
    Next: 'After',
  };

  test('catches its error with an output of its own', async () => {
    expect(await tested(CAUGHT, {}, failing)).toMatchObject({
      status: 'CAUGHT_ERROR',
      error: 'Busy',
      cause: 'later',
      output: '"later"',
      nextState: 'Rescue',
    });
  });

  test('of a JSONata machine needs no language of its own', async () => {
    const definition = {
      QueryLanguage: 'JSONata',
      StartAt: 'A',
      States: { A: { Type: 'Pass', Output: '{% $states.input.a %}', End: true } },
    };
    expect(await tested(definition, { stateName: 'A', input: '{"a":5}' })).toMatchObject({ output: '5' });
  });
});

test('variables are seen by JSONPath states too', async () => {
  const state = { Type: 'Pass', Parameters: { 'v.$': '$threshold.low' }, Next: 'After' };
  expect(await tested(state, { variables: '{"threshold":{"low":3}}' })).toMatchObject({ output: '{"v":3}' });
  await expect(tested(state, { variables: '[]' })).rejects.toMatchObject({ name: 'ValidationException' });
});
