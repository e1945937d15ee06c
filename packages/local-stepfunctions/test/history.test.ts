import { describe, expect, test } from '@jest/globals';
import { type HistoryEvent, TaskError, type TaskHandler } from '../src/index.ts';
import { lines, single, start, TASK } from './run-machine.ts';

const details = (event: HistoryEvent | undefined) => {
  const { id, previousEventId, timestamp, type, ...rest } = event ?? { id: 0 };
  return rest;
};

test('a run of a task has the events, details and texts that AWS gives', async () => {
  const execution = start(
    single({
      Type: 'Task',
      Resource: 'arn:aws:states:::glue:startJobRun.sync',
      Parameters: { JobName: 'etl', 'Arguments.$': '$' },
      TimeoutSeconds: 600,
      HeartbeatSeconds: 60,
      ResultPath: '$.job',
      End: true,
    }),
    { input: { a: 1 }, handlers: { 'glue:startJobRun.sync': async () => ({ State: 'SUCCEEDED' }) } },
  );
  await execution.result;
  const history = execution.history();
  expect(lines(history)).toEqual([
    '1 < 0 ExecutionStarted',
    '2 < 0 TaskStateEntered',
    '3 < 2 TaskScheduled',
    '4 < 3 TaskStarted',
    '5 < 4 TaskSucceeded',
    '6 < 5 TaskStateExited',
    '7 < 6 ExecutionSucceeded',
  ]);
  const glue = { resourceType: 'glue', resource: 'startJobRun.sync' };
  const output = '{"a":1,"job":{"State":"SUCCEEDED"}}';
  expect(history.map(details)).toEqual([
    {
      executionStartedEventDetails: {
        input: '{"a":1}',
        inputDetails: { truncated: false },
        roleArn: 'arn:aws:iam::000000000000:role/local-stepfunctions',
      },
    },
    { stateEnteredEventDetails: { name: 'Only', input: '{"a":1}', inputDetails: { truncated: false } } },
    {
      taskScheduledEventDetails: {
        ...glue,
        region: 'local',
        parameters: '{"JobName":"etl","Arguments":{"a":1}}',
        timeoutInSeconds: 600,
        heartbeatInSeconds: 60,
      },
    },
    { taskStartedEventDetails: glue },
    {
      taskSucceededEventDetails: {
        ...glue,
        output: '{"State":"SUCCEEDED"}',
        outputDetails: { truncated: false },
      },
    },
    { stateExitedEventDetails: { name: 'Only', output, outputDetails: { truncated: false } } },
    { executionSucceededEventDetails: { output, outputDetails: { truncated: false } } },
  ]);
  expect(history.every((event) => event.timestamp.getTime() === 0)).toBe(true);
});

