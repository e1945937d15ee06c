import { describe, expect, test } from '@jest/globals';
import { createVirtualClock, type Json, TaskError } from '../src/index.ts';
import { evaluate, failureOf, lines, outputOf, problemsOf, run, single, start, TASK } from './run-machine.ts';

// What https://states-language.net/spec.html (SPEC), AWS's developer guide (GUIDE) and measurements that others made
// of the service and published say, quoted.

describe('SPEC, Reference Paths: "Here are some examples of acceptable Reference Path syntax"', () => {
  test.each<[string, Json]>([
    ['$.store.book', { store: { book: 1 } }],
    ['$.store\\.book', { 'store.book': 1 }],
    ['$.\\stor\\e.boo\\k', { store: { book: 1 } }],
    ['$.store.book.title', { store: { book: { title: 1 } } }],
    ['$.foo.\\.bar', { foo: { '.bar': 1 } }],
    ['$.foo\\@bar.baz\\[\\[.\\?pretty', { 'foo@bar': { 'baz[[': { '?pretty': 1 } } }],
    ['$.&Ж中.\uD800\uDF46', { '&Ж中': { '\uD800\uDF46': 1 } }],
    ['$.ledgers.branch[0].pending.count', { ledgers: { branch: [{ pending: { count: 1 } }] } }],
    ['$.ledgers[0][2][1].foo', { ledgers: [[0, 0, [0, { foo: 1 }]]] }],
    ["$['store']['book']", { store: { book: 1 } }],
    ["$['store'][0]['book']", { store: [{ book: 1 }] }],
  ])('%s', async (path, input) => {
    expect(await evaluate(path, input)).toBe(1);
    expect(
      await outputOf(single({ Type: 'Pass', Result: 2, ResultPath: path, End: true }), { input }),
    ).toEqual(JSON.parse(JSON.stringify(input).replace(/1(?=[}\]]+$)/, '2')));
  });

  test.each(['a=b', 'a<b', 'a|b', 'a!', "it's", 'a"b', 'a,b', 'a#b', 'a/b', 'a:b', 'a-b', 'a$b'])(
    'a name like %s stands behind a dot',
    async (name) => {
      expect(await evaluate(`$.${name}`, { [name]: 1 })).toBe(1);
    },
  );

  // GUIDE, Intrinsic functions: such names "must use the square bracket notation" there.
  test('an argument of an intrinsic call has letters, digits and _ behind its dots', async () => {
    const input = { 'a-b': 1, Ж中_9: 2 };
    expect(await evaluate("States.Format('{},{}', $['a-b'], $.Ж中_9)", input)).toBe('1,2');
    for (const name of ['a-b', 'a&b', 'a\\.b', 'a"b']) {
      const Parameters = { 'x.$': `States.Format('{}', $.${name})` };
      expect(problemsOf(single({ Type: 'Pass', Parameters, End: true }))).toHaveLength(1);
    }
  });
});

describe('GUIDE, Paths: "The @ operator … does not match scalar values. It only matches objects."', () => {
  test.each<[string, Json]>([
    ['$.a[?(@ > 1)]', []],
    ['$.a[?(!(@ == 1))]', [{ b: 1 }]],
    ['$.a[?(@.b == 1)]', [{ b: 1 }]],
  ])('%s', async (path, expected) => {
    expect(await evaluate(path, { a: [1, 2, 'x', null, { b: 1 }] })).toEqual(expected);
  });
});

describe('SPEC, Payload Template', () => {
  const payload = {
    flagged: true,
    parts: { 'first.$': '$.vals[0]', 'last3.$': '$.vals[-3:]' },
    'name.$': '$$.State.Name',
    'formattedOutput.$': "States.Format('This is {}', $$.State.Name)",
  };

  test('its example', async () => {
    const input = { flagged: 7, vals: [0, 10, 20, 30, 40, 50] };
    expect(await outputOf(single({ Type: 'Pass', Parameters: payload, End: true }), { input })).toEqual({
      flagged: true,
      parts: { first: 0, last3: [30, 40, 50] },
      name: 'Only',
      formattedOutput: 'This is Only',
    });
  });

  test.each(['Parameters', 'ResultSelector'])('"MUST be a JSON object": %s', (field) => {
    for (const value of ['$.a', ['$.a'], 1, null]) {
      expect(problemsOf(single({ ...TASK, [field]: value, End: true }))).toEqual([
        `/States/Only/${field}: must be an object`,
      ]);
    }
  });

  test('"(however deeply nested)", in arrays too', async () => {
    const Parameters = { a: [[{ 'b.$': '$.z' }, '$.z']] };
    const state = single({ Type: 'Pass', Parameters, End: true });
    expect(await outputOf(state, { input: { z: 1 } })).toEqual({ a: [[{ b: 1 }, '$.z']] });
  });

  // Measured: https://github.com/floci-io/floci/pull/3167, "An array index past the end resolves to null".
  test('an index past the end of an array finds null, anything else that is missing is States.Runtime', async () => {
    expect(await evaluate('$.a[1]', { a: [0] })).toBeNull();
    expect(await evaluate("States.Format('{}', $.a[1])", { a: [0] })).toBe('null');
    for (const path of ['$.b[0]', '$.a[1].c', '$.a[0][0]', '$.a.b']) {
      expect(await failureOf(path, { a: [0] })).toMatchObject({ error: 'States.Runtime' });
    }
  });
});

