import { describe, expect, test } from '@jest/globals';
import { type Clock, createVirtualClock, type TaskHandler, type TaskRun } from '../src/index.ts';
import { lines, outputOf, run, single, start, TASK } from './run-machine.ts';

/** A handler that works for so many seconds. */
const working = (clock: Clock, seconds: number): TaskHandler => {
  return async (_input, task) => {
    await clock.sleep(seconds * 1_000, task.signal);
    return 'done';
  };
};

const timed = (fields: object, handlerOf: (clock: Clock) => TaskHandler, input: object = {}) => {
  const clock = createVirtualClock();
  return start(single({ ...TASK, ...fields, End: true }), {
    clock,
    input,
    handlers: { 'lambda:invoke': handlerOf(clock) },
  });
};

describe('TimeoutSeconds', () => {
  test('lets a task be that finishes in time', async () => {
    expect(await timed({ TimeoutSeconds: 10 }, (clock) => working(clock, 9)).result).toMatchObject({
      output: 'done',
    });
  });

  test('fails one that does not as States.Timeout, with no cause', async () => {
    const execution = timed({ TimeoutSeconds: 10 }, (clock) => working(clock, 11));
    const result = await execution.result;
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(result).not.toHaveProperty('cause');
    expect(result.stopDate.getTime() - result.startDate.getTime()).toBe(10_000);
    expect(lines(execution.history()).slice(-2)).toEqual(['5 < 4 TaskTimedOut', '6 < 5 ExecutionFailed']);
  });

  test('does not wait for a handler that heeds no signal', async () => {
    const execution = timed({ TimeoutSeconds: 10 }, () => () => new Promise(() => {}));
    expect(await execution.result).toMatchObject({ error: 'States.Timeout' });
  });

  test('aborts the handler', async () => {
    let task: TaskRun | undefined;
    const execution = timed({ TimeoutSeconds: 1 }, (clock) => (_input, given) => {
      task = given;
      return clock.sleep(5_000, given.signal);
    });
    await execution.result;
    expect(task?.signal.aborted).toBe(true);
  });

  test('may come from the input', async () => {
    const execution = timed({ TimeoutSecondsPath: '$.limit' }, (clock) => working(clock, 4), { limit: 3 });
    expect(await execution.result).toMatchObject({ error: 'States.Timeout' });
  });

  test.each([[0], [-1], [1.5], ['3'], [null]])('from the input may not be %j', async (limit) => {
    const execution = timed({ TimeoutSecondsPath: '$.limit' }, (clock) => working(clock, 1), { limit });
    expect(await execution.result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  test('counts anew for every attempt', async () => {
    const clock = createVirtualClock();
    let attempts = 0;
    const handler: TaskHandler = (input, task) => {
      attempts += 1;
      return working(clock, attempts === 3 ? 1 : 20)(input, task);
    };
    const definition = single({
      ...TASK,
      TimeoutSeconds: 10,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, BackoffRate: 1 }],
      End: true,
    });
    const result = await run(definition, { clock, handlers: { 'lambda:invoke': handler } });
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: 'done' });
    expect(clock.now()).toBe(10_000 + 1_000 + 10_000 + 1_000 + 1_000);
  });
});

describe('HeartbeatSeconds', () => {
  const beating = (clock: Clock, gaps: number[]): TaskHandler => {
    return async (_input, { heartbeat, signal }) => {
      for (const gap of gaps) {
        await clock.sleep(gap * 1_000, signal);
        heartbeat();
      }
      return 'alive';
    };
  };

  test('keeps a task alive that beats in time', async () => {
    const fields = { HeartbeatSeconds: 5, TimeoutSeconds: 60 };
    expect(await timed(fields, (clock) => beating(clock, [4, 4, 4, 4])).result).toMatchObject({
      output: 'alive',
    });
  });

  test('fails one that misses a beat, reported as States.Timeout', async () => {
    const execution = timed({ HeartbeatSeconds: 5 }, (clock) => beating(clock, [4, 6]));
    const result = await execution.result;
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(result.stopDate.getTime()).toBe(9_000);
  });

  test.each(['States.HeartbeatTimeout', 'States.Timeout', 'States.ALL'])('is caught as %s', async (name) => {
    const clock = createVirtualClock();
    const definition = {
      StartAt: 'Work',
      States: {
        Work: {
          ...TASK,
          HeartbeatSeconds: 1,
          Catch: [{ ErrorEquals: [name], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', End: true },
      },
    };
    const output = await outputOf(definition, { clock, handlers: { 'lambda:invoke': beating(clock, [2]) } });
    expect(output).toEqual({ Error: 'States.Timeout', Cause: '' });
  });

  test('a Catch of States.HeartbeatTimeout leaves an overrun TimeoutSeconds alone', async () => {
    const clock = createVirtualClock();
    const definition = {
      StartAt: 'Work',
      States: {
        Work: {
          ...TASK,
          TimeoutSeconds: 1,
          Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', End: true },
      },
    };
    const result = await run(definition, { clock, handlers: { 'lambda:invoke': working(clock, 2) } });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });
});

describe('TimeoutSeconds of the state machine', () => {
  test('with a clock that fails rejects the result, for that is a fault', async () => {
    const broken: Clock = { now: () => 0, sleep: () => Promise.reject(new Error('no time')) };
    const waits = () => new Promise(() => {});
    const machine = { TimeoutSeconds: 60, ...single({ ...TASK, End: true }) };
    const execution = start(machine, { clock: broken, handlers: { 'lambda:invoke': waits } });
    await expect(execution.result).rejects.toThrow('no time');
    const timed = start(single({ ...TASK, TimeoutSeconds: 60, End: true }), {
      clock: broken,
      handlers: { 'lambda:invoke': waits },
    });
    await expect(timed.result).rejects.toThrow('no time');
  });

  test('ends the execution as TIMED_OUT, whatever it was doing', async () => {
    const execution = start({
      TimeoutSeconds: 60,
      ...single({
        Type: 'Parallel',
        Branches: [
          { StartAt: 'A', States: { A: { Type: 'Wait', Seconds: 3_600, End: true } } },
          { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 30, End: true } } },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Only' }],
        End: true,
      }),
    });
    const result = await execution.result;
    expect(result).toEqual({
      status: 'TIMED_OUT',
      startDate: new Date(0),
      stopDate: new Date(60_000),
    });
    expect(execution.history().at(-1)).toMatchObject({ type: 'ExecutionTimedOut', previousEventId: 0 });
  });
});
