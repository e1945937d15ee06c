import { describe, expect, test } from '@jest/globals';
import { type ChildExecution, createVirtualClock, type Json, type MapRun, TaskError } from '../src/index.ts';
import {
  CSV,
  distributed,
  EXPRESS,
  failing,
  nonZero,
  PASS_PROCESSOR,
  readerOf,
  runMap,
  TASK_PROCESSOR,
  WRITER,
} from './distributed-machine.ts';
import { memoryObjects } from './memory-objects.ts';
import { lines, start } from './run-machine.ts';

// Quoted rules are what was observed on AWS; documentation is
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html and what it links to.

const THREE = memoryObjects({ 'in/data': 'id\na\nb\nc\n' });

describe('a Distributed Map', () => {
  test('gives each item to a child execution and their outputs in the order of the items', async () => {
    const clock = createVirtualClock();
    const handlers = {
      'lambda:invoke': async (input: Json) => {
        await clock.sleep(Number(input) * 1_000, new AbortController().signal);
        return input;
      },
    };
    const { result } = await runMap(distributed(), { input: [3, 1, 2], handlers, clock });
    expect(result.output).toEqual([3, 1, 2]);
  });

  test('"Order: ItemReader, ItemSelector, ItemBatcher."', async () => {
    const { result } = await runMap(
      distributed({
        ...readerOf(CSV),
        ItemSelector: { 'row.$': '$$.Map.Item.Value' },
        ItemBatcher: { MaxItemsPerBatch: 2 },
      }),
      { objects: THREE },
    );
    expect(result.output).toEqual([
      { Items: [{ row: { id: 'a' } }, { row: { id: 'b' } }] },
      { Items: [{ row: { id: 'c' } }] },
    ]);
  });

  test('"With an ItemReader, ItemsPath has no effect."', async () => {
    const { result } = await runMap(distributed({ ...readerOf(CSV), ItemsPath: '$.nothing' }), {
      objects: THREE,
    });
    expect(result.output).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
  });

  test('"$$.Map.Item.Index counts in the data set, not in the batch."', async () => {
    const { result } = await runMap(
      distributed({ ItemSelector: { 'i.$': '$$.Map.Item.Index' }, ItemBatcher: { MaxItemsPerBatch: 2 } }),
      { input: ['a', 'b', 'c'] },
    );
    expect(result.output).toEqual([{ Items: [{ i: 0 }, { i: 1 }] }, { Items: [{ i: 2 }] }]);
  });

  test.each<[string, object]>([
    ['STATE_DATA', {}],
    ['s3://in/data', readerOf(CSV)],
    [
      's3://in',
      { ItemReader: { Resource: 'arn:aws:states:::s3:listObjectsV2', Parameters: { Bucket: 'in' } } },
    ],
  ])(
    '"$$.Map.Item.Source is STATE_DATA, s3://bucket/key, or s3://bucket for a plain listing": %s',
    async (source, fields) => {
      const { result } = await runMap(
        distributed({ ...fields, ItemSelector: { 's.$': '$$.Map.Item.Source' } }),
        {
          input: [1],
          objects: memoryObjects({ 'in/data': 'id\na\n' }),
        },
      );
      expect(result.output).toEqual([{ s: source }]);
    },
  );

  test('"A batch is {BatchInput, Items}, BatchInput absent where none is given."', async () => {
    const batched = (ItemBatcher: object) => distributed({ ItemsPath: '$.items', ItemBatcher });
    const input = { run: 'r1', items: [1, 2] };
    const plain = await runMap(batched({ MaxItemsPerBatch: 9 }), { input });
    expect(plain.result.output).toEqual([{ Items: [1, 2] }]);
    const withInput = await runMap(
      batched({ MaxItemsPerBatch: 9, BatchInput: { 'run.$': '$.run', name: 'n' } }),
      { input },
    );
    expect(withInput.result.output).toEqual([{ BatchInput: { run: 'r1', name: 'n' }, Items: [1, 2] }]);
  });

  test('"A child has its own $$.Execution and no $$.Map."', async () => {
    const contexts: unknown[] = [];
    const { mapRun } = await runMap(distributed({ Label: 'Rows' }), {
      input: ['a'],
      stateMachineName: 'orders',
      handlers: {
        'lambda:invoke': async (_, { context }) => {
          contexts.push(context);
        },
      },
    });
    expect(mapRun?.mapRunArn).toMatch(/^arn:aws:states:local:\d{12}:mapRun:orders\/Rows:[0-9a-f-]{36}$/);
    expect(contexts).toEqual([
      {
        Execution: expect.objectContaining({
          Id: expect.stringMatching(/^arn:aws:states:local:\d{12}:execution:orders\/Rows:[0-9a-f-]{36}$/),
          Input: 'a',
          RedriveCount: 0,
        }),
        State: expect.objectContaining({ Name: 'Work' }),
        StateMachine: expect.objectContaining({ Name: 'orders/Rows' }),
      },
    ]);
  });

  test('gives the members of an object as pairs of Key and Value', async () => {
    const { result } = await runMap(distributed({}, PASS_PROCESSOR), { input: { a: 1, b: 2 } });
    expect(result.output).toEqual([
      { Key: 'a', Value: 1 },
      { Key: 'b', Value: 2 },
    ]);
  });

  test('fails before it starts if its items are none', async () => {
    const { result, mapRun } = await runMap(distributed({ ItemsPath: '$.n' }), { input: { n: 1 } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(mapRun).toBeUndefined();
  });

  test('records its Map Run and nothing of its children', async () => {
    const { execution } = await runMap(distributed(), { input: [1, 2] });
    expect(lines(execution.history())).toEqual([
      '1 < 0 ExecutionStarted',
      '2 < 0 MapStateEntered',
      '3 < 2 MapStateStarted',
      '4 < 3 MapRunStarted',
      '5 < 4 MapRunSucceeded',
      '6 < 5 MapStateSucceeded',
      '7 < 5 MapStateExited',
      '8 < 7 ExecutionSucceeded',
    ]);
    expect(execution.history()[2]?.mapStateStartedEventDetails).toEqual({ length: 0 });
  });

  test('runs no more children side by side than MaxConcurrency says, but as many', async () => {
    const clock = createVirtualClock();
    let running = 0;
    let most = 0;
    const handlers = {
      'lambda:invoke': async () => {
        running += 1;
        most = Math.max(most, running);
        await clock.sleep(1_000, new AbortController().signal);
        running -= 1;
      },
    };
    const { result } = await runMap(distributed({ MaxConcurrencyPath: '$.most', ItemsPath: '$.items' }), {
      input: { most: 3, items: [1, 2, 3, 4, 5, 6, 7] },
      handlers,
      clock,
    });
    expect(most).toBe(3);
    expect(result.stopDate.getTime()).toBe(3_000);
  });

  test('can be given another MaxConcurrency and tolerance while it runs', async () => {
    const clock = createVirtualClock();
    const handlers = {
      'lambda:invoke': async () => {
        await clock.sleep(1_000, new AbortController().signal);
        throw new TaskError('Bad');
      },
    };
    const { result, mapRun } = await runMap(distributed({ MaxConcurrency: 1, ToleratedFailureCount: 1 }), {
      input: [1, 2, 3, 4],
      handlers,
      clock,
      onMapRun: (run) => run.update({ maxConcurrency: 4, toleratedFailureCount: 4 }),
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(result.stopDate.getTime()).toBe(1_000);
    expect(mapRun).toMatchObject({ maxConcurrency: 4, toleratedFailureCount: 4 });
  });

  test('runs a Distributed Map inside a child', async () => {
    const inner = {
      StartAt: 'Inner',
      States: {
        Inner: {
          Type: 'Map',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
            ...PASS_PROCESSOR,
          },
          End: true,
        },
      },
    };
    const { result } = await runMap(distributed({}, inner), { input: [[1, 2], [3]] });
    expect(result.output).toEqual([[1, 2], [3]]);
  });

  test('runs JSONata, without the variables of the states around it', async () => {
    const definition = {
      QueryLanguage: 'JSONata',
      ...distributed({
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig: { ...CSV, MaxItems: '{% $states.input.most %}' },
          Arguments: { Bucket: 'in', Key: '{% $states.input.key %}' },
        },
        ItemSelector: {
          id: '{% $states.context.Map.Item.Value.id & $string($states.context.Map.Item.Index) %}',
        },
        ItemBatcher: {
          MaxItemsPerBatch: '{% $states.input.size %}',
          BatchInput: { all: '{% $states.input.most %}' },
        },
        ToleratedFailurePercentage: '{% 12.5 %}',
      }),
    };
    const processor = { StartAt: 'Same', States: { Same: { Type: 'Pass', End: true } } };
    const { result, mapRun } = await runMap(
      JSON.parse(JSON.stringify(definition), (key, value) =>
        key === 'ItemProcessor' ? { ...value, ...processor } : value,
      ),
      { input: { key: 'data', most: 3, size: 2 }, objects: THREE },
    );
    expect(result.output).toEqual([
      { BatchInput: { all: 3 }, Items: [{ id: 'a0' }, { id: 'b1' }] },
      { BatchInput: { all: 3 }, Items: [{ id: 'c2' }] },
    ]);
    expect(mapRun?.toleratedFailurePercentage).toBe(12.5);
  });

  test('takes the members of an object in JSONata too', async () => {
    const definition = {
      QueryLanguage: 'JSONata',
      ...distributed({ Items: '{% $states.input.all %}' }, PASS_PROCESSOR),
    };
    const { result } = await runMap(definition, { input: { all: { a: 1 } } });
    expect(result.output).toEqual([{ Key: 'a', Value: 1 }]);
    expect((await runMap(definition, { input: { all: 'a' } })).result.error).toBe(
      'States.QueryEvaluationError',
    );
  });

  test('refuses to start without the objects that it reads or writes', () => {
    expect(() => start(distributed(readerOf(CSV)), { handlers: failing(() => false) })).toThrow(
      '/States/Only: there is no object store to read from or write to',
    );
    expect(() => start(distributed(WRITER), { handlers: failing(() => false) })).toThrow('no object store');
  });
});

describe('MaxItems', () => {
  const withMaxItems = (fields: object, input: Json = {}) =>
    runMap(distributed(readerOf({ ...CSV, ...fields })), { objects: THREE, input });

  test('stops the reader', async () => {
    const { result, mapRun } = await withMaxItems({ MaxItems: 2 });
    expect(result.output).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(mapRun?.itemCounts.total).toBe(2);
  });

  test('"MaxItems 0 means all"', async () => {
    expect((await withMaxItems({ MaxItems: 0 })).result.output).toHaveLength(3);
    expect((await withMaxItems({ MaxItemsPath: '$.n' }, { n: 0 })).result.output).toHaveLength(3);
  });

  test('"a negative MaxItemsPath value fails the map run (States.ItemReaderFailed)"', async () => {
    const { result, mapRun } = await withMaxItems({ MaxItemsPath: '$.n' }, { n: -1 });
    expect(result.error).toBe('States.ItemReaderFailed');
    expect(mapRun?.status).toBe('FAILED');
  });

  test('"a fractional one is States.Runtime before it"', async () => {
    const { result, mapRun } = await withMaxItems({ MaxItemsPath: '$.n' }, { n: 1.5 });
    expect(result.error).toBe('States.Runtime');
    expect(mapRun).toBeUndefined();
  });
});

describe('the tolerance', () => {
  const numbers = Array.from({ length: 10 }, (_, index) => index);
  const atMost = (fields: object, options: object = {}) =>
    runMap(distributed({ MaxConcurrency: 1, ...fields }), {
      input: numbers,
      handlers: failing((input) => Number(input) < 2),
      ...options,
    });

  test('"Default tolerance 0. Items not started by then are PENDING."', async () => {
    const { result, mapRun } = await atMost({});
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    expect(nonZero(mapRun?.itemCounts)).toEqual({ failed: 1, pending: 9, total: 10 });
  });

  test.each<[object, string]>([
    [{ ToleratedFailureCount: 1 }, 'FAILED'],
    [{ ToleratedFailureCount: 2 }, 'SUCCEEDED'],
    [{ ToleratedFailurePercentage: 19 }, 'FAILED'],
    [{ ToleratedFailurePercentage: 20 }, 'SUCCEEDED'],
    [{ ToleratedFailurePercentage: 100 }, 'SUCCEEDED'],
    [{ ToleratedFailureCount: 5, ToleratedFailurePercentage: 10 }, 'FAILED'],
    [{ ToleratedFailureCount: 1, ToleratedFailurePercentage: 50 }, 'FAILED'],
  ])(
    '"The run fails only when the tolerated count or percentage is exceeded": %j',
    async (fields, status) => {
      expect((await atMost(fields)).result.status).toBe(status);
    },
  );

  test('"Percentages may be fractions."', async () => {
    expect((await atMost({ ToleratedFailurePercentage: 19.9 })).result.status).toBe('FAILED');
    expect((await atMost({ ToleratedFailurePercentage: 20.1 })).result.status).toBe('SUCCEEDED');
  });

  test('counts items, also those of a batch that failed as a whole', async () => {
    const { result, mapRun } = await atMost(
      { ItemBatcher: { MaxItemsPerBatch: 5 }, ToleratedFailureCount: 4 },
      { handlers: failing((input) => JSON.stringify(input).includes('[0,')) },
    );
    expect(result.error).toBe('States.ExceedToleratedFailureThreshold');
    expect(nonZero(mapRun?.itemCounts)).toEqual({ failed: 5, pending: 5, total: 10 });
    expect(nonZero(mapRun?.executionCounts)).toEqual({ failed: 1, pending: 1, total: 2 });
  });

  test('"itemCounts count items, executionCounts batches."', async () => {
    const { mapRun } = await atMost(
      { ItemBatcher: { MaxItemsPerBatch: 4 } },
      { handlers: failing(() => false) },
    );
    expect(nonZero(mapRun?.itemCounts)).toEqual({ succeeded: 10, total: 10 });
    expect(nonZero(mapRun?.executionCounts)).toEqual({ succeeded: 3, total: 3 });
  });

  test('"Catch and Retry of the Map see that name, never the item\'s."', async () => {
    const caught = (name: string) =>
      runMap(
        {
          StartAt: 'Rows',
          States: {
            Rows: {
              Type: 'Map',
              ItemProcessor: {
                ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
                ...TASK_PROCESSOR,
              },
              Catch: [{ ErrorEquals: [name], Next: 'Caught' }],
              End: true,
            },
            Caught: { Type: 'Pass', End: true },
          },
        },
        { input: [1], handlers: failing(() => true) },
      );
    expect((await caught('Bad')).result.status).toBe('FAILED');
    expect((await caught('States.ExceedToleratedFailureThreshold')).result.output).toEqual({
      Error: 'States.ExceedToleratedFailureThreshold',
      Cause: 'The specified tolerated failure threshold was exceeded',
    });
  });

  test('a Retry of the Map starts another Map Run', async () => {
    let calls = 0;
    const execution = start(
      distributed({ Retry: [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'] }] }),
      {
        input: [1],
        handlers: {
          'lambda:invoke': async () => {
            calls += 1;
            if (calls === 1) throw new TaskError('Bad');
          },
        },
      },
    );
    expect((await execution.result).status).toBe('SUCCEEDED');
    expect(new Set(execution.mapRuns().map((mapRun) => mapRun.mapRunArn)).size).toBe(2);
  });

  test.each([{ ToleratedFailureCountPath: '$.n' }, { ToleratedFailurePercentagePath: '$.n' }])(
    '"A bad Tolerated…Path is States.Runtime, not catchable.": %j',
    async (fields) => {
      const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Only' }];
      const { result } = await runMap(distributed({ ...fields, ItemsPath: '$.items', Catch }), {
        input: { n: -1, items: [1] },
      });
      expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    },
  );

  test('stops the children that run when it is exceeded', async () => {
    const clock = createVirtualClock();
    const signals: AbortSignal[] = [];
    const { result, mapRun, execution } = await runMap(distributed(), {
      clock,
      input: [1, 60, 60],
      handlers: {
        'lambda:invoke': async (input, { signal }) => {
          signals.push(signal);
          await clock.sleep(Number(input) * 1_000, signal);
          throw new TaskError('Bad');
        },
      },
    });
    expect(result.stopDate.getTime()).toBe(1_000);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true, true]);
    expect(nonZero(mapRun?.itemCounts)).toEqual({ failed: 1, aborted: 2, total: 3 });
    expect(lines(execution.history()).slice(-3)).toEqual([
      '5 < 4 MapRunFailed',
      '6 < 5 MapStateFailed',
      '7 < 6 ExecutionFailed',
    ]);
  });
});

describe('children', () => {
  test('that are Express time out after five minutes', async () => {
    const clock = createVirtualClock();
    const waits = (seconds: number) => ({
      ...EXPRESS,
      StartAt: 'Wait',
      States: { Wait: { Type: 'Wait', Seconds: seconds, End: true } },
    });
    expect((await runMap(distributed({}, waits(299)), { input: [1, 2], clock })).result.status).toBe(
      'SUCCEEDED',
    );
    const { result, mapRun } = await runMap(distributed({}, waits(301)), { input: [1, 2], clock });
    expect(result.error).toBe('States.ExceedToleratedFailureThreshold');
    expect(nonZero(mapRun?.executionCounts)).toMatchObject({ timedOut: 2, total: 2 });
  });

  test('can be watched; only Standard ones have a history', async () => {
    const children: ChildExecution[] = [];
    const watch = async (processor: object) => {
      children.length = 0;
      await runMap(distributed({}, processor), {
        input: ['a'],
        onChildExecution: (child) => children.push(child),
      });
      return children.map((child) => [child.status, child.output, lines(child.history())]);
    };
    expect(await watch(PASS_PROCESSOR)).toEqual([
      [
        'SUCCEEDED',
        'a',
        [
          '1 < 0 ExecutionStarted',
          '2 < 1 PassStateEntered',
          '3 < 2 PassStateExited',
          '4 < 3 ExecutionSucceeded',
        ],
      ],
    ]);
    expect(await watch({ ...PASS_PROCESSOR, ...EXPRESS })).toEqual([['SUCCEEDED', 'a', []]]);
  });

  test('cannot see the variables of the states around the Map', async () => {
    const { result } = await runMap({
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Result: [1], Assign: { x: 1 }, Next: 'Only' },
        Only: {
          Type: 'Map',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'Set2',
            States: {
              Set2: { Type: 'Pass', Assign: { x: 2 }, Next: 'Get' },
              Get: { Type: 'Pass', Parameters: { 'x.$': '$x' }, End: true },
            },
          },
          ResultPath: '$',
          Next: 'After',
        },
        After: { Type: 'Pass', Parameters: { 'x.$': '$x', 'all.$': '$' }, End: true },
      },
    });
    expect(result.output).toEqual({ x: 1, all: [{ x: 2 }] });
  });
});

