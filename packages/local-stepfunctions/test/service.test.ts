import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  paginateGetExecutionHistory,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import {
  createVirtualClock,
  loadDefinition,
  startExecution,
  TaskError,
  type TaskHandlers,
  type TaskRun,
} from '../src/index.ts';
import { single, TASK } from './run-machine.ts';
import { clientOf, createMachine, ended, ROLE, serve, startNamed } from './states-client.ts';

const PASS = single({ Type: 'Pass', End: true });
const FOREVER = single({ Type: 'Wait', Seconds: 90_000, End: true });
const MISSING_MACHINE = 'arn:aws:states:local:000000000000:stateMachine:none';
const MISSING_EXECUTION = 'arn:aws:states:local:000000000000:execution:none:none';

describe('a state machine', () => {
  test('is described as it was created', async () => {
    const { client } = await serve({ region: 'eu-west-1', accountId: '123456789012' });
    const before = Date.now();
    const stateMachineArn = await createMachine(client, PASS);
    expect(stateMachineArn).toBe('arn:aws:states:eu-west-1:123456789012:stateMachine:machine');
    const described = await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect(described).toMatchObject({
      stateMachineArn,
      name: 'machine',
      status: 'ACTIVE',
      type: 'STANDARD',
      roleArn: ROLE,
      definition: JSON.stringify(PASS),
      loggingConfiguration: { level: 'OFF' },
      tracingConfiguration: { enabled: false },
    });
    expect(described.creationDate?.getTime()).toBeGreaterThanOrEqual(before);
    expect(described.creationDate?.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test('is created once, however often the same is asked; role and tags are not compared', async () => {
    const { client } = await serve();
    const request = { name: 'machine', roleArn: ROLE, definition: JSON.stringify(PASS) };
    const first = await client.send(new CreateStateMachineCommand(request));
    const again = await client.send(
      new CreateStateMachineCommand({ ...request, roleArn: `${ROLE}2`, tags: [{ key: 'a', value: 'b' }] }),
    );
    expect(again.stateMachineArn).toBe(first.stateMachineArn);
    expect(again.creationDate).toEqual(first.creationDate);
    const { stateMachineArn } = first;
    expect(await client.send(new DescribeStateMachineCommand({ stateMachineArn }))).toMatchObject({
      roleArn: ROLE,
    });
  });

  test.each([
    ['definition', { definition: JSON.stringify(FOREVER) }],
    ['type', { type: 'EXPRESS' as const }],
    ['logging', { loggingConfiguration: { level: 'ALL' as const } }],
  ])('of the same name and another %s is refused', async (_, difference) => {
    const { client } = await serve();
    const request = { name: 'machine', roleArn: ROLE, definition: JSON.stringify(PASS) };
    await client.send(new CreateStateMachineCommand(request));
    await expect(
      client.send(new CreateStateMachineCommand({ ...request, ...difference })),
    ).rejects.toMatchObject({ name: 'StateMachineAlreadyExists', $metadata: { httpStatusCode: 400 } });
  });

  test.each(['', 'a'.repeat(81), 'two words', 'a/b', 'a:b', 'a*', 'tab\t', 'a\u0085', 'a"b'])(
    'cannot be named %j',
    async (name) => {
      const { client } = await serve();
      await expect(createMachine(client, PASS, { name })).rejects.toMatchObject({ name: 'InvalidName' });
    },
  );

  test('may have a name of 80 characters beyond ASCII', async () => {
    const { client } = await serve();
    expect(await createMachine(client, PASS, { name: 'ä'.repeat(80) })).toMatch(/ä{80}$/);
  });

  test('needs the ARN of a role', async () => {
    const { client } = await serve();
    const request = { name: 'machine', roleArn: 'nobody', definition: JSON.stringify(PASS) };
    await expect(client.send(new CreateStateMachineCommand(request))).rejects.toMatchObject({
      name: 'InvalidArn',
    });
  });

  test('whose definition has faults is refused with all of them', async () => {
    const { client } = await serve();
    const faulty = { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'C' }, B: { ...TASK, End: true } } };
    await expect(createMachine(client, faulty)).rejects.toMatchObject({
      name: 'InvalidDefinition',
      message: expect.stringMatching(
        /^Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: .* at \/States\/A\/Next, MISSING_TRANSITION_TARGET: .* at \/States\/B'$/,
      ),
    });
  });

  test('that names a resource without handler is refused before anything runs', async () => {
    const { client } = await serve();
    await expect(createMachine(client, single({ ...TASK, End: true }))).rejects.toMatchObject({
      name: 'InvalidDefinition',
      message: expect.stringContaining("no handler 'lambda:invoke' at /States/Only/Resource"),
    });
  });

  test('for a version is refused: there are none here', async () => {
    const { client } = await serve();
    const request = { name: 'machine', roleArn: ROLE, definition: JSON.stringify(PASS), publish: true };
    await expect(client.send(new CreateStateMachineCommand(request))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('can be updated; what runs keeps its revision', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, FOREVER);
    const executionArn = await startNamed(client, stateMachineArn, 'old');
    const updated = await client.send(
      new UpdateStateMachineCommand({ stateMachineArn, definition: JSON.stringify(PASS) }),
    );
    expect(updated.updateDate).toBeInstanceOf(Date);
    expect(await client.send(new DescribeStateMachineCommand({ stateMachineArn }))).toMatchObject({
      definition: JSON.stringify(PASS),
      revisionId: updated.revisionId,
    });
    expect(await client.send(new DescribeStateMachineForExecutionCommand({ executionArn }))).toMatchObject({
      stateMachineArn,
      definition: JSON.stringify(FOREVER),
      roleArn: ROLE,
    });
    const next = await startNamed(client, stateMachineArn, 'new');
    expect(await ended(client, next)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('cannot be updated to nothing or to what cannot run', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, PASS);
    await expect(client.send(new UpdateStateMachineCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: 'MissingRequiredParameter',
    });
    await expect(
      client.send(new UpdateStateMachineCommand({ stateMachineArn, definition: '{' })),
    ).rejects.toMatchObject({
      name: 'InvalidDefinition',
      message: expect.stringContaining('INVALID_JSON_DESCRIPTION'),
    });
    expect(await client.send(new DescribeStateMachineCommand({ stateMachineArn }))).toMatchObject({
      definition: JSON.stringify(PASS),
    });
  });

  test('that is deleted ends its executions and is gone, and its name is free', async () => {
    const stopped: TaskRun[] = [];
    const { client } = await serve({
      handlers: {
        'lambda:invoke': (_, task) =>
          new Promise(() => task.signal.addEventListener('abort', () => stopped.push(task))),
      },
    });
    const definition = single({ ...TASK, End: true });
    const stateMachineArn = await createMachine(client, definition);
    const executionArn = await startNamed(client, stateMachineArn, 'one');
    await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
    await expect(client.send(new DescribeStateMachineCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
    await expect(client.send(new DescribeExecutionCommand({ executionArn }))).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
    expect(stopped).toHaveLength(1);
    await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
    expect(await createMachine(client, definition)).toBe(stateMachineArn);
    expect(await startNamed(client, stateMachineArn, 'one')).toBe(executionArn);
  });

  test.each([
    ['nothing', 'x', 'InvalidArn'],
    ['an execution', MISSING_EXECUTION, 'InvalidArn'],
    ['a Map state of a machine', `${MISSING_MACHINE}/label`, 'ValidationException'],
    ['no machine', MISSING_MACHINE, 'StateMachineDoesNotExist'],
  ])('is not found by the ARN of %s', async (_, stateMachineArn, name) => {
    const { client } = await serve();
    const requests = [
      client.send(new DescribeStateMachineCommand({ stateMachineArn })),
      client.send(new UpdateStateMachineCommand({ stateMachineArn, roleArn: ROLE })),
      client.send(new StartExecutionCommand({ stateMachineArn })),
      client.send(new StartSyncExecutionCommand({ stateMachineArn })),
      client.send(new ListExecutionsCommand({ stateMachineArn })),
    ];
    for (const request of requests) await expect(request).rejects.toMatchObject({ name });
  });

  test('is listed in pages, in the order of creation', async () => {
    const { client } = await serve();
    for (const name of ['c', 'a', 'b']) await createMachine(client, PASS, { name });
    const first = await client.send(new ListStateMachinesCommand({ maxResults: 2 }));
    expect(first.stateMachines?.map(({ name }) => name)).toEqual(['c', 'a']);
    const { nextToken } = first;
    const second = await client.send(new ListStateMachinesCommand({ maxResults: 2, nextToken }));
    expect(second.stateMachines?.map(({ name }) => name)).toEqual(['b']);
    expect(second.nextToken).toBeUndefined();
  });

  test.each(['made-up', Buffer.from('x 1').toString('base64url')])(
    'is not listed from the token %s',
    async (nextToken) => {
      const { client } = await serve();
      await expect(client.send(new ListStateMachinesCommand({ nextToken }))).rejects.toMatchObject({
        name: 'InvalidToken',
      });
    },
  );

  test('has at most 50 tags', async () => {
    const { client } = await serve();
    const resourceArn = await createMachine(client, PASS);
    const tags = Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: 'v' }));
    await client.send(new TagResourceCommand({ resourceArn, tags }));
    await client.send(new TagResourceCommand({ resourceArn, tags: [{ key: 'k0', value: 'new' }] }));
    await expect(
      client.send(new TagResourceCommand({ resourceArn, tags: [{ key: 'one more', value: '' }] })),
    ).rejects.toMatchObject({ name: 'TooManyTags' });
    const tagKeys = tags.slice(1).map(({ key }) => key);
    await client.send(new UntagResourceCommand({ resourceArn, tagKeys }));
    expect(await client.send(new ListTagsForResourceCommand({ resourceArn }))).toMatchObject({
      tags: [{ key: 'k0', value: 'new' }],
    });
    await expect(
      client.send(new ListTagsForResourceCommand({ resourceArn: MISSING_MACHINE })),
    ).rejects.toMatchObject({ name: 'ResourceNotFound' });
  });
});

describe('an execution', () => {
  test('runs, and is described with input and output', async () => {
    const { client } = await serve({
      handlers: { 'lambda:invoke': async (input) => ({ Payload: { given: input } }) },
    });
    const stateMachineArn = await createMachine(
      client,
      single({ ...TASK, ResultPath: '$.answer', End: true }),
    );
    const executionArn = await startNamed(client, stateMachineArn, 'one', '{ "a": 1 }');
    expect(executionArn).toBe('arn:aws:states:local:000000000000:execution:machine:one');
    expect(await ended(client, executionArn)).toMatchObject({
      executionArn,
      stateMachineArn,
      name: 'one',
      status: 'SUCCEEDED',
      input: '{ "a": 1 }',
      inputDetails: { included: true },
      output: '{"a":1,"answer":{"Payload":{"given":{"a":1}}}}',
      outputDetails: { included: true },
      startDate: expect.any(Date),
      stopDate: expect.any(Date),
    });
  });

  test('that failed is described with error and cause', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(
      client,
      single({ Type: 'Fail', Error: 'No', Cause: 'because' }),
    );
    const description = await ended(client, await startNamed(client, stateMachineArn, 'one'));
    expect(description).toMatchObject({ status: 'FAILED', error: 'No', cause: 'because' });
    expect(description.output).toBeUndefined();
  });

  test('without name and input gets a name of its own and {}', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, PASS);
    const start = () => client.send(new StartExecutionCommand({ stateMachineArn }));
    const [first, second] = [await start(), await start()];
    expect(first.executionArn).not.toBe(second.executionArn);
    expect(await ended(client, first.executionArn ?? '')).toMatchObject({ input: '{}', output: '{}' });
  });

  test('of the same name and input that still runs is the same execution', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, FOREVER);
    const request = { stateMachineArn, name: 'one', input: '{"a":1}' };
    const first = await client.send(new StartExecutionCommand(request));
    const again = await client.send(new StartExecutionCommand(request));
    expect([again.executionArn, again.startDate]).toEqual([first.executionArn, first.startDate]);
    await expect(
      client.send(new StartExecutionCommand({ ...request, input: '{"a":2}' })),
    ).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    const { executionArn } = first;
    await client.send(new StopExecutionCommand({ executionArn }));
    await expect(client.send(new StartExecutionCommand(request))).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
  });

  test.each([
    ['no JSON', '{'],
    ['more than 262,144 bytes', JSON.stringify('é'.repeat(131_072))],
    ['JSON that nests without end', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('takes no input of %s', async (_, input) => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, PASS);
    await expect(client.send(new StartExecutionCommand({ stateMachineArn, input }))).rejects.toMatchObject({
      name: 'InvalidExecutionInput',
    });
  });

  test('takes an input of exactly 262,144 bytes', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, PASS);
    const input = JSON.stringify('é'.repeat(131_071));
    expect(await ended(client, await startNamed(client, stateMachineArn, 'one', input))).toMatchObject({
      status: 'SUCCEEDED',
      output: input,
    });
  });

  test('cannot have a name that no execution may have', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, PASS);
    await expect(startNamed(client, stateMachineArn, 'a b')).rejects.toMatchObject({ name: 'InvalidName' });
  });

  test('that is stopped ends as ABORTED and tells its handler', async () => {
    const reached = Promise.withResolvers<TaskRun>();
    const { client } = await serve({
      handlers: {
        'lambda:invoke': (_, task) => {
          reached.resolve(task);
          return new Promise(() => {});
        },
      },
    });
    const stateMachineArn = await createMachine(client, single({ ...TASK, End: true }));
    const executionArn = await startNamed(client, stateMachineArn, 'one');
    const task = await reached.promise;
    const stopped = await client.send(
      new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'it is late' }),
    );
    expect(task.signal.aborted).toBe(true);
    expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
      cause: 'it is late',
      stopDate: stopped.stopDate,
    });
    const again = await client.send(new StopExecutionCommand({ executionArn }));
    expect(again.stopDate).toEqual(stopped.stopDate);
  });

  test.each([
    ['nothing', 'x', 'InvalidArn'],
    ['a machine', MISSING_MACHINE, 'InvalidArn'],
    ['an Express execution', MISSING_EXECUTION.replace(':execution:', ':express:'), 'InvalidArn'],
    ['no execution', MISSING_EXECUTION, 'ExecutionDoesNotExist'],
  ])('is not found by the ARN of %s', async (_, executionArn, name) => {
    const { client } = await serve();
    const requests = [
      client.send(new DescribeExecutionCommand({ executionArn })),
      client.send(new GetExecutionHistoryCommand({ executionArn })),
      client.send(new StopExecutionCommand({ executionArn })),
      client.send(new DescribeStateMachineForExecutionCommand({ executionArn })),
    ];
    for (const request of requests) await expect(request).rejects.toMatchObject({ name });
  });

  test('is listed with the newest first, by status, in pages that new ones do not shift', async () => {
    const { client } = await serve();
    const passes = await createMachine(client, PASS, { name: 'passes' });
    const runs = await createMachine(client, FOREVER, { name: 'runs' });
    await startNamed(client, runs, 'elsewhere');
    for (const name of ['1', '2', '3']) await ended(client, await startNamed(client, passes, name));
    const list = async (
      request: Omit<ConstructorParameters<typeof ListExecutionsCommand>[0], 'stateMachineArn'>,
    ) => client.send(new ListExecutionsCommand({ stateMachineArn: passes, ...request }));
    const first = await list({ maxResults: 2 });
    expect(first.executions).toMatchObject([
      { name: '3', status: 'SUCCEEDED', stateMachineArn: passes, stopDate: expect.any(Date) },
      { name: '2' },
    ]);
    await startNamed(client, passes, '4');
    const second = await list({ maxResults: 2, ...(first.nextToken && { nextToken: first.nextToken }) });
    expect(second.executions?.map(({ name }) => name)).toEqual(['1']);
    expect((await list({ statusFilter: 'FAILED' })).executions).toEqual([]);
    expect((await list({ statusFilter: 'SUCCEEDED' })).executions).toHaveLength(4);
    await expect(
      list({ statusFilter: 'FAILED', ...(first.nextToken && { nextToken: first.nextToken }) }),
    ).rejects.toMatchObject({ name: 'InvalidToken' });
  });

  test('is listed by its machine or its map run, not by neither', async () => {
    const { client } = await serve();
    await expect(client.send(new ListExecutionsCommand({}))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(
      client.send(new ListExecutionsCommand({ stateMachineArn: MISSING_MACHINE, maxResults: 1_001 })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining("'maxResults'"),
    });
  });

  test('is forgotten when enough others ended after it, and its name is free again', async () => {
    const { client } = await serve({ keepFinished: 2 });
    const passes = await createMachine(client, PASS, { name: 'passes' });
    const runs = await createMachine(client, FOREVER, { name: 'runs' });
    const running = await startNamed(client, runs, 'running');
    const arns: string[] = [];
    for (const name of ['1', '2', '3']) {
      const arn = await startNamed(client, passes, name);
      await ended(client, arn);
      arns.push(arn);
    }
    const [first = '', second = ''] = arns;
    await expect(client.send(new DescribeExecutionCommand({ executionArn: first }))).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
    for (const executionArn of [second, running]) {
      expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
        executionArn,
      });
    }
    expect(await startNamed(client, passes, '1')).toBe(first);
  });

  test('of two clients at once does not disturb the other', async () => {
    const { service, client } = await serve({
      handlers: { 'lambda:invoke': async (input) => ({ Payload: input }) },
    });
    const stateMachineArn = await createMachine(
      client,
      single({ ...TASK, OutputPath: '$.Payload', End: true }),
    );
    const run = (who: SFN, prefix: string) =>
      Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const input = JSON.stringify({ prefix, index });
          return (await ended(who, await startNamed(who, stateMachineArn, `${prefix}${index}`, input)))
            .output;
        }),
      );
    const [ours, theirs] = await Promise.all([run(client, 'a'), run(clientOf(service.endpoint), 'b')]);
    expect(ours).toEqual(Array.from({ length: 20 }, (_, index) => JSON.stringify({ prefix: 'a', index })));
    expect(theirs).toEqual(Array.from({ length: 20 }, (_, index) => JSON.stringify({ prefix: 'b', index })));
  });
});