describe('SPEC, Appendix B: intrinsic functions', () => {
  test('Hash takes "the stringified version of the first argument"', async () => {
    expect(await evaluate("States.Hash($, 'MD5')", { a: 1 })).toBe('bb6cb5c68df4652941caf652a366f2d8');
    expect(await evaluate("States.Hash(1, 'MD5')", {})).toBe('c4ca4238a0b923820dcc509a6f75849b');
    expect(await failureOf("States.Hash($, 'MD5')", ['a'.repeat(9_997)])).toMatchObject({
      error: 'States.IntrinsicFailure',
    });
  });

  // Measured: https://github.com/ministackorg/ministack/pull/1360, "AWS accepts missing padding".
  test('Base64Decode takes text without padding, but no half of a byte', async () => {
    expect(await evaluate("States.Base64Decode('YQ')", {})).toBe('a');
    for (const text of ['Y', 'YQ=', 'YWJj=', '=']) {
      expect(await failureOf('States.Base64Decode($)', text)).toMatchObject({
        error: 'States.IntrinsicFailure',
      });
    }
  });

  test('MathRandom gives the same number for the same seed, within its range', async () => {
    const numbers = await Promise.all(
      Array.from({ length: 20 }, (_, seed) => evaluate(`States.MathRandom(1, 4, ${seed * 1e9})`, {})),
    );
    expect(new Set(numbers)).toEqual(new Set([1, 2, 3]));
    expect(await evaluate('States.MathRandom(1, 4, 5000000000)', {})).toBe(numbers[5]);
  });

  // GUIDE, Intrinsic functions: "integer values in the range of -2147483648 and 2147483647".
  test('MathAdd takes 32 bits', async () => {
    expect(await evaluate('States.MathAdd(2147483647, 2147483647)', {})).toBe(4_294_967_294);
    expect(await evaluate('States.MathAdd(-2147483648, 1)', {})).toBe(-2_147_483_647);
    for (const arguments_ of ['2147483648, 0', '0, -2147483649']) {
      expect(await failureOf(`States.MathAdd(${arguments_})`, {})).toMatchObject({
        error: 'States.IntrinsicFailure',
      });
    }
  });
});

describe('GUIDE, Accessing execution data from the Context object', () => {
  const times = single({
    Type: 'Pass',
    Parameters: { 'start.$': '$$.Execution.StartTime', 'entered.$': '$$.State.EnteredTime' },
    End: true,
  });

  test.each([
    [0, '1970-01-01T00:00:00Z'],
    [120, '1970-01-01T00:00:00.120Z'],
  ])('"When a timestamp has zero fractional seconds, … removes trailing zeros": %d', async (ms, text) => {
    expect(await outputOf(times, { clock: createVirtualClock(ms) })).toEqual({ start: text, entered: text });
  });

  test('an item of an inline Map has its index, its value and STATE_DATA as its source', async () => {
    const pass = { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } };
    const inJsonPath = { Type: 'Map', ItemProcessor: pass, ItemSelector: { 'map.$': '$$.Map' }, End: true };
    const Item = { Index: 0, Value: 'x', Source: 'STATE_DATA' };
    expect(await outputOf(single(inJsonPath), { input: ['x'] })).toEqual([{ map: { Item } }]);
    const inJsonata = {
      QueryLanguage: 'JSONata',
      Type: 'Map',
      Items: ['x'],
      ItemSelector: '{% $states.context.Map %}',
      ItemProcessor: pass,
      End: true,
    };
    expect(await outputOf(single(inJsonata))).toEqual([{ Item }]);
  });
});

