import { request } from 'node:http';
import {
  DescribeExecutionCommand,
  ListStateMachinesCommand,
  StartSyncExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import type { TaskRun } from '../src/index.ts';
import { single, TASK } from './run-machine.ts';
import { clientOf, createMachine, serve, startNamed } from './states-client.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: unknown;
}

/** A request as no SDK makes it. */
function send(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = '{}',
  method = 'POST',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${endpoint}/`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: JSON.parse(Buffer.concat(chunks).toString()),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const LIST = { 'x-amz-target': 'AWSStepFunctions.ListStateMachines' };

test('the service listens on the loopback interface and speaks JSON 1.0', async () => {
  const { service } = await serve();
  expect(service.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const answer = await send(service.endpoint, LIST);
  expect(answer).toMatchObject({ status: 200, body: { stateMachines: [] } });
  expect(answer.headers['content-type']).toBe('application/x-amz-json-1.0');
});

test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '10.0.0.1'])(
  'a request for the host %j is refused',
  async (host) => {
    const { service } = await serve();
    expect(await send(service.endpoint, { ...LIST, host })).toMatchObject({
      status: 403,
      body: { __type: 'AccessDeniedException' },
    });
  },
);

test.each(['localhost:1', '127.0.0.1', 'sync-localhost:8083', 'SYNC-127.0.0.1'])(
  'a request for the host %j is for this machine',
  async (host) => {
    const { service } = await serve();
    expect(await send(service.endpoint, { ...LIST, host })).toMatchObject({ status: 200 });
  },
);

test.each([
  ['another action', { 'x-amz-target': 'AWSStepFunctions.GetActivityTask' }, 'POST'],
  ['a member of every object', { 'x-amz-target': 'AWSStepFunctions.constructor' }, 'POST'],
  ['another service', { 'x-amz-target': 'DynamoDB_20120810.ListTables' }, 'POST'],
  ['no target', {}, 'POST'],
  ['another method', LIST, 'PUT'],
])('%s is an unknown operation', async (_, headers, method) => {
  const { service } = await serve();
  expect(await send(service.endpoint, headers, '{}', method)).toMatchObject({
    status: 400,
    body: { __type: 'UnknownOperationException' },
  });
});

test('a body of 2 MB is refused, and the service goes on', async () => {
  const { service, client } = await serve();
  expect(await send(service.endpoint, LIST, Buffer.alloc(2_000_000, 'x'))).toMatchObject({
    status: 413,
    body: { __type: 'RequestEntityTooLargeException' },
  });
  expect(await client.send(new ListStateMachinesCommand({}))).toMatchObject({ stateMachines: [] });
});

test.each([
  ['no JSON', '{', 'SerializationException'],
  ['no object', '[]', 'ValidationException'],
  ['a member of another type', '{"maxResults":"many"}', 'ValidationException'],
])('a body that is %s is refused', async (_, body, type) => {
  const { service } = await serve();
  expect(await send(service.endpoint, LIST, body)).toMatchObject({ status: 400, body: { __type: type } });
});

test('a member that is null counts as absent', async () => {
  const { service } = await serve();
  expect(await send(service.endpoint, LIST, '{"nextToken":null}')).toMatchObject({ status: 200 });
});

test('a service that is stopped ends what runs, answers who waits and closes its port', async () => {
  const tasks: TaskRun[] = [];
  const reached = Promise.withResolvers<void>();
  const { service, client } = await serve({
    handlers: {
      'lambda:invoke': (_, task) => {
        tasks.push(task);
        if (tasks.length === 2) reached.resolve();
        return new Promise(() => {});
      },
    },
  });
  const definition = single({ ...TASK, End: true });
  const standard = await createMachine(client, definition, { name: 'standard' });
  const express = await createMachine(client, definition, { name: 'express', type: 'EXPRESS' });
  const executionArn = await startNamed(client, standard, 'one');
  const waiting = client.send(new StartSyncExecutionCommand({ stateMachineArn: express }));
  await reached.promise;
  await Promise.all([service.stop(), expect(waiting).resolves.toMatchObject({ status: 'FAILED' })]);
  expect(tasks.map((task) => task.signal.aborted)).toEqual([true, true]);
  await expect(
    clientOf(service.endpoint).send(new DescribeExecutionCommand({ executionArn })),
  ).rejects.toThrow('ECONNREFUSED');
});

test('a request that never ends does not keep a service from stopping', async () => {
  const { service } = await serve();
  const sent = request(service.endpoint, { method: 'POST', headers: { ...LIST, 'content-length': '100' } });
  const cutOff = new Promise<Error>((resolve) => sent.on('error', resolve));
  await new Promise<void>((resolve) => sent.write('{', () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await service.stop();
  expect(await cutOff).toMatchObject({ code: 'ECONNRESET' });
});

test('a port that is taken is an error', async () => {
  const { service } = await serve();
  await expect(serve({ port: Number(new URL(service.endpoint).port) })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});