type SFN = ReturnType<typeof clientOf>;

describe('the history', () => {
  const definition = {
    StartAt: 'Work',
    States: {
      Work: {
        ...TASK,
        Parameters: { 'x.$': '$.x' },
        Retry: [{ ErrorEquals: ['Flaky'] }],
        ResultPath: '$.result',
        Next: 'Both',
      },
      Both: {
        Type: 'Map',
        ItemsPath: '$.items',
        ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } },
        Next: 'Pause',
      },
      Pause: { Type: 'Wait', Seconds: 7, End: true },
    },
  };
  const input = { x: 1, items: [1, 2] };
  const flaky = () => {
    let calls = 0;
    return {
      'lambda:invoke': async () => {
        calls += 1;
        if (calls === 1) throw new TaskError('Flaky', 'once');
        return { ok: true };
      },
    };
  };

  async function ran() {
    const { client } = await serve({ handlers: flaky(), clock: createVirtualClock() });
    const stateMachineArn = await createMachine(client, definition);
    const executionArn = await startNamed(client, stateMachineArn, 'one', JSON.stringify(input));
    await ended(client, executionArn);
    return { client, executionArn };
  }

  test('through the SDK is that of the interpreter', async () => {
    const { client, executionArn } = await ran();
    const execution = startExecution(loadDefinition(definition), {
      name: 'one',
      input,
      handlers: flaky(),
      clock: createVirtualClock(),
      roleArn: ROLE,
    });
    await execution.result;
    const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(JSON.parse(JSON.stringify(events))).toEqual(JSON.parse(JSON.stringify(execution.history())));
    expect(events?.every(({ timestamp }) => timestamp instanceof Date)).toBe(true);
  });

  test('comes in pages, forwards and backwards', async () => {
    const { client, executionArn } = await ran();
    const ids = async (reverseOrder: boolean) => {
      const found: number[] = [];
      const pages = paginateGetExecutionHistory({ client, pageSize: 4 }, { executionArn, reverseOrder });
      for await (const { events = [] } of pages) {
        expect(events.length).toBeLessThanOrEqual(4);
        found.push(...events.map(({ id = 0 }) => id));
      }
      return found;
    };
    const forwards = await ids(false);
    expect(forwards).toEqual(forwards.map((_, index) => index + 1));
    expect(forwards.length).toBeGreaterThan(16);
    expect(await ids(true)).toEqual(forwards.toReversed());
  });

  test('leaves out the data if it is not wanted', async () => {
    const { client, executionArn } = await ran();
    const { events = [] } = await client.send(
      new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false }),
    );
    expect(events[1]?.stateEnteredEventDetails).toEqual({ name: 'Work' });
    expect(JSON.stringify(events)).not.toContain('"output"');
    expect(events.find(({ type }) => type === 'TaskFailed')?.taskFailedEventDetails).toMatchObject({
      error: 'Flaky',
    });
  });
});

