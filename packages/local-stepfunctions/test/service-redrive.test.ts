import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  type SFNClient,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import { type Clock, type Json, systemClock, TaskError, type TaskHandlers } from '../src/index.ts';
import { single, TASK } from './run-machine.ts';
import { createMachine, ended, ROLE, serve, startNamed } from './states-client.ts';

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html and
// https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html; what is quoted stands there.

const DAY = 86_400_000;
const CHAIN = {
  StartAt: 'First',
  States: {
    First: { Type: 'Pass', Result: { made: 1 }, Next: 'Second' },
    Second: { ...TASK, End: true },
  },
};

/** A task that fails until it is mended, and the inputs that it was given. */
function fragile() {
  const state = { mended: false };
  const inputs: Json[] = [];
  const handlers: TaskHandlers = {
    'lambda:invoke': async (input) => {
      inputs.push(input);
      if (!state.mended) throw new TaskError('Broken', 'not yet');
      return { done: true };
    },
  };
  return { state, inputs, handlers };
}

/** The machine's time, and how far it was put forward. */
function movableClock(): Clock & { ahead: number } {
  return {
    ahead: 0,
    now() {
      return systemClock.now() + this.ahead;
    },
    sleep: systemClock.sleep,
  };
}

async function failedExecution(client: SFNClient, definition: object = CHAIN) {
  const stateMachineArn = await createMachine(client, definition);
  const executionArn = await startNamed(client, stateMachineArn, 'one');
  await ended(client, executionArn);
  return { stateMachineArn, executionArn };
}

async function redrive(client: SFNClient, executionArn: string, clientToken?: string) {
  return client.send(
    new RedriveExecutionCommand({ executionArn, ...(clientToken === undefined ? {} : { clientToken }) }),
  );
}

function describeExecution(client: SFNClient, executionArn: string) {
  return client.send(new DescribeExecutionCommand({ executionArn }));
}

