import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createVirtualClock, type Json, TaskError, type TaskHandler } from '../src/index.ts';
import { outputOf, problemsOf, run, single, start, TASK } from './run-machine.ts';

/** A handler that fails with each error in turn, then gives `done`. */
function failing(...errors: Error[]): TaskHandler {
  const left = [...errors];
  return async () => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'done';
  };
}

const flaky = (fields: object, ...errors: Error[]) => {
  const clock = createVirtualClock();
  const machine = {
    StartAt: 'Work',
    States: {
      Work: { ...TASK, ...fields, Next: 'End' },
      ...(JSON.stringify(fields).includes('"Caught"') ? { Caught: { Type: 'Pass', End: true } } : {}),
      End: { Type: 'Succeed' },
    },
  };
  return run(machine, { clock, input: { in: 1 }, handlers: { 'lambda:invoke': failing(...errors) } });
};

const elapsed = (result: { startDate: Date; stopDate: Date }) =>
  (result.stopDate.getTime() - result.startDate.getTime()) / 1_000;

const error = (name: string, cause?: string) => new TaskError(name, cause);

describe('a handler fails its state', () => {
  test('with the error and cause of a TaskError', async () => {
    expect(await flaky({}, error('Custom', 'why'))).toMatchObject({
      status: 'FAILED',
      error: 'Custom',
      cause: 'why',
    });
  });

  test('with the name and message of any other exception', async () => {
    expect(await flaky({}, new RangeError('too far'))).toMatchObject({
      error: 'RangeError',
      cause: 'too far',
    });
  });

  test('with an exception of Node itself, and with whatever else is thrown', async () => {
    const machine = single({ ...TASK, End: true });
    const missing = { 'lambda:invoke': () => readFile('/no/such/file') };
    expect(await run(machine, { handlers: missing })).toMatchObject({
      error: 'Error',
      cause: expect.stringContaining('ENOENT'),
    });
    const text = { 'lambda:invoke': () => Promise.reject('a text') };
    expect(await run(machine, { handlers: text })).toMatchObject({ error: 'Error', cause: 'a text' });
  });

  test('with an exception thrown before it gave a promise', async () => {
    const result = await run(single({ ...TASK, End: true }), {
      handlers: {
        'lambda:invoke': () => {
          throw new TypeError('at once');
        },
      },
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'TypeError', cause: 'at once' });
  });
});