describe('an Express machine', () => {
  const express = { type: 'EXPRESS' as const };

  test('runs while the caller waits', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, PASS, express);
    const run = await client.send(
      new StartSyncExecutionCommand({ stateMachineArn, name: 'one', input: '{"a":1}' }),
    );
    expect(run).toMatchObject({
      stateMachineArn,
      name: 'one',
      status: 'SUCCEEDED',
      input: '{"a":1}',
      output: '{"a":1}',
      startDate: expect.any(Date),
      stopDate: expect.any(Date),
      billingDetails: { billedDurationInMilliseconds: 0, billedMemoryUsedInMB: 0 },
    });
    expect(run.executionArn).toMatch(/^arn:aws:states:local:000000000000:express:machine:one:.+/);
  });

  test('that fails answers 200 with error and cause, and without data if none is wanted', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(
      client,
      single({ Type: 'Fail', Error: 'No', Cause: 'because' }),
      express,
    );
    const run = await client.send(
      new StartSyncExecutionCommand({ stateMachineArn, includedData: 'METADATA_ONLY' }),
    );
    expect(run).toMatchObject({ status: 'FAILED', error: 'No', cause: 'because' });
    expect(run.input).toBeUndefined();
  });

  test('times out after five minutes', async () => {
    const { client } = await serve({ clock: createVirtualClock() });
    const stateMachineArn = await createMachine(
      client,
      single({ Type: 'Wait', Seconds: 301, End: true }),
      express,
    );
    const run = await client.send(new StartSyncExecutionCommand({ stateMachineArn }));
    expect(run.status).toBe('TIMED_OUT');
    expect((run.stopDate?.getTime() ?? 0) - (run.startDate?.getTime() ?? 0)).toBe(300_000);
  });

  test('may run two executions of one name, which cannot be described or listed', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, PASS, express);
    const executionArn = await startNamed(client, stateMachineArn, 'one');
    expect(await startNamed(client, stateMachineArn, 'one')).not.toBe(executionArn);
    await expect(client.send(new DescribeExecutionCommand({ executionArn }))).rejects.toMatchObject({
      name: 'InvalidArn',
    });
    await expect(client.send(new ListExecutionsCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: 'StateMachineTypeNotSupported',
    });
  });

  test.each(['lambda:invoke.waitForTaskToken', 'glue:startJobRun.sync'])('does not take %s', async (key) => {
    const { client } = await serve({ handlers: { [key]: async () => null } });
    const definition = single({ Type: 'Task', Resource: `arn:aws:states:::${key}`, End: true });
    await expect(createMachine(client, definition, express)).rejects.toMatchObject({
      name: 'InvalidDefinition',
    });
    expect(await createMachine(client, definition)).toContain('machine');
  });

  test('does not take a Distributed Map, wherever it stands', async () => {
    const { client } = await serve();
    const map = single({
      Type: 'Map',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'P',
        States: { P: { Type: 'Pass', End: true } },
      },
      End: true,
    });
    const parallel = { StartAt: 'Both', States: { Both: { Type: 'Parallel', Branches: [map], End: true } } };
    await expect(createMachine(client, parallel, express)).rejects.toMatchObject({
      name: 'InvalidDefinition',
      message: expect.stringContaining('at /States/Both/Branches[0]/States/Only'),
    });
    expect(await createMachine(client, parallel)).toContain('machine');
  });

  test('is what StartSyncExecution wants', async () => {
    const { client } = await serve();
    const stateMachineArn = await createMachine(client, PASS);
    await expect(client.send(new StartSyncExecutionCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: 'StateMachineTypeNotSupported',
    });
  });
});