describe('RedriveExecution', () => {
  test('"continues the failed execution from the unsuccessful step and uses the same input"', async () => {
    const { state, inputs, handlers } = fragile();
    const { client } = await serve({ handlers });
    const { executionArn } = await failedExecution(client);
    const before = await describeExecution(client, executionArn);
    expect(before).toMatchObject({ status: 'FAILED', redriveCount: 0, redriveStatus: 'REDRIVABLE' });
    expect(before.redriveDate).toBeUndefined();
    expect(before.redriveStatusReason).toBeUndefined();

    state.mended = true;
    const { redriveDate } = await redrive(client, executionArn);
    const after = await ended(client, executionArn);
    expect(inputs).toEqual([{ made: 1 }, { made: 1 }]);
    expect(after).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"done":true}',
      startDate: before.startDate,
      redriveCount: 1,
      redriveDate,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    });
    expect(after.error).toBeUndefined();
  });

  test('"Redriven executions append their event history to the existing event history"', async () => {
    const { state, handlers } = fragile();
    const { client } = await serve({ handlers });
    const { executionArn } = await failedExecution(client);
    const history = async () =>
      (await client.send(new GetExecutionHistoryCommand({ executionArn }))).events ?? [];
    const before = await history();
    state.mended = true;
    await redrive(client, executionArn);
    await ended(client, executionArn);
    const after = await history();
    expect(after.slice(0, before.length)).toEqual(before);
    const added = after.slice(before.length);
    expect(added.map(({ type }) => type)).toEqual([
      'ExecutionRedriven',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    expect(added[0]).toMatchObject({
      id: before.length + 1,
      previousEventId: before.length,
      executionRedrivenEventDetails: { redriveCount: 1 },
    });
  });

  test('is listed as redriven, and can be done again', async () => {
    const { handlers } = fragile();
    const { client } = await serve({ handlers });
    const { stateMachineArn, executionArn } = await failedExecution(client);
    const other = await startNamed(client, stateMachineArn, 'two');
    await ended(client, other);
    for (const _ of [1, 2]) {
      await redrive(client, executionArn);
      await ended(client, executionArn);
    }
    const listed = async (redriveFilter: 'REDRIVEN' | 'NOT_REDRIVEN') => {
      const { executions = [] } = await client.send(
        new ListExecutionsCommand({ stateMachineArn, redriveFilter }),
      );
      return executions;
    };
    expect(await listed('REDRIVEN')).toMatchObject([
      { executionArn, redriveCount: 2, redriveDate: expect.any(Date) },
    ]);
    expect((await listed('NOT_REDRIVEN')).map((execution) => execution.executionArn)).toEqual([other]);
  });

  test('"Redriven executions use the same state machine definition", role and names', async () => {
    const { state, handlers } = fragile();
    const roles: unknown[] = [];
    const { client } = await serve({
      handlers: {
        'lambda:invoke': async (input, task) => {
          roles.push(task.context.Execution);
          return handlers['lambda:invoke']?.(input, task);
        },
      },
    });
    const { stateMachineArn, executionArn } = await failedExecution(client);
    await client.send(
      new UpdateStateMachineCommand({
        stateMachineArn,
        definition: JSON.stringify(single({ Type: 'Fail' })),
        roleArn: `${ROLE}-other`,
      }),
    );
    state.mended = true;
    await redrive(client, executionArn);
    expect((await ended(client, executionArn)).output).toBe('{"done":true}');
    expect(roles[1]).toMatchObject({ Id: executionArn, RoleArn: ROLE, Name: 'one', RedriveCount: 1 });
  });

  test('goes on with an execution that was stopped, and can be stopped itself', async () => {
    const waiting: (() => void)[] = [];
    const { client } = await serve({
      handlers: { 'lambda:invoke': () => new Promise<void>((resolve) => waiting.push(resolve)) },
    });
    const stateMachineArn = await createMachine(client, CHAIN);
    const executionArn = await startNamed(client, stateMachineArn, 'one');
    for (const redriveCount of [0, 1, 2]) {
      if (redriveCount > 0) await redrive(client, executionArn);
      expect(await describeExecution(client, executionArn)).toMatchObject({
        status: 'RUNNING',
        redriveCount,
      });
      await client.send(new StopExecutionCommand({ executionArn, error: 'Enough' }));
      expect(await describeExecution(client, executionArn)).toMatchObject({
        status: 'ABORTED',
        error: 'Enough',
      });
    }
  });
});

describe('ExecutionNotRedrivable', () => {
  async function refused(client: SFNClient, executionArn: string, reason: string) {
    expect(await describeExecution(client, executionArn)).toMatchObject({
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: reason,
    });
    await expect(redrive(client, executionArn)).rejects.toMatchObject({
      name: 'ExecutionNotRedrivable',
      message: expect.stringContaining(reason),
    });
  }

  test('"Execution is SUCCEEDED and cannot be redriven"', async () => {
    const { client } = await serve();
    const { executionArn } = await failedExecution(client, single({ Type: 'Pass', End: true }));
    await refused(client, executionArn, 'Execution is SUCCEEDED and cannot be redriven');
  });

  test('"Execution is RUNNING and cannot be redriven"', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, single({ Type: 'Wait', Seconds: 9_000, End: true }));
    const executionArn = await startNamed(client, stateMachineArn, 'one');
    await refused(client, executionArn, 'Execution is RUNNING and cannot be redriven');
  });

  test('"Execution redrivable period exceeded": 14 days', async () => {
    const clock = movableClock();
    const { handlers } = fragile();
    const { client } = await serve({ handlers, clock });
    const { executionArn } = await failedExecution(client);
    clock.ahead = 14 * DAY - 60_000;
    expect(await describeExecution(client, executionArn)).toMatchObject({ redriveStatus: 'REDRIVABLE' });
    clock.ahead = 14 * DAY + 1;
    await refused(client, executionArn, 'Execution redrivable period exceeded');
  });

  test('"Execution has exceeded the max execution time": one year', async () => {
    const clock = movableClock();
    const { handlers } = fragile();
    const { client } = await serve({ handlers, clock });
    const { executionArn } = await failedExecution(client);
    for (let days = 13; days <= 364; days += 13) {
      clock.ahead = days * DAY;
      await redrive(client, executionArn);
      await ended(client, executionArn);
    }
    clock.ahead = 366 * DAY;
    await refused(client, executionArn, 'Execution has exceeded the max execution time');
  });

  test('"Execution history event limit exceeded": "less than 24,999 events"', async () => {
    const { client } = await serve();
    const loop = {
      StartAt: 'A',
      States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } },
    };
    const { executionArn } = await failedExecution(client, loop);
    await refused(client, executionArn, 'Execution history event limit exceeded');
  });

  test('an execution whose journal there was no room for', async () => {
    const { handlers } = fragile();
    const { client } = await serve({ handlers, keepJournals: 1_000 });
    const { executionArn } = await failedExecution(client);
    await refused(client, executionArn, 'This service has no room for the journal of the execution');
  });

  test('the journals of the latest executions are kept', async () => {
    const { state, handlers } = fragile();
    const { client } = await serve({ handlers, keepJournals: 4_000 });
    const { stateMachineArn, executionArn } = await failedExecution(client);
    const latest = await startNamed(client, stateMachineArn, 'two');
    await ended(client, latest);
    const third = await startNamed(client, stateMachineArn, 'three');
    await ended(client, third);
    await refused(client, executionArn, 'This service has no room for the journal of the execution');
    state.mended = true;
    await redrive(client, third);
    expect((await ended(client, third)).status).toBe('SUCCEEDED');
  });
});

