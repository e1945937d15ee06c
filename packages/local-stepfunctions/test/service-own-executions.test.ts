import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  RedriveExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { createMemoryJournal, readJournal, TaskError } from '../src/index.ts';
import { single, TASK } from './run-machine.ts';
import { createMachine, ended, serve, startNamed } from './states-client.ts';

const definition = single({ ...TASK, End: true });
const arn = 'arn:aws:states:local:000000000000:execution:machine:one';
const theirs = { 'lambda:invoke': async () => ({ by: 'the service' }) };
const own = { name: 'one', stateMachineName: 'machine', input: { n: 1 } };

test('an execution runs with its own handlers, and whoever asks the service sees it', async () => {
  const { service, client } = await serve({ handlers: theirs });
  const stateMachineArn = await createMachine(client, definition);
  const execution = service.startExecution({
    ...own,
    handlers: { 'lambda:invoke': async () => ({ by: 'its own' }) },
  });
  expect(await execution.result).toMatchObject({ status: 'SUCCEEDED', output: { by: 'its own' } });
  const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
  expect(executions?.map(({ name, status }) => [name, status])).toEqual([['one', 'SUCCEEDED']]);
  expect(await ended(client, await startNamed(client, stateMachineArn, 'two'))).toMatchObject({
    output: '{"by":"the service"}',
  });
});

test('its journal is that of who started it, and so is its redrive', async () => {
  const { service, client } = await serve({ handlers: theirs });
  await createMachine(client, definition);
  const journal = createMemoryJournal();
  const handlers = {
    'lambda:invoke': async () => {
      throw new TaskError('Broken', 'not yet');
    },
  };
  await service.startExecution({ ...own, handlers, journal }).result;
  expect(await readJournal(journal)).toMatchObject({ status: 'FAILED' });
  expect(await client.send(new DescribeExecutionCommand({ executionArn: arn }))).toMatchObject({
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: 'Who started the execution keeps its journal and redrives it',
  });
  await expect(client.send(new RedriveExecutionCommand({ executionArn: arn }))).rejects.toThrow(
    'Execution Not Redrivable',
  );
});

test('its name is free again when it has ended, and not before', async () => {
  const { service, client } = await serve({ handlers: theirs });
  await createMachine(client, definition);
  const running = Promise.withResolvers<object>();
  const first = service.startExecution({
    ...own,
    handlers: { 'lambda:invoke': async () => running.promise },
  });
  expect(() => service.startExecution({ ...own, handlers: theirs })).toThrow('Execution Already Exists');
  running.resolve({ by: 'the first' });
  expect(await first.result).toMatchObject({ output: { by: 'the first' } });
  expect(await service.startExecution({ ...own, handlers: theirs }).result).toMatchObject({
    output: { by: 'the service' },
  });
});