test.each([
  ['arn:aws:states:::aws-sdk:glue:startCrawler', 'aws-sdk:glue:startCrawler', 'aws-sdk:glue', 'startCrawler'],
  ['arn:aws-cn:states:::sns:publish', 'sns:publish', 'sns', 'publish'],
])('%s is done by the handler %s', async (arn, key, resourceType, resource) => {
  const seen: string[] = [];
  const execution = start(single({ Type: 'Task', Resource: arn, End: true }), {
    handlers: { [key]: async (_input, task) => void seen.push(task.resource, task.stateName) },
  });
  expect(await execution.result).toMatchObject({ status: 'SUCCEEDED', output: null });
  expect(seen).toEqual([arn, 'Only']);
  expect(details(execution.history()[3])).toEqual({ taskStartedEventDetails: { resourceType, resource } });
});

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html: a function or an activity
// that is called by its own ARN has events of its own.
describe.each([
  {
    kind: 'LambdaFunction',
    member: 'lambdaFunction',
    resource: 'arn:aws:lambda:eu-west-1:123456789012:function:score:live',
    scheduled: {},
  },
  {
    kind: 'Activity',
    member: 'activity',
    resource: 'arn:aws:states:eu-west-1:123456789012:activity:approve',
    scheduled: { heartbeatInSeconds: 20 },
  },
])('a task of $resource', ({ kind, member, resource, scheduled }) => {
  const state = { Type: 'Task', Resource: resource, TimeoutSeconds: 60, HeartbeatSeconds: 20, End: true };

  /** The events of the task itself, by their types. */
  async function eventsOf(handler: TaskHandler) {
    const execution = start(single(state), { input: { a: 1 }, handlers: { [resource]: handler } });
    await execution.result;
    return execution
      .history()
      .slice(2, 5)
      .map((event) => [event.type, details(event)]);
  }
  const begun = [
    [
      `${kind}Scheduled`,
      {
        [`${member}ScheduledEventDetails`]: {
          resource,
          input: '{"a":1}',
          inputDetails: { truncated: false },
          timeoutInSeconds: 60,
          ...scheduled,
        },
      },
    ],
    [`${kind}Started`, kind === 'Activity' ? { activityStartedEventDetails: {} } : {}],
  ];

  test('that succeeds', async () => {
    expect(await eventsOf(async () => 'done')).toEqual([
      ...begun,
      [
        `${kind}Succeeded`,
        { [`${member}SucceededEventDetails`]: { output: '"done"', outputDetails: { truncated: false } } },
      ],
    ]);
  });

  test('that fails', async () => {
    const fail = async () => {
      throw new TaskError('Bad', 'no');
    };
    expect(await eventsOf(fail)).toEqual([
      ...begun,
      [`${kind}Failed`, { [`${member}FailedEventDetails`]: { error: 'Bad', cause: 'no' } }],
    ]);
  });

  test('that times out', async () => {
    expect(await eventsOf(() => new Promise(() => {}))).toEqual([
      ...begun,
      [`${kind}TimedOut`, { [`${member}TimedOutEventDetails`]: { error: 'States.Timeout' } }],
    ]);
  });

  test('whose result is too large is named by its ARN', async () => {
    const result = await start(single(state), { handlers: { [resource]: async () => 'x'.repeat(262_144) } })
      .result;
    expect(result).toMatchObject({
      error: 'States.DataLimitExceeded',
      cause: `The state/task '${resource}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    });
  });
});

test('a task that is tried again is scheduled again, but entered once', async () => {
  let attempts = 0;
  const handler = async () => {
    attempts += 1;
    if (attempts === 1) throw new TaskError('Flaky', 'once');
  };
  const execution = start(single({ ...TASK, Retry: [{ ErrorEquals: ['Flaky'] }], End: true }), {
    handlers: { 'lambda:invoke': handler },
  });
  await execution.result;
  const history = execution.history();
  expect(lines(history).slice(1, -2)).toEqual([
    '2 < 0 TaskStateEntered',
    '3 < 2 TaskScheduled',
    '4 < 3 TaskStarted',
    '5 < 4 TaskFailed',
    '6 < 5 TaskScheduled',
    '7 < 6 TaskStarted',
    '8 < 7 TaskSucceeded',
  ]);
  expect(history.map((event) => event.timestamp.getTime())).toEqual([
    0, 0, 0, 0, 0, 1000, 1000, 1000, 1000, 1000,
  ]);
  expect(details(history[4])).toEqual({
    taskFailedEventDetails: { resourceType: 'lambda', resource: 'invoke', error: 'Flaky', cause: 'once' },
  });
});

test('choices, waits and the end have their events', async () => {
  const execution = start({
    StartAt: 'Choose',
    States: {
      Choose: { Type: 'Choice', Choices: [{ Variable: '$', IsPresent: true, Next: 'Pause' }] },
      Pause: { Type: 'Wait', Seconds: 1, Next: 'Done' },
      Done: { Type: 'Succeed' },
    },
  });
  await execution.result;
  expect(lines(execution.history())).toEqual([
    '1 < 0 ExecutionStarted',
    '2 < 0 ChoiceStateEntered',
    '3 < 2 ChoiceStateExited',
    '4 < 3 WaitStateEntered',
    '5 < 4 WaitStateExited',
    '6 < 5 SucceedStateEntered',
    '7 < 6 SucceedStateExited',
    '8 < 7 ExecutionSucceeded',
  ]);
});

test('a Map runs items side by side, each in its own line of events', async () => {
  const execution = start(
    single({
      Type: 'Map',
      ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } },
      End: true,
    }),
    { input: [1, 2] },
  );
  await execution.result;
  const history = execution.history();
  expect(lines(history).slice(1, 5)).toEqual([
    '2 < 0 MapStateEntered',
    '3 < 2 MapStateStarted',
    '4 < 3 MapIterationStarted',
    '5 < 3 MapIterationStarted',
  ]);
  expect(lines(history).slice(-5)).toEqual([
    '10 < 8 MapIterationSucceeded',
    '11 < 9 MapIterationSucceeded',
    '12 < 11 MapStateSucceeded',
    '13 < 11 MapStateExited',
    '14 < 13 ExecutionSucceeded',
  ]);
  expect(details(history[2])).toEqual({ mapStateStartedEventDetails: { length: 2 } });
  expect(details(history[4])).toEqual({ mapIterationStartedEventDetails: { name: 'Only', index: 1 } });
});

test('a Map one at a time starts the next item after the last event of the one before', async () => {
  const execution = start(
    single({
      Type: 'Map',
      MaxConcurrency: 1,
      ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } },
      End: true,
    }),
    { input: [1, 2] },
  );
  await execution.result;
  expect(lines(execution.history()).slice(2)).toEqual([
    '3 < 2 MapStateStarted',
    '4 < 3 MapIterationStarted',
    '5 < 4 PassStateEntered',
    '6 < 5 PassStateExited',
    '7 < 6 MapIterationSucceeded',
    '8 < 6 MapIterationStarted',
    '9 < 8 PassStateEntered',
    '10 < 9 PassStateExited',
    '11 < 10 MapIterationSucceeded',
    '12 < 11 MapStateSucceeded',
    '13 < 11 MapStateExited',
    '14 < 13 ExecutionSucceeded',
  ]);
});

test('onEvent is called with each event in order, as it is recorded', async () => {
  const seen: HistoryEvent[] = [];
  const execution = start(single({ Type: 'Wait', Seconds: 1, End: true }), {
    onEvent: (event) => seen.push(event),
  });
  expect(seen).toEqual([]);
  await execution.result;
  expect(seen).toEqual(execution.history());
});

test('an onEvent that throws stops the execution there and rejects the result, at whichever event', async () => {
  const machine = {
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'A', States: { A: { ...TASK, Retry: [{ ErrorEquals: ['States.ALL'] }], End: true } } },
          { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 5, End: true } } },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'End' }],
        Next: 'End',
      },
      End: { Type: 'Succeed' },
    },
  };
  const handlers = { 'lambda:invoke': async () => 1 };
  const whole = start(machine, { handlers });
  await whole.result;
  for (const { id } of whole.history()) {
    const crash = new Error(`killed at ${id}`);
    const execution = start(machine, {
      handlers,
      onEvent: (event) => {
        if (event.id === id) throw crash;
      },
    });
    await expect(execution.result).rejects.toBe(crash);
    expect(execution.history()).toHaveLength(id);
  }
});

test('an execution that would go on for ever ends with its 25,000th event', async () => {
  const execution = start({
    StartAt: 'A',
    States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } },
  });
  expect(await execution.result).toMatchObject({
    status: 'FAILED',
    error: 'States.Runtime',
    cause: expect.stringContaining('maximum number of history events (25000)'),
  });
  expect(execution.history()).toHaveLength(25_000);
});

test('a Map whose iterations would go on for ever ends there too', async () => {
  const processor = {
    StartAt: 'A',
    States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } },
  };
  const execution = start(single({ Type: 'Map', ItemProcessor: processor, End: true }), { input: [1, 2] });
  expect(await execution.result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  expect(execution.history().at(-1)?.type).toBe('ExecutionFailed');
  expect(execution.history()).toHaveLength(25_000);
});