describe('the validation of a definition', () => {
  const validate = async (definition: string, maxResults?: number) => {
    const { client } = await serve();
    return client.send(
      new ValidateStateMachineDefinitionCommand({
        definition,
        ...(maxResults !== undefined && { maxResults }),
      }),
    );
  };

  test('finds nothing wrong with what can be created', async () => {
    expect(await validate(JSON.stringify(PASS))).toMatchObject({
      result: 'OK',
      diagnostics: [],
      truncated: false,
    });
  });

  test.each([
    ['INVALID_JSON_DESCRIPTION', '{', undefined],
    [
      'MISSING_TRANSITION_TARGET',
      JSON.stringify(single({ Type: 'Pass', Next: 'Nowhere' })),
      '/States/Only/Next',
    ],
    [
      'MISSING_TRANSITION_TARGET',
      JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Succeed' }, B: { Type: 'Succeed' } } }),
      '/States/B',
    ],
    [
      'DUPLICATE_STATE_NAME',
      JSON.stringify(
        single({
          Type: 'Parallel',
          Branches: [{ StartAt: 'Only', States: { Only: { Type: 'Succeed' } } }],
          End: true,
        }),
      ),
      '/States/Only/Branches[0]/States/Only',
    ],
    [
      'SCHEMA_VALIDATION_FAILED',
      JSON.stringify(single({ Type: 'Wait', Seconds: 'x', End: true })),
      '/States/Only/Seconds',
    ],
    ['NO_HANDLER', JSON.stringify(single({ ...TASK, End: true })), '/States/Only/Resource'],
  ])('finds %s', async (code, definition, location) => {
    const found = await validate(definition);
    expect(found.result).toBe('FAIL');
    expect(found.diagnostics).toEqual([
      expect.objectContaining({ severity: 'ERROR', code, message: expect.any(String) }),
    ]);
    expect(found.diagnostics?.[0]?.location).toBe(location);
  });

  test('gives no more diagnostics than are wanted, and says that there are more', async () => {
    const definition = JSON.stringify(
      single({ Type: 'Pass', InputPath: 1, ResultPath: 2, OutputPath: 3, End: true }),
    );
    expect(await validate(definition, 2)).toMatchObject({ result: 'FAIL', truncated: true });
    expect((await validate(definition, 2)).diagnostics).toHaveLength(2);
    expect(await validate(definition, 3)).toMatchObject({ truncated: false });
  });
});

