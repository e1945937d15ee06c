import { describe, expect, test } from '@jest/globals';
import { createVirtualClock, systemClock } from '../src/index.ts';
import { problemsOf, run, single } from './run-machine.ts';

const NEW_YEAR = Date.UTC(2024, 0, 1);

/** Seconds that the Wait took, started at New Year 2024. */
async function waited(fields: object, input: object = {}): Promise<number | object> {
  const result = await run(single({ Type: 'Wait', ...fields, End: true }), {
    input,
    clock: createVirtualClock(NEW_YEAR),
  });
  if (result.status !== 'SUCCEEDED') return result;
  expect(result.output).toEqual(input);
  return (result.stopDate.getTime() - result.startDate.getTime()) / 1_000;
}

test('an hour passes in no time on the virtual clock', async () => {
  const before = Date.now();
  expect(await waited({ Seconds: 3_600 })).toBe(3_600);
  expect(Date.now() - before).toBeLessThan(1_000);
});

// "Step Functions considers the time value up to seconds and truncates milliseconds."
test.each<[object, object, number]>([
  [{ Seconds: 0 }, {}, 0],
  [{ SecondsPath: '$.s' }, { s: 90 }, 90],
  [{ SecondsPath: '$.s' }, { s: 0 }, 0],
  [{ Timestamp: '2024-01-01T00:01:00Z' }, {}, 60],
  [{ Timestamp: '2024-01-01T02:00:30+02:00' }, {}, 30],
  [{ Timestamp: '2020-01-01T00:00:00Z' }, {}, 0],
  [{ TimestampPath: '$.t' }, { t: '2024-01-01T00:00:00.999Z' }, 0],
  [{ TimestampPath: '$.t' }, { t: '2024-01-02T00:00:01.5Z' }, 86_401],
  [{ Seconds: 99_999_999 }, {}, 99_999_999],
])('%j with input %j waits %d s', async (fields, input, seconds) => {
  expect(await waited(fields, input)).toBe(seconds);
});

test.each<[object, object, string]>([
  [{ SecondsPath: '$.s' }, { s: -1 }, 'The SecondsPath parameter references a negative value: $.s == -1'],
  [
    { SecondsPath: '$.s' },
    { s: 1.5 },
    'The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5',
  ],
  [{ SecondsPath: '$.s' }, { s: '5' }, 'SecondsPath'],
  [{ SecondsPath: '$.s' }, {}, 'The SecondsPath parameter does not reference an input value: $.s'],
  [{ SecondsPath: '$.s' }, { s: 2 ** 31 }, 'Wait state delay is too long.'],
  [{ TimestampPath: '$.t' }, { t: '2093-01-01T00:00:00Z' }, 'Wait state delay is too long.'],
  [
    { TimestampPath: '$.t' },
    { t: '2016-12-05 21:29:29Z' },
    'The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.t == 2016-12-05 21:29:29Z',
  ],
  [{ TimestampPath: '$.t' }, { t: 5 }, '$.t == 5'],
])('%j with input %j fails as States.Runtime', async (fields, input, cause) => {
  expect(await waited(fields, input)).toMatchObject({
    status: 'FAILED',
    error: 'States.Runtime',
    cause: expect.stringContaining(cause),
  });
});

test.each<[object, string]>([
  [{}, 'needs one of Seconds, SecondsPath, Timestamp, TimestampPath'],
  [{ Seconds: 1, SecondsPath: '$.s' }, 'gives Seconds and SecondsPath'],
  [{ Seconds: -1 }, '/Seconds: must be a number from 0'],
  [{ Seconds: 1.5 }, '/Seconds: must be an integer'],
  [{ Seconds: 100_000_000 }, '/Seconds: must be a number from 0'],
  [{ Timestamp: '2016-12-05T21:29:29' }, '/Timestamp: '],
  [{ SecondsPath: '$.s[*]' }, 'is not a reference path'],
])('%j is refused when the definition is loaded', (fields, message) => {
  expect(problemsOf(single({ Type: 'Wait', ...fields, End: true })).join('\n')).toContain(message);
});

describe('a clock', () => {
  test.each([
    ['virtual', createVirtualClock()],
    ['system', systemClock],
  ])('(%s) ends a sleep that is aborted', async (_name, clock) => {
    const controller = new AbortController();
    const sleep = clock.sleep(3_600_000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    await expect(clock.sleep(1, controller.signal)).rejects.toThrow('enough');
  });

  test('(system) sleeps at least as long as asked', async () => {
    const before = systemClock.now();
    await systemClock.sleep(20, new AbortController().signal);
    expect(systemClock.now() - before).toBeGreaterThanOrEqual(20);
  });

  test('(virtual) wakes sleepers in the order of their times, each at its own', async () => {
    const clock = createVirtualClock();
    const { signal } = new AbortController();
    const woken: [string, number][] = [];
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms, signal);
      woken.push([name, clock.now()]);
    };
    await Promise.all([sleeper('late', 30), sleeper('early', 10), sleeper('middle', 20)]);
    expect(woken).toEqual([
      ['early', 10],
      ['middle', 20],
      ['late', 30],
    ]);
  });
});
