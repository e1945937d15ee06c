import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import {
  createMemoryJournal,
  createVirtualClock,
  type ExecutionJournal,
  type Json,
  loadDefinition,
  NotRedrivable,
  type RedriveOptions,
  redriveExecution,
  TaskError,
  type TaskHandler,
} from '../src/index.ts';
import {
  CSV,
  distributed,
  EXPRESS,
  failing,
  nonZero,
  readerOf,
  runMap,
  TASK_PROCESSOR,
  WRITER,
} from './distributed-machine.ts';
import { type MemoryObjects, memoryObjects } from './memory-objects.ts';
import { lines, single, start, TASK } from './run-machine.ts';

/** Redrives, with the parts that a test does not name as in `runMap`. */
async function redrive(definition: object, journal: ExecutionJournal, options: Partial<RedriveOptions> = {}) {
  const execution = await redriveExecution(loadDefinition(definition), {
    handlers: failing(() => false),
    clock: createVirtualClock(1_000_000),
    journal,
    ...options,
  });
  const result = await execution.result;
  return { result, execution, mapRun: execution.mapRuns()[0]?.describe() };
}

/** A handler that notes its inputs and fails those for which `fails` says so. */
function recording(fails: (input: Json) => boolean = () => false) {
  const seen: Json[] = [];
  const handler: TaskHandler = async (input) => {
    seen.push(input);
    if (fails(input)) throw new TaskError('Bad');
    return input;
  };
  return { seen, handlers: { 'lambda:invoke': handler } };
}

const CHAIN = {
  StartAt: 'First',
  States: {
    First: { ...TASK, Parameters: { step: 1 }, Next: 'Second' },
    Second: { ...TASK, Parameters: { step: 2, 'before.$': '$.step' }, End: true },
  },
};

