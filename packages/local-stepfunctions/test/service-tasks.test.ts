import {
  GetExecutionHistoryCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import type { TaskHandlers, TaskRun } from '../src/index.ts';
import { single } from './run-machine.ts';
import { createMachine, ended, serve, startNamed } from './states-client.ts';

const QUEUE = 'arn:aws:states:::sqs:sendMessage.waitForTaskToken';
const ASK = { Type: 'Task', Resource: QUEUE, Parameters: { 'token.$': '$$.Task.Token' } };

/** A service whose queue hands its messages to the test. */
async function withQueue(key = 'sqs:sendMessage.waitForTaskToken') {
  const messages: string[] = [];
  const readers: ((token: string) => void)[] = [];
  const receive = () =>
    new Promise<string>((resolve) => {
      const message = messages.shift();
      if (message === undefined) readers.push(resolve);
      else resolve(message);
    });
  const handlers: TaskHandlers = {
    [key]: async (input) => {
      const { token } = JSON.parse(JSON.stringify(input));
      const reader = readers.shift();
      if (reader === undefined) messages.push(token);
      else reader(token);
      return { MessageId: 'm1' };
    },
  };
  const { client } = await serve({ handlers });
  return { client, receive };
}

async function asked(client: SFNClient, state: object): Promise<string> {
  return startNamed(client, await createMachine(client, single(state)), 'one');
}

test.each(['sqs:sendMessage.waitForTaskToken', 'sqs:sendMessage'])(
  'the handler %s hands the token over, and the task ends with what is sent',
  async (key) => {
    const { client, receive } = await withQueue(key);
    const executionArn = await asked(client, { ...ASK, End: true });
    const taskToken = await receive();
    await client.send(new SendTaskSuccessCommand({ taskToken, output: '{"approved":true}' }));
    expect(await ended(client, executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"approved":true}',
    });
  },
);

test('a failure that is sent fails the state, and a second try has another token', async () => {
  const { client, receive } = await withQueue();
  const retry = [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 1 }];
  const executionArn = await asked(client, { ...ASK, Retry: retry, End: true });
  const first = await receive();
  await client.send(new SendTaskFailureCommand({ taskToken: first, error: 'Busy', cause: 'later' }));
  const second = await receive();
  expect(second).not.toBe(first);
  await client.send(new SendTaskFailureCommand({ taskToken: second, error: 'Refused', cause: 'no' }));
  expect(await ended(client, executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'Refused',
    cause: 'no',
  });
});

test('a failure without error fails the state without one', async () => {
  const { client, receive } = await withQueue();
  const executionArn = await asked(client, { ...ASK, End: true });
  await client.send(new SendTaskFailureCommand({ taskToken: await receive() }));
  const description = await ended(client, executionArn);
  expect(description).toMatchObject({ status: 'FAILED' });
  expect(description.error).toBeUndefined();
});

test('heartbeats keep a task alive that would have timed out', async () => {
  const { client, receive } = await withQueue();
  const executionArn = await asked(client, { ...ASK, HeartbeatSeconds: 1, End: true });
  const taskToken = await receive();
  for (let beat = 0; beat < 3; beat += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await client.send(new SendTaskHeartbeatCommand({ taskToken }));
  }
  await client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
  expect(await ended(client, executionArn)).toMatchObject({ status: 'SUCCEEDED' });
});

test('a task whose heartbeats end times out, and its token is worth nothing more', async () => {
  const { client, receive } = await withQueue();
  const executionArn = await asked(client, { ...ASK, HeartbeatSeconds: 1, End: true });
  const taskToken = await receive();
  expect(await ended(client, executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  const requests = [
    client.send(new SendTaskSuccessCommand({ taskToken, output: '1' })),
    client.send(new SendTaskFailureCommand({ taskToken })),
    client.send(new SendTaskHeartbeatCommand({ taskToken })),
  ];
  for (const request of requests) await expect(request).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('an outcome counts once', async () => {
  const { client, receive } = await withQueue();
  await asked(client, { ...ASK, End: true });
  const taskToken = await receive();
  await client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
  await expect(client.send(new SendTaskFailureCommand({ taskToken }))).rejects.toMatchObject({
    name: 'TaskTimedOut',
  });
});

test('a token that was never given is refused', async () => {
  const { client } = await withQueue();
  await expect(
    client.send(new SendTaskSuccessCommand({ taskToken: 'made-up', output: '1' })),
  ).rejects.toMatchObject({ name: 'InvalidToken' });
});

test('an output that is no JSON is refused, and the task goes on', async () => {
  const { client, receive } = await withQueue();
  const executionArn = await asked(client, { ...ASK, End: true });
  const taskToken = await receive();
  await expect(client.send(new SendTaskSuccessCommand({ taskToken, output: 'yes' }))).rejects.toMatchObject({
    name: 'InvalidOutput',
  });
  await client.send(new SendTaskSuccessCommand({ taskToken, output: '"yes"' }));
  expect(await ended(client, executionArn)).toMatchObject({ output: '"yes"' });
});

test('a token that could not be handed over fails the task and is closed', async () => {
  const tasks: TaskRun[] = [];
  const { client } = await serve({
    handlers: {
      'sqs:sendMessage': async (_, task) => {
        tasks.push(task);
        throw new Error('no such queue');
      },
    },
  });
  const executionArn = await asked(client, { ...ASK, End: true });
  expect(await ended(client, executionArn)).toMatchObject({ status: 'FAILED', cause: 'no such queue' });
  const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  const scheduled = events.find(({ type }) => type === 'TaskScheduled')?.taskScheduledEventDetails;
  const { token } = JSON.parse(scheduled?.parameters ?? '{}');
  await expect(
    client.send(new SendTaskSuccessCommand({ taskToken: token, output: '1' })),
  ).rejects.toMatchObject({ name: 'TaskTimedOut' });
});
