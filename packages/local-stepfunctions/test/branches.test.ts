import { describe, expect, test } from '@jest/globals';
import { createVirtualClock, type Json, TaskError, type TaskHandler } from '../src/index.ts';
import { lines, outputOf, problemsOf, run, single, start, TASK } from './run-machine.ts';

const pass = (name: string, fields: object = {}) => ({
  StartAt: name,
  States: { [name]: { Type: 'Pass', ...fields, End: true } },
});

const task = (name: string, fields: object = {}) => ({
  StartAt: name,
  States: { [name]: { ...TASK, ...fields, End: true } },
});

describe('a Parallel', () => {
  test('gives every branch the effective input and their outputs in order', async () => {
    const parallel = {
      Type: 'Parallel',
      Parameters: { 'n.$': '$.a' },
      Branches: [
        pass('A', { Parameters: { 'x.$': '$.n' } }),
        { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 5, End: true } } },
      ],
      ResultSelector: { 'both.$': '$' },
      ResultPath: '$.out',
      End: true,
    };
    expect(await outputOf(single(parallel), { input: { a: 1 } })).toEqual({
      a: 1,
      out: { both: [{ x: 1 }, { n: 1 }] },
    });
  });

  test('runs its branches side by side', async () => {
    const wait = (name: string, Seconds: number) => ({
      StartAt: name,
      States: { [name]: { Type: 'Wait', Seconds, End: true } },
    });
    const result = await run(
      single({ Type: 'Parallel', Branches: [wait('A', 60), wait('B', 40)], End: true }),
    );
    expect(result.stopDate.getTime()).toBe(60_000);
  });

  test('stops the other branches when one fails, and can be caught', async () => {
    const clock = createVirtualClock();
    const signals: AbortSignal[] = [];
    const handlers: Record<string, TaskHandler> = {
      'lambda:invoke': async (input, { signal }) => {
        signals.push(signal);
        await clock.sleep(JSON.stringify(input) === '{"seconds":1}' ? 1_000 : 60_000, signal);
        throw new TaskError('Broken', 'as planned');
      },
    };
    const execution = start(
      {
        StartAt: 'Both',
        States: {
          Both: {
            Type: 'Parallel',
            Branches: [task('A', { Parameters: { seconds: 60 } }), task('B', { Parameters: { seconds: 1 } })],
            Catch: [{ ErrorEquals: ['Broken'], Next: 'Caught' }],
            End: true,
          },
          Caught: { Type: 'Pass', End: true },
        },
      },
      { clock, handlers },
    );
    const result = await execution.result;
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'Broken', Cause: 'as planned' } });
    expect(result.stopDate.getTime()).toBe(1_000);
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    expect(lines(execution.history()).slice(2)).toEqual([
      '3 < 2 ParallelStateStarted',
      '4 < 3 TaskStateEntered',
      '5 < 4 TaskScheduled',
      '6 < 5 TaskStarted',
      '7 < 3 TaskStateEntered',
      '8 < 7 TaskScheduled',
      '9 < 8 TaskStarted',
      '10 < 9 TaskFailed',
      '11 < 10 TaskStateAborted',
      '12 < 10 TaskStateAborted',
      '13 < 10 ParallelStateFailed',
      '14 < 13 ParallelStateExited',
      '15 < 14 PassStateEntered',
      '16 < 15 PassStateExited',
      '17 < 16 ExecutionSucceeded',
    ]);
  });

  test('is tried again as a whole', async () => {
    let attempts = 0;
    const handlers: Record<string, TaskHandler> = {
      'lambda:invoke': async () => {
        attempts += 1;
        if (attempts < 3) throw new TaskError('Flaky');
        return attempts;
      },
    };
    const parallel = {
      Type: 'Parallel',
      Branches: [task('A'), pass('B', { Result: 'b' })],
      Retry: [{ ErrorEquals: ['Flaky'] }],
      End: true,
    };
    expect(await outputOf(single(parallel), { handlers })).toEqual([3, 'b']);
  });

  test('a States.Runtime error in a branch fails the execution, whatever is caught', async () => {
    const parallel = {
      Type: 'Parallel',
      Branches: [pass('A', { InputPath: '$.missing' })],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Only' }],
      End: true,
    };
    expect(await run(single(parallel))).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });
});