describe('a redrive', () => {
  test('goes on from the state that failed, with the same input', async () => {
    const journal = createMemoryJournal();
    const before = recording((input) => JSON.stringify(input).includes('before'));
    const failed = await start(CHAIN, { journal, handlers: before.handlers }).result;
    expect(failed.status).toBe('FAILED');
    const after = recording();
    const { result } = await redrive(CHAIN, journal, after);
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { step: 2, before: 1 } });
    expect(after.seen).toEqual([{ step: 2, before: 1 }]);
  });

  test('keeps the start, the events of before and their numbers', async () => {
    const journal = createMemoryJournal();
    const clock = createVirtualClock(5_000);
    await start(CHAIN, { journal, clock, ...recording((input) => JSON.stringify(input).includes('before')) })
      .result;
    const { result, execution } = await redrive(CHAIN, journal);
    expect(result.startDate).toEqual(new Date(5_000));
    expect(lines(execution.history()).slice(-9)).toEqual([
      '9 < 8 TaskStarted',
      '10 < 9 TaskFailed',
      '11 < 10 ExecutionFailed',
      '12 < 11 ExecutionRedriven',
      '13 < 12 TaskScheduled',
      '14 < 13 TaskStarted',
      '15 < 14 TaskSucceeded',
      '16 < 15 TaskStateExited',
      '17 < 16 ExecutionSucceeded',
    ]);
    expect(execution.history()[1]?.stateEnteredEventDetails).toMatchObject({ name: 'First', input: '{}' });
    expect(execution.history()[11]?.executionRedrivenEventDetails).toEqual({ redriveCount: 1 });
  });

  test('shows itself in the context and leaves the rest of it as it was', async () => {
    const journal = createMemoryJournal();
    const clock = createVirtualClock(5_000);
    await start(CHAIN, { journal, clock, name: 'r7', stateMachineName: 'orders', ...recording(() => true) })
      .result;
    const contexts: unknown[] = [];
    const handlers: Record<string, TaskHandler> = {
      'lambda:invoke': async (input, { context }) => {
        contexts.push(context);
        return input;
      },
    };
    await redrive(CHAIN, journal, { handlers });
    expect(contexts[0]).toMatchObject({
      Execution: {
        Name: 'r7',
        StartTime: '1970-01-01T00:00:05Z',
        RedriveCount: 1,
        RedriveTime: '1970-01-01T00:16:40Z',
      },
      State: { EnteredTime: '1970-01-01T00:00:05Z' },
      StateMachine: { Name: 'orders' },
    });
  });

  test('keeps variables', async () => {
    const machine = {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { x: { y: 1 } }, Next: 'Use' },
        Use: { ...TASK, Parameters: { 'x.$': '$x.y' }, End: true },
      },
    };
    const journal = createMemoryJournal();
    await start(machine, { journal, ...recording(() => true) }).result;
    expect((await redrive(machine, journal)).result.output).toEqual({ x: 1 });
  });

  // https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html: "If the state failed because of a
  // States.DataLimitExceeded error, the Parallel state is rerun, including the branches that were successful".
  test('runs a Parallel again as a whole that failed because its result was too large', async () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: { ...TASK, End: true } } });
    const machine = single({ Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true });
    const journal = createMemoryJournal();
    const large = async () => 'x'.repeat(200_000);
    const failed = await start(machine, { journal, handlers: { 'lambda:invoke': large } }).result;
    expect(failed.error).toBe('States.DataLimitExceeded');
    const { result } = await redrive(machine, journal, { handlers: { 'lambda:invoke': async () => 'y' } });
    expect(result.output).toEqual(['y', 'y']);
  });

  test('can be redriven again, and counts', async () => {
    const journal = createMemoryJournal();
    await start(CHAIN, { journal, ...recording(() => true) }).result;
    expect(
      (
        await redrive(
          CHAIN,
          journal,
          recording(() => true),
        )
      ).result.status,
    ).toBe('FAILED');
    const { execution } = await redrive(CHAIN, journal);
    expect(execution.redriveCount).toBe(2);
  });

  test('is for executions that were stopped or timed out too', async () => {
    const journal = createMemoryJournal();
    const machine = { TimeoutSeconds: 5, ...CHAIN };
    const execution = start(machine, { journal, handlers: { 'lambda:invoke': () => new Promise(() => {}) } });
    expect((await execution.result).status).toBe('TIMED_OUT');
    expect((await redrive(machine, journal)).result.status).toBe('SUCCEEDED');
  });

  test('is refused for an execution that has succeeded, and for one that nobody knows', async () => {
    const journal = createMemoryJournal();
    await start(CHAIN, { journal, ...recording() }).result;
    await expect(redrive(CHAIN, journal)).rejects.toThrow(NotRedrivable);
    await expect(redrive(CHAIN, createMemoryJournal())).rejects.toThrow(NotRedrivable);
  });

  test('runs of a Parallel and an inline Map only what did not succeed', async () => {
    const branch = (name: string) => ({
      StartAt: name,
      States: { [name]: { ...TASK, Parameters: { name }, End: true } },
    });
    const machine = single({
      Type: 'Parallel',
      Branches: [
        branch('A'),
        {
          StartAt: 'Before',
          States: {
            Before: { ...TASK, Parameters: { name: 'Before' }, ResultPath: null, Next: 'Each' },
            Each: {
              Type: 'Map',
              MaxConcurrency: 1,
              ItemsPath: '$.items',
              ItemProcessor: { StartAt: 'P', States: { P: { ...TASK, End: true } } },
              End: true,
            },
          },
        },
      ],
      End: true,
    });
    const journal = createMemoryJournal();
    await start(machine, { journal, input: { items: [1, 2, 3] }, ...recording((input) => input === 2) })
      .result;
    const after = recording();
    const { result } = await redrive(machine, journal, after);
    expect(result.output).toEqual([{ name: 'A' }, [1, 2, 3]]);
    expect(after.seen).toEqual([2, 3]);
  });

  test('waits for a journal that takes time before it goes on', async () => {
    const memory = createMemoryJournal();
    const order: string[] = [];
    const journal: ExecutionJournal = {
      append: async (text) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        memory.append(text);
        if (text.includes('"state"')) order.push('noted');
      },
      read: () => memory.read(),
    };
    const handlers: Record<string, TaskHandler> = {
      'lambda:invoke': async (input) => {
        order.push('called');
        return input;
      },
    };
    await start(CHAIN, { journal, handlers }).result;
    expect(order).toEqual(['noted', 'called', 'noted', 'called']);
  });
});

