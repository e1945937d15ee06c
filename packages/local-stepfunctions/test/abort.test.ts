import { expect, test } from '@jest/globals';
import { createVirtualClock, type TaskHandlers } from '../src/index.ts';
import { lines, single, start, TASK } from './run-machine.ts';

const LONG_WAIT = single({ Type: 'Wait', Seconds: 3_600, End: true });

test('stop ends the execution as ABORTED, with the error and cause given', async () => {
  const execution = start(LONG_WAIT, {
    onEvent: (event) => {
      if (event.type === 'WaitStateEntered') execution.stop('Operator', 'not today');
    },
  });
  expect(await execution.result).toEqual({
    status: 'ABORTED',
    error: 'Operator',
    cause: 'not today',
    startDate: new Date(0),
    stopDate: new Date(0),
  });
  expect(lines(execution.history())).toEqual([
    '1 < 0 ExecutionStarted',
    '2 < 0 WaitStateEntered',
    '3 < 0 ExecutionAborted',
  ]);
  expect(execution.history()[2]?.executionAbortedEventDetails).toEqual({
    error: 'Operator',
    cause: 'not today',
  });
});

test('a signal that is aborted ends the execution as ABORTED', async () => {
  const controller = new AbortController();
  const execution = start(LONG_WAIT, {
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === 'WaitStateEntered') controller.abort();
    },
  });
  const result = await execution.result;
  expect(result.status).toBe('ABORTED');
  expect(result).not.toHaveProperty('error');
});

test('a signal that was aborted before starts nothing', async () => {
  const execution = start(LONG_WAIT, { signal: AbortSignal.abort() });
  expect((await execution.result).status).toBe('ABORTED');
  expect(lines(execution.history())).toEqual(['1 < 0 ExecutionStarted', '2 < 0 ExecutionAborted']);
});

test('running handlers get the signal, wherever they run, and nothing is retried or caught', async () => {
  const clock = createVirtualClock();
  const signals: AbortSignal[] = [];
  const handlers: TaskHandlers = {
    'lambda:invoke': async (_input, { signal }) => {
      signals.push(signal);
      if (signals.length === 3) execution.stop();
      await clock.sleep(60_000, signal);
    },
  };
  const work = { ...TASK, Retry: [{ ErrorEquals: ['States.ALL'] }], End: true };
  const execution = start(
    {
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'A', States: { A: work } },
            {
              StartAt: 'Each',
              States: {
                Each: {
                  Type: 'Map',
                  ItemProcessor: { StartAt: 'B', States: { B: work } },
                  Retry: [{ ErrorEquals: ['States.ALL'] }],
                  End: true,
                },
              },
            },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', End: true },
      },
    },
    { clock, handlers, input: [1, 2] },
  );
  expect((await execution.result).status).toBe('ABORTED');
  expect(signals).toHaveLength(3);
  expect(signals.every((signal) => signal.aborted)).toBe(true);
  const after = execution.history().length;
  await new Promise((resolve) => setImmediate(resolve));
  expect(execution.history()).toHaveLength(after);
  expect(execution.history().at(-1)?.type).toBe('ExecutionAborted');
  expect(clock.now()).toBe(0);
});

test('a handler that heeds no signal does not hold up the end, and its late failure harms nobody', async () => {
  let fail: (error: Error) => void = () => {};
  const execution = start(single({ ...TASK, End: true }), {
    handlers: {
      'lambda:invoke': () =>
        new Promise((_resolve, reject) => {
          fail = reject;
          execution.stop();
        }),
    },
  });
  expect((await execution.result).status).toBe('ABORTED');
  fail(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(execution.history().at(-1)?.type).toBe('ExecutionAborted');
});

test('stopping an execution that has ended changes nothing', async () => {
  const execution = start(single({ Type: 'Succeed' }));
  const result = await execution.result;
  execution.stop('too', 'late');
  expect(await execution.result).toBe(result);
  expect(execution.history().at(-1)?.type).toBe('ExecutionSucceeded');
});