describe('Retry', () => {
  test('tries three times more by default, after 1, 2 and 4 seconds', async () => {
    const retry = { Retry: [{ ErrorEquals: ['E'] }] };
    const result = await flaky(retry, error('E'), error('E'), error('E'));
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: 'done' });
    expect(elapsed(result)).toBe(7);
    expect(await flaky(retry, ...new Array(4).fill(error('E')))).toMatchObject({
      status: 'FAILED',
      error: 'E',
    });
  });

  test('takes interval, rate, attempts and the longest delay from the retrier', async () => {
    const result = await flaky(
      {
        Retry: [
          { ErrorEquals: ['E'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 10 },
        ],
      },
      ...new Array(4).fill(error('E')),
    );
    expect(elapsed(result)).toBe(2 + 6 + 10 + 10);
  });

  test('does not try again with MaxAttempts 0', async () => {
    const retry = [{ ErrorEquals: ['E'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }];
    expect(await flaky({ Retry: retry }, error('E'))).toMatchObject({ status: 'FAILED', error: 'E' });
  });

  test('counts the attempts of each retrier for itself', async () => {
    const retry = [
      { ErrorEquals: ['A', 'B'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2 },
      { ErrorEquals: ['C'], IntervalSeconds: 5 },
    ];
    const result = await flaky({ Retry: retry }, error('A'), error('B'), error('C'), error('B'));
    expect(result).toMatchObject({ status: 'FAILED', error: 'B' });
    expect(elapsed(result)).toBe(1 + 2 + 5);
  });

  test('with full jitter waits a random part of the delay', async () => {
    const definition = single({
      ...TASK,
      Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 8, JitterStrategy: 'FULL' }],
      End: true,
    });
    const handlers = { 'lambda:invoke': failing(error('E'), error('E')) };
    expect(elapsed(await run(definition, { handlers, random: () => 0.25 }))).toBe(2 + 4);
  });

  test('tells the state how often it was tried again', async () => {
    const seen: Json[] = [];
    const definition = single({
      ...TASK,
      Parameters: { 'retry.$': '$$.State.RetryCount' },
      Retry: [{ ErrorEquals: ['States.ALL'] }],
      End: true,
    });
    const handler: TaskHandler = async (input) => {
      seen.push(input);
      if (seen.length < 3) throw error('E');
      return null;
    };
    await outputOf(definition, { handlers: { 'lambda:invoke': handler } });
    expect(seen).toEqual([{ retry: 0 }, { retry: 1 }, { retry: 2 }]);
  });

  test('delays grow, stay under the longest, and with jitter are never longer', async () => {
    const retrier = fc.record({
      IntervalSeconds: fc.integer({ min: 1, max: 60 }),
      BackoffRate: fc.double({ min: 1, max: 5, noNaN: true }),
      MaxDelaySeconds: fc.integer({ min: 61, max: 600 }),
      MaxAttempts: fc.integer({ min: 1, max: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(retrier, fc.double({ min: 0, max: 0.999, noNaN: true }), async (fields, chance) => {
        const runWith = async (jitter: 'FULL' | 'NONE') => {
          const definition = single({
            ...TASK,
            Retry: [{ ErrorEquals: ['E'], ...fields, JitterStrategy: jitter }],
            End: true,
          });
          const handlers = { 'lambda:invoke': failing(...new Array(fields.MaxAttempts).fill(error('E'))) };
          const execution = start(definition, { handlers, random: () => chance });
          await execution.result;
          const times = (type: string) =>
            execution
              .history()
              .flatMap((event) => (event.type === type ? event.timestamp.getTime() / 1_000 : []));
          const failed = times('TaskFailed');
          return times('TaskScheduled')
            .slice(1)
            .map((time, index) => time - (failed[index] ?? 0));
        };
        const [plain, jittered] = [await runWith('NONE'), await runWith('FULL')];
        expect(plain).toHaveLength(fields.MaxAttempts);
        plain.forEach((delay, attempt) => {
          const law = Math.min(
            fields.IntervalSeconds * fields.BackoffRate ** attempt,
            fields.MaxDelaySeconds,
          );
          expect(Math.abs(delay - law)).toBeLessThan(0.01);
          expect(jittered[attempt]).toBeLessThanOrEqual(delay + 0.002);
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe('Catch', () => {
  const catching = (errorEquals: string[], more: object = {}) => ({
    Catch: [{ ErrorEquals: errorEquals, Next: 'Caught', ...more }],
  });

  test('goes on with the error and its cause as input', async () => {
    const result = await flaky(catching(['E']), error('E', 'why'));
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'E', Cause: 'why' } });
  });

  test('puts the error beside the input with ResultPath', async () => {
    expect(await flaky(catching(['E'], { ResultPath: '$.error' }), error('E'))).toMatchObject({
      output: { in: 1, error: { Error: 'E', Cause: '' } },
    });
    expect(await flaky(catching(['E'], { ResultPath: null }), error('E'))).toMatchObject({
      output: { in: 1 },
    });
  });

  test('asks the catchers in order, after the retriers', async () => {
    const fields = {
      Retry: [{ ErrorEquals: ['A'], MaxAttempts: 1 }],
      Catch: [
        { ErrorEquals: ['B'], Next: 'End' },
        { ErrorEquals: ['A', 'B'], Next: 'Caught' },
      ],
    };
    const result = await flaky(fields, error('A'), error('A'));
    expect(result).toMatchObject({ output: { Error: 'A' } });
    expect(elapsed(result)).toBe(1);
  });

  test('of other errors leaves the execution to fail', async () => {
    expect(await flaky(catching(['Other', 'e']), error('E'))).toMatchObject({ status: 'FAILED', error: 'E' });
  });

  test.each<[wildcard: string, taken: string[], left: string[]]>([
    [
      'States.ALL',
      ['Anything', 'States.Timeout', 'States.Permissions', 'States.TaskFailed'],
      ['States.Runtime', 'States.DataLimitExceeded'],
    ],
    [
      'States.TaskFailed',
      ['Anything', 'States.Permissions'],
      ['States.Timeout', 'States.Runtime', 'States.DataLimitExceeded'],
    ],
  ])('of %s', async (wildcard, taken, left) => {
    for (const name of taken) {
      expect(await flaky(catching([wildcard]), error(name))).toMatchObject({ status: 'SUCCEEDED' });
    }
    for (const name of left) {
      expect(await flaky(catching([wildcard]), error(name))).toMatchObject({ status: 'FAILED', error: name });
    }
  });

  test('takes States.DataLimitExceeded by its name, but States.Runtime never', async () => {
    expect(
      await flaky(catching(['States.DataLimitExceeded']), error('States.DataLimitExceeded')),
    ).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await flaky(catching(['States.Runtime']), error('States.Runtime'))).toMatchObject({
      status: 'FAILED',
    });
  });

  test('fails the state if its own ResultPath cannot be applied', async () => {
    expect(await flaky(catching(['E'], { ResultPath: '$.in.error' }), error('E'))).toMatchObject({
      status: 'FAILED',
      error: 'States.ResultPathMatchFailure',
      cause: expect.stringContaining(
        "An error occurred while executing the state 'Work' (entered at the event id #2).",
      ),
    });
  });

  test('takes a failure to place the result', async () => {
    const fields = { ResultPath: '$.in.deep', ...catching(['States.ResultPathMatchFailure']) };
    expect(await flaky(fields)).toMatchObject({ output: { Error: 'States.ResultPathMatchFailure' } });
  });
});

describe('the definition is refused if', () => {
  const problems = (fields: object) => problemsOf(single({ ...TASK, ...fields, End: true }));

  test.each<[string, object, string]>([
    ['ErrorEquals is missing', { Retry: [{}] }, '/Retry[0]: the field ErrorEquals is required'],
    ['ErrorEquals is empty', { Retry: [{ ErrorEquals: [] }] }, '/Retry[0]/ErrorEquals: must name an error'],
    [
      'an error is no string',
      { Retry: [{ ErrorEquals: [1] }] },
      '/Retry[0]/ErrorEquals[0]: must be a string',
    ],
    ['a name is unknown', { Retry: [{ ErrorEquals: ['States.Al'] }] }, 'there is no error States.Al'],
    [
      'States.ALL has company',
      { Retry: [{ ErrorEquals: ['States.ALL', 'A'] }] },
      '/Retry[0]/ErrorEquals: States.ALL must stand alone, in the last entry',
    ],
    [
      'States.ALL is not last',
      { Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['A'] }] },
      '/Retry[0]/ErrorEquals: States.ALL must stand alone, in the last entry',
    ],
    [
      'the interval is 0',
      { Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 0 }] },
      '/Retry[0]/IntervalSeconds',
    ],
    ['the rate is below 1', { Retry: [{ ErrorEquals: ['A'], BackoffRate: 0.5 }] }, '/Retry[0]/BackoffRate'],
    ['attempts are negative', { Retry: [{ ErrorEquals: ['A'], MaxAttempts: -1 }] }, '/Retry[0]/MaxAttempts'],
    [
      'the longest delay is short',
      { Retry: [{ ErrorEquals: ['A'], MaxDelaySeconds: 1 }] },
      'greater than Interval',
    ],
    [
      'jitter is unknown',
      { Retry: [{ ErrorEquals: ['A'], JitterStrategy: 'full' }] },
      'must be FULL or NONE',
    ],
    [
      'a catcher leads nowhere',
      { Catch: [{ ErrorEquals: ['A'], Next: 'X' }] },
      "/Catch[0]/Next: there is no state 'X'",
    ],
    ['a catcher has no Next', { Catch: [{ ErrorEquals: ['A'] }] }, '/Catch[0]: the field Next is required'],
    [
      'a retrier has a strange field',
      { Retry: [{ ErrorEquals: ['A'], Next: 'X' }] },
      '/Retry[0]/Next: is not supported',
    ],
  ])('%s', (_what, fields, message) => {
    expect(problems(fields)).toEqual([expect.stringContaining(message)]);
  });
});