describe('a redriven Map Run', () => {
  const ROWS = distributed({
    ...readerOf(CSV),
    ...WRITER,
    MaxConcurrency: 1,
    ItemBatcher: { MaxItemsPerBatch: 2 },
    ToleratedFailureCount: 2,
  });
  const csv = 'id\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n';
  const has = (input: Json, ...ids: number[]) => ids.some((id) => JSON.stringify(input).includes(`"${id}"`));

  async function failed(objects: MemoryObjects) {
    const journal = createMemoryJournal();
    const before = await runMap(ROWS, {
      objects,
      journal,
      handlers: failing((input) => has(input, 2, 6)),
    });
    expect(nonZero(before.mapRun?.itemCounts)).toEqual({
      succeeded: 4,
      failed: 4,
      pending: 2,
      total: 10,
      resultsWritten: 8,
    });
    return { journal, ...before };
  }

  test('runs only the children that failed or were pending, and keeps the others', async () => {
    const objects = memoryObjects({ 'in/data': csv });
    const { journal, mapRun: before, id } = await failed(objects);
    const after = recording();
    const { result, mapRun, execution } = await redrive(ROWS, journal, { objects, ...after });
    expect(result.status).toBe('SUCCEEDED');
    expect(after.seen).toEqual([
      { Items: [{ id: '2' }, { id: '3' }] },
      { Items: [{ id: '6' }, { id: '7' }] },
      { Items: [{ id: '8' }, { id: '9' }] },
    ]);
    expect(mapRun?.mapRunArn).toBe(before?.mapRunArn);
    expect(mapRun).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1, redriveDate: new Date(1_000_000) });
    expect(nonZero(mapRun?.itemCounts)).toEqual({ succeeded: 10, total: 10, resultsWritten: 10 });
    expect(nonZero(mapRun?.executionCounts)).toEqual({ succeeded: 5, total: 5, resultsWritten: 5 });
    expect(objects.json(`out/results/${id}/manifest.json`)).toMatchObject({
      ResultFiles: { FAILED: [], PENDING: [] },
    });
    expect(objects.json(`out/results/${id}/SUCCEEDED_0.json`)).toHaveLength(5);
    expect(lines(execution.history()).slice(-6)).toEqual([
      '8 < 7 ExecutionRedriven',
      '9 < 8 MapRunRedriven',
      '10 < 9 MapRunSucceeded',
      '11 < 10 MapStateSucceeded',
      '12 < 10 MapStateExited',
      '13 < 12 ExecutionSucceeded',
    ]);
  });

  test('keeps the names of its children and counts their redrives', async () => {
    const objects = memoryObjects({ 'in/data': csv });
    const { journal, id } = await failed(objects);
    const former = namesIn(objects.json(`out/results/${id}/FAILED_0.json`));
    await redrive(ROWS, journal, { objects });
    const results = objects.json(`out/results/${id}/SUCCEEDED_0.json`);
    expect(namesIn(results)).toEqual(expect.arrayContaining(former));
    expect(results).toEqual(
      expect.arrayContaining(former.map((Name) => expect.objectContaining({ Name, RedriveCount: 1 }))),
    );
  });

  function namesIn(records: unknown): string[] {
    if (!Array.isArray(records)) throw new Error('no array');
    return records.map((record) => record.Name);
  }

  // input-output-contextobject: "the RedriveTime context object is only available for child workflows of type Standard".
  test.each([
    [{}, { RedriveCount: 1, RedriveTime: '1970-01-01T00:16:40Z' }],
    [EXPRESS, { RedriveCount: 0 }],
  ])('tells its children, if they are Standard, when they were redriven: %j', async (type, told) => {
    const machine = distributed({}, { ...TASK_PROCESSOR, ...type });
    const journal = createMemoryJournal();
    await runMap(machine, { journal, input: [1], handlers: failing(() => true) });
    const seen: unknown[] = [];
    const handler: TaskHandler = async (_, { context }) => {
      seen.push(context.Execution);
      return null;
    };
    await redrive(machine, journal, { handlers: { 'lambda:invoke': handler } });
    const { RedriveCount, RedriveTime } = Object(seen[0]);
    expect({ RedriveCount, RedriveTime }).toEqual(told);
  });

  // redrive-map-run: a Map Run that failed because of States.Runtime is followed by a new one.
  test('is a new one if it had failed because of States.Runtime', async () => {
    const machine = distributed({ ItemSelector: { 'a.$': '$$.Map.Item.Value.a' } });
    const journal = createMemoryJournal();
    const input = [{ a: 1 }, {}];
    const before = await runMap(machine, { journal, input });
    expect(before.result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    const { mapRun, execution } = await redrive(machine, journal);
    expect(mapRun?.redriveCount).toBe(0);
    expect(mapRun?.mapRunArn).not.toBe(before.mapRun?.mapRunArn);
    expect(lines(execution.history()).join()).not.toContain('MapRunRedriven');
  });

  // redrive-map-run: "the hard limit of 1000 redrives of a given Map Run. If you've exceeded this limit, you'll see the
  // States.Runtime error."
  test('is redriven 1000 times at most', async () => {
    const objects = memoryObjects({ 'in/data': csv });
    const { journal } = await failed(objects);
    const often: ExecutionJournal = {
      append: () => {},
      async *read() {
        for await (const text of journal.read()) {
          yield String(text).replace('"redriveCount":0', '"redriveCount":1000');
        }
      },
    };
    expect((await redrive(ROWS, often, { objects })).result).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringContaining('1000 times'),
    });
  });

  test('puts kept and new outputs in the order of the items', async () => {
    const machine = distributed({ MaxConcurrency: 1 });
    const journal = createMemoryJournal();
    const input = [0, 1, 2, 3];
    await runMap(machine, { journal, input, handlers: failing((item) => item === 1) });
    expect((await redrive(machine, journal)).result.output).toEqual([0, 1, 2, 3]);
  });

  test('refuses a data set that has changed since', async () => {
    const objects = memoryObjects({ 'in/data': csv });
    const { journal } = await failed(objects);
    objects.files.set('in/data', Buffer.from(`${csv}10\n`));
    const { result } = await redrive(ROWS, journal, { objects });
    expect(result).toMatchObject({
      error: 'States.ItemReaderFailed',
      cause: expect.stringContaining('has changed'),
    });
  });

  test('takes one that could not be read before', async () => {
    const objects = memoryObjects();
    const journal = createMemoryJournal();
    expect((await runMap(ROWS, { objects, journal })).result.error).toBe('States.ItemReaderFailed');
    objects.files.set('in/data', Buffer.from(csv));
    expect((await redrive(ROWS, journal, { objects })).result.status).toBe('SUCCEEDED');
  });
});