// "A JSON array, a JSON object, or a JSONata expression that must evaluate to an array or object."
test('Items may be an object: a Distributed Map takes its members', async () => {
  const map = {
    QueryLanguage: 'JSONata',
    Type: 'Map',
    Items: { a: 1, b: '{% 1 + 1 %}' },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Same',
      States: { Same: { Type: 'Pass', End: true } },
    },
    End: true,
  };
  expect(await outputOf(single(map))).toEqual([
    { Key: 'a', Value: 1 },
    { Key: 'b', Value: 2 },
  ]);
});

describe('GUIDE, Transforming data with JSONata', () => {
  const query = (expression: string) =>
    run({ QueryLanguage: 'JSONata', ...single({ Type: 'Pass', Output: `{% ${expression} %}`, End: true }) });

  // Measured: https://github.com/floci-io/floci/issues/2662; other seeds by the published algorithm.
  test.each([
    [42, 0.7275636800328681],
    [0, 0.730967787376657],
  ])('$random(%d) is the first number of java.util.Random: %d', async (seed, expected) => {
    expect(await query(`$random(${seed})`)).toMatchObject({ output: expected });
  });

  // Measured: https://github.com/floci-io/floci/issues/2737.
  test.each<[string, Json]>([
    ['1/0', 'Infinity'],
    ['-1/0', '-Infinity'],
    ['[1/0]', ['Infinity']],
    ["{'k': 1/0}", { k: 'Infinity' }],
  ])('%s, which is no JSON, is text', async (expression, output) => {
    expect(await query(expression)).toMatchObject({ output });
  });
});

describe('GUIDE, Error handling', () => {
  const failing = {
    StartAt: 'Bad',
    States: { Bad: { Type: 'Fail', Error: 'Bad', Cause: 'on purpose' } },
  };
  const parallel = (fields: object, branch: object = failing) => ({
    StartAt: 'Both',
    States: {
      Both: { Type: 'Parallel', Branches: [branch], Next: 'Done', ...fields },
      Done: { Type: 'Pass', End: true },
    },
  });

  test('"States.BranchFailed: A branch of a Parallel state failed", with the error of the branch', async () => {
    const caught = parallel({ Catch: [{ ErrorEquals: ['States.BranchFailed'], Next: 'Done' }] });
    expect(await outputOf(caught)).toEqual({ Error: 'Bad', Cause: 'on purpose' });
  });

  test('States.BranchFailed takes nothing that failed outside of the branches', async () => {
    const state = parallel(
      {
        ResultSelector: { 'x.$': 'States.StringToJson($[0])' },
        Catch: [{ ErrorEquals: ['States.BranchFailed'], Next: 'Done' }],
      },
      { StartAt: 'Fine', States: { Fine: { Type: 'Pass', Result: '{', End: true } } },
    );
    expect(await run(state)).toMatchObject({ status: 'FAILED', error: 'States.IntrinsicFailure' });
  });

  test('"States.Runtime … will always cause the execution to fail", from a Choice without a match too', async () => {
    const choice = {
      StartAt: 'Which',
      States: {
        Which: { Type: 'Choice', Choices: [{ Variable: '$.x', NumericEquals: 1, Next: 'End' }] },
        End: { Type: 'Succeed' },
      },
    };
    const caught = parallel({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }] }, choice);
    // The name and the words were measured: https://github.com/floci-io/floci/pull/3167.
    expect(await run(caught, { input: { x: 2 } })).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'Which' (entered at the event id #4). " +
        'Failed to transition out of the state. The state does not point to a next state.',
    });
  });

  test('"a value greater than 0 and less than 31622401 for MaxDelaySeconds"', () => {
    const withDelay = (MaxDelaySeconds: number) =>
      problemsOf(single({ ...TASK, Retry: [{ ErrorEquals: ['A'], MaxDelaySeconds }], End: true }));
    expect(withDelay(31_622_400)).toEqual([]);
    expect(withDelay(31_622_401)).toHaveLength(1);
    expect(withDelay(0)).not.toEqual([]);
  });

  test('"A retrier\'s parameters apply across all visits to the retrier": its example', async () => {
    const errors = ['ErrorA', 'ErrorB', 'ErrorC', 'ErrorB'];
    const machine = {
      StartAt: 'X',
      States: {
        X: {
          ...TASK,
          Next: 'Y',
          Retry: [
            { ErrorEquals: ['ErrorA', 'ErrorB'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 },
            { ErrorEquals: ['ErrorC'], IntervalSeconds: 5 },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
        },
        Y: { Type: 'Succeed' },
        Z: { Type: 'Pass', End: true },
      },
    };
    let attempts = 0;
    const execution = start(machine, {
      handlers: {
        'lambda:invoke': async () => {
          attempts += 1;
          throw new TaskError(errors[attempts - 1] ?? 'None');
        },
      },
    });
    expect(await execution.result).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'ErrorB' } });
    const scheduled = execution.history().filter(({ type }) => type === 'TaskScheduled');
    expect(scheduled.map(({ timestamp }) => timestamp.getTime())).toEqual([0, 1_000, 3_000, 8_000]);
  });
});