describe('a Map', () => {
  const map = (fields: object, processor: object = pass('P')) =>
    single({ Type: 'Map', ItemProcessor: processor, ...fields, End: true });

  test('runs its processor for every item and gives the outputs in order', async () => {
    const definition = map(
      { ItemsPath: '$.items', ResultPath: '$.out' },
      pass('P', { Parameters: { 'v.$': '$' } }),
    );
    expect(await outputOf(definition, { input: { items: ['a', null, [1]] } })).toEqual({
      items: ['a', null, [1]],
      out: [{ v: 'a' }, { v: null }, { v: [1] }],
    });
  });

  test('of no items gives an empty list', async () => {
    expect(await outputOf(map({}), { input: [] })).toEqual([]);
  });

  test.each([
    ['ItemSelector', 'ItemProcessor'],
    ['Parameters', 'Iterator'],
  ])('shapes the items with %s, for its %s', async (selector, processor) => {
    const definition = single({
      Type: 'Map',
      ItemsPath: '$.items',
      [selector]: {
        'shared.$': '$.shared',
        'index.$': '$$.Map.Item.Index',
        'value.$': '$$.Map.Item.Value',
      },
      [processor]: pass('P'),
      End: true,
    });
    expect(await outputOf(definition, { input: { items: ['a', 'b'], shared: 1 } })).toEqual([
      { shared: 1, index: 0, value: 'a' },
      { shared: 1, index: 1, value: 'b' },
    ]);
  });

  test('tells the states of an iteration which item is theirs, the innermost of nested maps', async () => {
    const inner = {
      StartAt: 'Inner',
      States: {
        Inner: {
          Type: 'Map',
          ItemProcessor: pass('P', {
            Parameters: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value' },
          }),
          Next: 'Outer',
        },
        Outer: { Type: 'Pass', Parameters: { 'in.$': '$', 'i.$': '$$.Map.Item.Index' }, End: true },
      },
    };
    expect(await outputOf(map({}, inner), { input: [['a'], ['b']] })).toEqual([
      { in: [{ i: 0, v: 'a' }], i: 0 },
      { in: [{ i: 0, v: 'b' }], i: 1 },
    ]);
  });

  test.each<[object, Json, number]>([
    [{}, null, 40],
    [{ MaxConcurrency: 0 }, null, 40],
    [{ MaxConcurrency: 1 }, null, 1],
    [{ MaxConcurrency: 7 }, null, 7],
    [{ MaxConcurrency: 100 }, null, 40],
    [{ MaxConcurrencyPath: '$.most' }, 3, 3],
  ])('with %j (%j) has at most %d iterations at work', async (fields, most, expected) => {
    const clock = createVirtualClock();
    let atWork = 0;
    let peak = 0;
    const handlers: Record<string, TaskHandler> = {
      'lambda:invoke': async (_input, { signal }) => {
        atWork += 1;
        peak = Math.max(peak, atWork);
        await clock.sleep(1_000, signal);
        atWork -= 1;
      },
    };
    const input = { items: new Array(60).fill(0), most };
    await outputOf(map({ ItemsPath: '$.items', ...fields }, task('P')), { clock, handlers, input });
    expect(peak).toBe(expected);
  });

  test.each<[Json]>([[-1], [1.5], ['x'], [{}]])('refuses a MaxConcurrencyPath to %j', async (most) => {
    const definition = map({ ItemsPath: '$.items', MaxConcurrencyPath: '$.most' });
    expect(await run(definition, { input: { items: [1], most } })).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringContaining('which is not a valid integer: $.most'),
    });
  });

  test.each<[object, Json]>([
    [{}, { a: 1 }],
    [{ ItemsPath: '$.items' }, {}],
    [{ ItemsPath: '$.items' }, { items: 'abc' }],
  ])('of what is no list (%j, %j) fails as States.Runtime', async (fields, input) => {
    expect(await run(map(fields), { input })).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringContaining('must point to array'),
    });
  });

  test('stops at the first failure and starts no further item', async () => {
    const seen: Json[] = [];
    const handlers: Record<string, TaskHandler> = {
      'lambda:invoke': async (input) => {
        seen.push(input);
        if (input === 2) throw new TaskError('Two');
      },
    };
    const execution = start(map({ MaxConcurrency: 1 }, task('P')), { input: [1, 2, 3], handlers });
    expect(await execution.result).toMatchObject({ status: 'FAILED', error: 'Two' });
    expect(seen).toEqual([1, 2]);
    expect(lines(execution.history()).slice(-5)).toEqual([
      '15 < 14 TaskFailed',
      '16 < 15 MapIterationFailed',
      '17 < 15 TaskStateAborted',
      '18 < 15 MapStateFailed',
      '19 < 18 ExecutionFailed',
    ]);
  });

  test('aborts the iterations beside the one that failed', async () => {
    const clock = createVirtualClock();
    const handlers: Record<string, TaskHandler> = {
      'lambda:invoke': async (input, { signal }) => {
        await clock.sleep(Number(input) * 1_000, signal);
        throw new TaskError('Late');
      },
    };
    const execution = start(map({}, task('P')), { input: [1, 5], handlers, clock });
    await execution.result;
    expect(lines(execution.history()).slice(-7)).toEqual([
      '12 < 8 TaskFailed',
      '13 < 12 MapIterationFailed',
      '14 < 12 TaskStateAborted',
      '15 < 12 MapIterationAborted',
      '16 < 12 TaskStateAborted',
      '17 < 12 MapStateFailed',
      '18 < 17 ExecutionFailed',
    ]);
  });

  test('is tried again as a whole, without a failed event before the last', async () => {
    const fail = { StartAt: 'F', States: { F: { Type: 'Fail', Error: 'E' } } };
    const execution = start(map({ Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }] }, fail), { input: [1] });
    await execution.result;
    expect(lines(execution.history()).slice(1)).toEqual([
      '2 < 0 MapStateEntered',
      '3 < 2 MapStateStarted',
      '4 < 3 MapIterationStarted',
      '5 < 4 FailStateEntered',
      '6 < 5 MapIterationFailed',
      '7 < 5 MapStateStarted',
      '8 < 7 MapIterationStarted',
      '9 < 8 FailStateEntered',
      '10 < 9 MapIterationFailed',
      '11 < 9 MapStateFailed',
      '12 < 11 ExecutionFailed',
    ]);
  });

  test('an ItemSelector that fails is caught like any failure of the Map', async () => {
    const definition = {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          MaxConcurrency: 1,
          ItemSelector: { 'v.$': 'States.MathAdd($$.Map.Item.Value, 1)' },
          ItemProcessor: pass('P'),
          Catch: [{ ErrorEquals: ['States.IntrinsicFailure'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', Result: 'caught', End: true },
      },
    };
    expect(await outputOf(definition, { input: [1, 'x', 3] })).toBe('caught');
  });

  test.each<[object, string]>([
    [{ ItemProcessor: undefined }, 'the field ItemProcessor is required'],
    [{ Iterator: pass('Q') }, 'gives ItemProcessor and Iterator'],
    [{ ItemSelector: {}, Parameters: {} }, 'gives ItemSelector and Parameters'],
    [{ ToleratedFailureCount: 1 }, '/ToleratedFailureCount: is allowed with Mode DISTRIBUTED only'],
    [{ MaxConcurrency: -1 }, '/MaxConcurrency: must be a number from 0'],
    [
      { ItemProcessor: { ...pass('P'), ProcessorConfig: { ExecutionType: 'STANDARD' } } },
      '/ProcessorConfig/ExecutionType: is allowed with Mode DISTRIBUTED only',
    ],
  ])('with %j is refused when the definition is loaded', (fields, message) => {
    expect(problemsOf(map(fields)).join('\n')).toContain(message);
  });

  test('with Mode INLINE is taken', () => {
    expect(problemsOf(map({ ItemProcessor: { ...pass('P'), ProcessorConfig: { Mode: 'INLINE' } } }))).toEqual(
      [],
    );
  });
});