describe('after the process was killed', () => {
  // Six rounds here, each killed at another moment; the whole is slow, as each starts two processes.
  test.each([1, 2, 3, 4, 5, 6])(
    'a redrive records the result of each child once (round %i)',
    async (round) => {
      const folder = mkdtempSync(join(tmpdir(), 'redrive-'));
      try {
        expect(await runUntilKilled(folder, 15 + round * 17)).toBe('SIGKILL');
        const journal: ExecutionJournal = {
          append: () => {},
          read: () => createReadStream(join(folder, 'journal')),
        };
        expect(existsSync(join(folder, 'journal'))).toBe(true);
        const texts: string[] = [];
        const objects = memoryObjects({ 'in/data': rowsOfKilled() });
        const machine = loadDefinition(KILLED);
        const execution = await redriveExecution(machine, {
          journal: { ...journal, append: (text) => void texts.push(text) },
          objects,
          handlers: failing(() => false),
        });
        const result = await execution.result;
        expect(result.status).toBe('SUCCEEDED');
        const id = execution.mapRuns()[0]?.mapRunArn.split(':').at(-1);
        const results = objects.json(`out/results/${id}/SUCCEEDED_0.json`);
        if (!Array.isArray(results)) throw new Error('no results');
        const ids = results.flatMap((record) =>
          JSON.parse(record.Input).Items.map((row: { id: string }) => row.id),
        );
        expect(ids.map(Number).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 5_000 }, (_, index) => index),
        );
        // Something was done before, or the round says nothing; and it was not done again.
        const before = readFileSync(join(folder, 'journal'), 'utf8').split('"type":"child"').length - 1;
        const after = texts.join('').split('"type":"child"').length - 1;
        expect(before).toBeGreaterThan(0);
        expect(after).toBeGreaterThanOrEqual(500 - before);
        expect(after).toBeLessThan(500);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  const KILLED = distributed({
    ...readerOf(CSV),
    ...WRITER,
    MaxConcurrency: 10,
    ItemBatcher: { MaxItemsPerBatch: 10 },
  });

  function rowsOfKilled(): string {
    return `id\n${Array.from({ length: 5_000 }, (_, index) => `${index}\n`).join('')}`;
  }

  /** Runs the machine in a process of its own and kills that so many children after its start. */
  function runUntilKilled(folder: string, children: number): Promise<NodeJS.Signals | null> {
    const script = fileURLToPath(new URL('killed-execution.ts', import.meta.url));
    const args = [script, folder, JSON.stringify(KILLED), String(children)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    // It asks for its end in the middle of its work.
    child.stdout.once('data', () => child.kill('SIGKILL'));
    return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  }
});