describe('GUIDE, Fail: "an intrinsic function that returns a string. These intrinsics are:"', () => {
  test.each([
    ["States.Format('{}', 1)", '1'],
    ['States.JsonToString($)', '{"a":["b"]}'],
    ['States.ArrayGetItem($.a, 0)', 'b'],
    ["States.Base64Encode('a')", 'YQ=='],
    ["States.Base64Decode('YQ==')", 'a'],
    ["States.Hash('a', 'MD5')", '0cc175b9c0f1b6a831c399e269772661'],
    [' States.UUID ()', expect.stringMatching(/^[0-9a-f-]{36}$/)],
  ])('%s', async (ErrorPath, error) => {
    const fail = single({ Type: 'Fail', ErrorPath, CausePath: ErrorPath });
    const result = await run(fail, { input: { a: ['b'] } });
    expect(result).toMatchObject({ status: 'FAILED', error });
  });

  test('and no other', () => {
    expect(problemsOf(single({ Type: 'Fail', CausePath: "States.StringToJson('1')" }))).toEqual([
      '/States/Only/CausePath: States.StringToJson gives no text',
    ]);
  });
});

test('SPEC: "If an open escape backslash is found in the StringMatches string, … a runtime error"', async () => {
  for (const StringMatches of ['a\\b', 'a\\']) {
    const choice = {
      StartAt: 'Which',
      States: {
        Which: { Type: 'Choice', Choices: [{ Variable: '$', StringMatches, Next: 'End' }], Default: 'End' },
        End: { Type: 'Succeed' },
      },
    };
    expect(await run(choice, { input: 'a' })).toMatchObject({ error: 'States.Runtime' });
  }
});

describe('how an execution ends that did not end by itself', () => {
  const waits = { Type: 'Wait', Seconds: 25, End: true };

  // Measured: https://github.com/floci-io/floci/issues/2733 and 2965.
  test('TimeoutSeconds: TIMED_OUT without an error, which stands in the event alone', async () => {
    const execution = start({ TimeoutSeconds: 3, ...single(waits) });
    const result = await execution.result;
    expect(result).toMatchObject({ status: 'TIMED_OUT' });
    expect(Object.keys(result)).not.toContain('error');
    expect(result.stopDate.getTime() - result.startDate.getTime()).toBe(3_000);
    expect(lines(execution.history())).toEqual([
      '1 < 0 ExecutionStarted',
      '2 < 0 WaitStateEntered',
      '3 < 0 ExecutionTimedOut',
    ]);
    expect(execution.history().at(-1)?.executionTimedOutEventDetails).toEqual({ error: 'States.Timeout' });
  });

  test('StopExecution without a reason: ABORTED, with empty details', async () => {
    const execution = start(single(waits));
    execution.stop();
    expect(await execution.result).toMatchObject({ status: 'ABORTED' });
    expect(execution.history().at(-1)).toMatchObject({
      type: 'ExecutionAborted',
      previousEventId: 0,
      executionAbortedEventDetails: {},
    });
  });

  // Measured: https://github.com/floci-io/floci/issues/2734.
  test('25,000 events: the last of them is ExecutionFailed', async () => {
    const loop = {
      StartAt: 'Loop',
      States: {
        Loop: { Type: 'Choice', Choices: [{ Variable: '$', IsPresent: true, Next: 'Again' }] },
        Again: { Type: 'Pass', Next: 'Loop' },
      },
    };
    const execution = start(loop);
    await execution.result;
    expect(execution.history().at(-1)).toMatchObject({
      id: 25_000,
      previousEventId: 24_999,
      type: 'ExecutionFailed',
      executionFailedEventDetails: {
        error: 'States.Runtime',
        cause: 'The execution reached the maximum number of history events (25000).',
      },
    });
  });
});

// Measured: https://github.com/floci-io/floci/issues/3733, "Only ItemsPath accepts the Context Object".
test.each(['MaxConcurrencyPath', 'ToleratedFailureCountPath', 'ToleratedFailurePercentagePath'])(
  '%s is no path into the context object',
  (field) => {
    const ItemProcessor = {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Same',
      States: { Same: { Type: 'Pass', End: true } },
    };
    const map = { Type: 'Map', ItemProcessor, [field]: '$$.Execution.Input.n', End: true };
    expect(problemsOf(single(map))).toEqual([expect.stringContaining(`/${field}: `)]);
  },
);