describe('the context object shows the ARNs that the service gives', () => {
  const where = { region: 'eu-west-1', accountId: '123456789012' };

  /** The contexts that the handler of a task was given. */
  function recorded() {
    const contexts: unknown[] = [];
    const handlers: TaskHandlers = {
      'lambda:invoke': async (_input, { context }) => {
        contexts.push(context);
        return {};
      },
    };
    return { contexts, handlers };
  }

  test.each(['STANDARD', 'EXPRESS'] as const)('of a %s execution', async (type) => {
    const { contexts, handlers } = recorded();
    const { client } = await serve({ ...where, handlers });
    const stateMachineArn = await createMachine(client, single({ ...TASK, End: true }), { type });
    const executionArn = await startNamed(client, stateMachineArn, 'one');
    while (contexts.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(executionArn).toContain(':eu-west-1:123456789012:');
    expect(contexts).toMatchObject([
      {
        Execution: { Id: executionArn, Name: 'one', RoleArn: ROLE },
        StateMachine: { Id: stateMachineArn, Name: 'machine' },
      },
    ]);
  });

  test.each([
    ['STANDARD', 'execution:machine/Each:[0-9a-f-]{36}'],
    ['EXPRESS', 'express:machine/Each:[0-9a-f-]{36}:[0-9a-f-]{36}'],
  ])('of a %s child of a Distributed Map', async (ExecutionType, id) => {
    const { contexts, handlers } = recorded();
    const { client } = await serve({ ...where, handlers });
    const stateMachineArn = await createMachine(
      client,
      single({
        Type: 'Map',
        Label: 'Each',
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType },
          StartAt: 'Work',
          States: { Work: { ...TASK, End: true } },
        },
        End: true,
      }),
    );
    await ended(client, await startNamed(client, stateMachineArn, 'one', '[1]'));
    expect(contexts).toMatchObject([
      {
        Execution: {
          Id: expect.stringMatching(new RegExp(`^arn:aws:states:eu-west-1:123456789012:${id}$`)),
          RoleArn: ROLE,
        },
        StateMachine: { Id: `${stateMachineArn}/Each`, Name: 'machine/Each' },
      },
    ]);
  });

  test('and the history the region', async () => {
    const { client } = await serve({ ...where, handlers: recorded().handlers });
    const stateMachineArn = await createMachine(client, single({ ...TASK, End: true }));
    const executionArn = await startNamed(client, stateMachineArn, 'one');
    await ended(client, executionArn);
    const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events[0]?.executionStartedEventDetails).toMatchObject({ roleArn: ROLE });
    const scheduled = events.find(({ type }) => type === 'TaskScheduled');
    expect(scheduled?.taskScheduledEventDetails).toMatchObject({ region: 'eu-west-1' });
  });
});