describe('a Map Run that is stopped', () => {
  test('is ABORTED with its children, and writes no results', async () => {
    const objects = memoryObjects();
    const started: MapRun[] = [];
    const execution = start(distributed(WRITER), {
      objects,
      input: [1, 2],
      onMapRun: (mapRun) => started.push(mapRun),
      handlers: { 'lambda:invoke': () => new Promise(() => {}) },
    });
    await new Promise((resolve) => setImmediate(resolve));
    execution.stop('Enough');
    expect(await execution.result).toMatchObject({ status: 'ABORTED', error: 'Enough' });
    expect(started[0]?.describe()).toMatchObject({ status: 'ABORTED', executionCounts: { aborted: 2 } });
    expect(lines(execution.history()).at(-2)).toBe('5 < 4 MapRunAborted');
    expect(objects.files.size).toBe(0);
  });

  test('ends while it waits for its reader', async () => {
    const objects = memoryObjects({ 'in/data': 'id\n' });
    const execution = start(distributed(readerOf(CSV)), {
      objects: { ...objects, read: () => new Promise(() => {}) },
      handlers: failing(() => false),
    });
    await new Promise((resolve) => setImmediate(resolve));
    execution.stop();
    expect((await execution.result).status).toBe('ABORTED');
  });

  test('times out with the execution', async () => {
    const { result, mapRun } = await runMap(
      { TimeoutSeconds: 10, ...distributed() },
      { input: [1], handlers: { 'lambda:invoke': () => new Promise(() => {}) }, clock: createVirtualClock() },
    );
    expect(result.status).toBe('TIMED_OUT');
    expect(mapRun?.status).toBe('ABORTED');
  });
});