describe('clientToken', () => {
  test('"to ensure the idempotency of the request": one redrive, one date', async () => {
    const { inputs, handlers } = fragile();
    const { client } = await serve({ handlers });
    const { executionArn } = await failedExecution(client);
    const first = await redrive(client, executionArn, 'token-1');
    await ended(client, executionArn);
    const again = await redrive(client, executionArn, 'token-1');
    expect(again.redriveDate).toEqual(first.redriveDate);
    expect(inputs).toHaveLength(2);
  });

  test('"valid for up to 15 minutes after they are first used"', async () => {
    const clock = movableClock();
    const { inputs, handlers } = fragile();
    const { client } = await serve({ handlers, clock });
    const { executionArn } = await failedExecution(client);
    await redrive(client, executionArn, 'token-1');
    await ended(client, executionArn);
    clock.ahead = 15 * 60_000 + 1;
    await redrive(client, executionArn, 'token-1');
    await ended(client, executionArn);
    expect(inputs).toHaveLength(3);
  });

  test('"the last 10 client tokens"', async () => {
    const { inputs, handlers } = fragile();
    const { client } = await serve({ handlers });
    const { executionArn } = await failedExecution(client);
    for (let token = 1; token <= 11; token += 1) {
      await redrive(client, executionArn, `token-${token}`);
      await ended(client, executionArn);
    }
    await redrive(client, executionArn, 'token-2');
    expect(inputs).toHaveLength(12);
    await redrive(client, executionArn, 'token-1');
    await ended(client, executionArn);
    expect(inputs).toHaveLength(13);
  });

  test('is of 1 to 64 characters', async () => {
    const { handlers } = fragile();
    const { client } = await serve({ handlers });
    const { executionArn } = await failedExecution(client);
    await expect(redrive(client, executionArn, 'x'.repeat(65))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

test('an execution that is not there, or no execution at all, is refused by its name', async () => {
  const { client } = await serve();
  const missing = 'arn:aws:states:local:000000000000:execution:none:none';
  const express = 'arn:aws:states:local:000000000000:express:none:none:none';
  await expect(redrive(client, missing)).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  await expect(redrive(client, express)).rejects.toMatchObject({ name: 'InvalidArn' });
});

describe('of a Distributed Map', () => {
  const each = (executionType: string) =>
    single({
      Type: 'Map',
      Label: 'Each',
      MaxConcurrency: 1,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: executionType },
        StartAt: 'Work',
        States: { Work: { ...TASK, End: true } },
      },
      End: true,
    });

  /** A Map Run of [1, 2, 3] whose second item failed and whose third was not started; then mended. */
  async function halfDone(executionType: string) {
    const state = { mended: false };
    const seen: Json[] = [];
    const { client } = await serve({
      handlers: {
        'lambda:invoke': async (input) => {
          seen.push(input);
          if (input === 2 && !state.mended) throw new TaskError('Two');
          return input;
        },
      },
    });
    const stateMachineArn = await createMachine(client, each(executionType));
    const executionArn = await startNamed(client, stateMachineArn, 'one', '[1,2,3]');
    await ended(client, executionArn);
    const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }));
    state.mended = true;
    return { client, executionArn, mapRunArn: mapRuns[0]?.mapRunArn, seen };
  }

  test.each(['STANDARD', 'EXPRESS'])(
    'only the %s children that did not succeed run again, in the same Map Run',
    async (executionType) => {
      const { client, executionArn, mapRunArn, seen } = await halfDone(executionType);
      const before = await client.send(new DescribeMapRunCommand({ mapRunArn }));
      expect(before).toMatchObject({ status: 'FAILED', redriveCount: 0 });
      expect(before.redriveDate).toBeUndefined();
      await redrive(client, executionArn);
      expect((await ended(client, executionArn)).output).toBe('[1,2,3]');
      expect(seen).toEqual([1, 2, 2, 3]);
      expect(await client.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
        status: 'SUCCEEDED',
        startDate: before.startDate,
        redriveCount: 1,
        redriveDate: expect.any(Date),
        itemCounts: { succeeded: 3, failed: 0, total: 3 },
      });
      const { mapRuns } = await client.send(new ListMapRunsCommand({ executionArn }));
      expect(mapRuns).toHaveLength(1);
    },
  );

  test('MapRunRedriven stands in the history instead of the events of its start', async () => {
    const { client, executionArn, mapRunArn } = await halfDone('STANDARD');
    await redrive(client, executionArn);
    await ended(client, executionArn);
    const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
    const redriven = events.findIndex(({ type }) => type === 'ExecutionRedriven');
    expect(events.slice(redriven).map(({ type }) => type)).toEqual([
      'ExecutionRedriven',
      'MapRunRedriven',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
    expect(events[redriven + 1]?.mapRunRedrivenEventDetails).toEqual({ mapRunArn, redriveCount: 1 });
  });

  test('the child that failed keeps its ARN and counts its redrive', async () => {
    const { client, executionArn, mapRunArn } = await halfDone('STANDARD');
    const children = async (redriveFilter?: 'REDRIVEN') => {
      const request = { mapRunArn, ...(redriveFilter === undefined ? {} : { redriveFilter }) };
      return (await client.send(new ListExecutionsCommand(request))).executions ?? [];
    };
    const failed = (await children()).find(({ status }) => status === 'FAILED');
    expect(await describeExecution(client, failed?.executionArn ?? '')).toMatchObject({
      redriveStatus: 'REDRIVABLE',
    });
    await expect(redrive(client, failed?.executionArn ?? '')).rejects.toMatchObject({
      name: 'ExecutionNotRedrivable',
      message: expect.stringContaining('by redriving its parent'),
    });
    await redrive(client, executionArn);
    await ended(client, executionArn);
    expect(await children('REDRIVEN')).toMatchObject([
      {
        executionArn: failed?.executionArn,
        status: 'SUCCEEDED',
        redriveCount: 1,
        redriveDate: expect.any(Date),
      },
    ]);
  });

  test('"PENDING_REDRIVE" is asked of a Map Run, not of a state machine', async () => {
    const { client, mapRunArn } = await halfDone('STANDARD');
    const stateMachineArn = 'arn:aws:states:local:000000000000:stateMachine:machine';
    const statusFilter = 'PENDING_REDRIVE';
    const { executions } = await client.send(new ListExecutionsCommand({ mapRunArn, statusFilter }));
    expect(executions).toEqual([]);
    await expect(
      client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
