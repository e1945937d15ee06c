import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  type SFNClient,
  StopExecutionCommand,
  UpdateMapRunCommand,
} from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { TaskError, type TaskHandlers } from '../src/index.ts';
import { TASK } from './run-machine.ts';
import { createMachine, ended, serve, startNamed } from './states-client.ts';

const MISSING = 'arn:aws:states:local:000000000000:mapRun:machine/Each:none';

const each = (fields: object = {}, executionType = 'STANDARD') => ({
  StartAt: 'Each',
  States: {
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: executionType },
        StartAt: 'Work',
        States: { Work: { ...TASK, End: true } },
      },
      ...fields,
      End: true,
    },
  },
});

const oddFails: TaskHandlers = {
  'lambda:invoke': async (input) => {
    if (Number(input) % 2 === 1) throw new TaskError('Odd', `${input}`);
    return { even: input };
  },
};

async function started(client: SFNClient, definition: object, items: readonly number[]) {
  const stateMachineArn = await createMachine(client, definition);
  return startNamed(client, stateMachineArn, 'one', JSON.stringify({ items }));
}

async function mapRunOf(client: SFNClient, executionArn: string): Promise<string> {
  for (;;) {
    const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }));
    if (mapRuns[0]?.mapRunArn !== undefined) return mapRuns[0].mapRunArn;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a map run is listed and described with its counts', async () => {
  const { client } = await serve({ handlers: oddFails });
  const executionArn = await started(
    client,
    each({ ToleratedFailureCount: 2, MaxConcurrency: 3 }),
    [1, 2, 3, 4, 6],
  );
  const { stateMachineArn } = await ended(client, executionArn);
  const { mapRuns } = await client.send(new ListMapRunsCommand({ executionArn }));
  expect(mapRuns).toEqual([
    {
      executionArn,
      mapRunArn: expect.stringContaining(':mapRun:machine/'),
      stateMachineArn,
      startDate: expect.any(Date),
      stopDate: expect.any(Date),
    },
  ]);
  const mapRunArn = mapRuns?.[0]?.mapRunArn;
  expect(await client.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
    mapRunArn,
    executionArn,
    status: 'SUCCEEDED',
    startDate: expect.any(Date),
    stopDate: expect.any(Date),
    maxConcurrency: 3,
    toleratedFailureCount: 2,
    toleratedFailurePercentage: 0,
    itemCounts: { total: 5, succeeded: 3, failed: 2, pending: 0, running: 0 },
    executionCounts: { total: 5, succeeded: 3, failed: 2 },
    redriveCount: 0,
  });
});

test.each(['STANDARD', 'EXPRESS'])('the %s children of a map run are listed and described', async (type) => {
  const { client } = await serve({ handlers: oddFails });
  const executionArn = await started(client, each({ ToleratedFailureCount: 1 }, type), [1, 2]);
  await ended(client, executionArn);
  const mapRunArn = await mapRunOf(client, executionArn);
  const { executions = [] } = await client.send(new ListExecutionsCommand({ mapRunArn }));
  expect(executions).toHaveLength(2);
  expect(executions.every((execution) => execution.mapRunArn === mapRunArn)).toBe(true);
  const failed = await client.send(new ListExecutionsCommand({ mapRunArn, statusFilter: 'FAILED' }));
  expect(failed.executions).toHaveLength(1);
  const child = { executionArn: failed.executions?.[0]?.executionArn };
  expect(await client.send(new DescribeExecutionCommand(child))).toMatchObject({
    ...child,
    mapRunArn,
    status: 'FAILED',
    input: '1',
    error: 'Odd',
    cause: '1',
  });
});

test('a Standard child has a history and the machine of its parent', async () => {
  const { client } = await serve({ handlers: oddFails });
  const parent = await started(client, each(), [2]);
  await ended(client, parent);
  const mapRunArn = await mapRunOf(client, parent);
  const { executions = [] } = await client.send(new ListExecutionsCommand({ mapRunArn }));
  const executionArn = executions[0]?.executionArn;
  const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events?.map(({ type }) => type)).toEqual([
    'ExecutionStarted',
    'TaskStateEntered',
    'TaskScheduled',
    'TaskStarted',
    'TaskSucceeded',
    'TaskStateExited',
    'ExecutionSucceeded',
  ]);
  expect(await client.send(new DescribeStateMachineForExecutionCommand({ executionArn }))).toMatchObject({
    mapRunArn,
    stateMachineArn: expect.stringContaining(':stateMachine:machine/'),
  });
});

test('a running map run can be changed; one that has ended cannot', async () => {
  const open: (() => void)[] = [];
  const { client } = await serve({
    handlers: { 'lambda:invoke': () => new Promise<void>((resolve) => open.push(resolve)) },
  });
  const executionArn = await started(client, each({ MaxConcurrency: 1 }), [1, 2, 3]);
  const mapRunArn = await mapRunOf(client, executionArn);
  const changes = { maxConcurrency: 2, toleratedFailureCount: 1, toleratedFailurePercentage: 12.5 };
  await client.send(new UpdateMapRunCommand({ mapRunArn, ...changes }));
  expect(await client.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
    status: 'RUNNING',
    ...changes,
  });
  await client.send(new StopExecutionCommand({ executionArn }));
  expect(await client.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({ status: 'ABORTED' });
  await expect(client.send(new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 1 }))).rejects.toMatchObject({
    name: 'ValidationException',
    reason: 'CANNOT_UPDATE_COMPLETED_MAP_RUN',
  });
});

test('a map run that is not there is not found', async () => {
  const { client } = await serve();
  const requests = [
    client.send(new DescribeMapRunCommand({ mapRunArn: MISSING })),
    client.send(new UpdateMapRunCommand({ mapRunArn: MISSING })),
    client.send(new ListExecutionsCommand({ mapRunArn: MISSING })),
  ];
  for (const request of requests) await expect(request).rejects.toMatchObject({ name: 'ResourceNotFound' });
  await expect(client.send(new DescribeMapRunCommand({ mapRunArn: 'x' }))).rejects.toMatchObject({
    name: 'InvalidArn',
  });
});

test('of many children the latest are kept', async () => {
  const { client } = await serve({ handlers: oddFails, keepFinished: 3 });
  const executionArn = await started(client, each({ MaxConcurrency: 1 }), [0, 2, 4, 6, 8]);
  await ended(client, executionArn);
  const mapRunArn = await mapRunOf(client, executionArn);
  const { executions = [] } = await client.send(new ListExecutionsCommand({ mapRunArn }));
  expect(executions).toHaveLength(3);
});

test('a child can be stopped alone; to its Map Run it is aborted, which is no failure', async () => {
  const { client } = await serve({
    handlers: { 'lambda:invoke': (input) => (input === 2 ? new Promise(() => {}) : Promise.resolve(input)) },
  });
  const parent = await started(client, each(), [1, 2]);
  const mapRunArn = await mapRunOf(client, parent);
  const running = async () => {
    for (;;) {
      const request = { mapRunArn, statusFilter: 'RUNNING' } as const;
      const { executions = [] } = await client.send(new ListExecutionsCommand(request));
      const [only, other] = executions;
      if (only?.executionArn !== undefined && other === undefined) return only.executionArn;
    }
  };
  const executionArn = await running();
  const { stopDate } = await client.send(
    new StopExecutionCommand({ executionArn, error: 'Stuck', cause: 'by hand' }),
  );
  expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
    status: 'ABORTED',
    error: 'Stuck',
    cause: 'by hand',
    stopDate,
  });
  const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events?.at(-1)).toMatchObject({
    type: 'ExecutionAborted',
    executionAbortedEventDetails: { error: 'Stuck', cause: 'by hand' },
  });
  expect((await ended(client, parent)).status).toBe('SUCCEEDED');
  expect(await client.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
    itemCounts: { succeeded: 1, aborted: 1, failed: 0 },
  });
  const again = await client.send(new StopExecutionCommand({ executionArn }));
  expect(again.stopDate).toEqual(stopDate);
});

test('an Express child cannot be stopped', async () => {
  const { client } = await serve({ handlers: oddFails });
  const parent = await started(client, each({}, 'EXPRESS'), [2]);
  await ended(client, parent);
  const { executions = [] } = await client.send(
    new ListExecutionsCommand({ mapRunArn: await mapRunOf(client, parent) }),
  );
  const executionArn = executions[0]?.executionArn;
  await expect(client.send(new StopExecutionCommand({ executionArn }))).rejects.toMatchObject({
    name: 'InvalidArn',
  });
});
