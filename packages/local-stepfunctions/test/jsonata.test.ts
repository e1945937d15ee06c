// Rules: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html, and for the words of
// errors recorded histories of the service.
import { describe, expect, test } from '@jest/globals';
import { createVirtualClock, type ExecutionOptions, type Json, TaskError } from '../src/index.ts';
import { lines, outputOf, run, single, start, TASK } from './run-machine.ts';

type Options = Partial<ExecutionOptions>;

const jsonata = (state: object) => ({ ...single(state), QueryLanguage: 'JSONata' });
const pass = (fields: object) => jsonata({ Type: 'Pass', ...fields, End: true });
const computed = (expression: string, options: Options = {}) =>
  outputOf(pass({ Output: `{% ${expression} %}` }), options);

/** How an execution fails whose Pass puts out the expression, without the words before it. */
async function failureOf(expression: string, options: Options = {}): Promise<unknown> {
  const { status, error, cause } = await run(pass({ Output: `{% ${expression} %}` }), options);
  return { status, error, cause: cause?.replace(/^An error .* specified for the field /, '') };
}

const invoked = (result: Json): Options => ({ handlers: { 'lambda:invoke': async () => result } });
const echo: Options = { handlers: { 'lambda:invoke': async (input) => input } };
const failing: Options = {
  handlers: {
    'lambda:invoke': async () => {
      throw new TaskError('Broken', 'because');
    },
  },
};

describe('a value', () => {
  test('is computed wherever a text is an expression, and else stands as it is written', async () => {
    const output = {
      sum: '{% $states.input.a + 1 %}',
      list: [1, '{% $states.input.a %}', { deep: ["{% 'x' & 'y' %}"] }],
      literal: 'a %} in the middle {% of',
      'path.$': '$.a',
      none: null,
    };
    expect(await outputOf(pass({ Output: output }), { input: { a: 1 } })).toEqual({
      sum: 2,
      list: [1, 1, { deep: ['xy'] }],
      literal: 'a %} in the middle {% of',
      'path.$': '$.a',
      none: null,
    });
  });

  test.each<[string, Json]>([
    ['$states.input', { a: [1, 2, { b: 'c' }] }],
    ['$states.input.a[0]', 1],
    ['$states.input.a.b', 'c'],
    ["$states.input.a[$type($) = 'number']", [1, 2]],
    ['[$states.input.a[0]]', [1]],
    ['{}', {}],
    ['[]', []],
    ['null', null],
    ['$exists($states.input.nothing)', false],
    ['($x := 2; $x * $x)', 4],
    ['$map($states.input.a[[0..1]], function($n) { $n * 2 })', [2, 4]],
    ["$contains('abc', /B/i)", true],
    ["$merge([$states.input, {'z': 1}])", { a: [1, 2, { b: 'c' }], z: 1 }],
  ])('%s gives %j', async (expression, value) => {
    expect(await computed(expression, { input: { a: [1, 2, { b: 'c' }] } })).toEqual(value);
  });

  test('is read again as it was put out: arrays in arrays stay', async () => {
    const machine = {
      QueryLanguage: 'JSONata',
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Output: '{% [[1, 2]] %}', Next: 'B' },
        B: { Type: 'Pass', Output: '{% $count($states.input) %}', End: true },
      },
    };
    expect(await outputOf(machine)).toBe(1);
  });

  test('leaves the input alone that it transforms', async () => {
    const input = { a: { b: 1 } };
    expect(await computed("$states.input ~> |a|{'b': 2}|", { input })).toEqual({ a: { b: 2 } });
    expect(input).toEqual({ a: { b: 1 } });
  });
});

describe('the functions of Step Functions', () => {
  test.each<[string, Json]>([
    ['$partition([1, 2, 3, 4], 3)', [[1, 2, 3], [4]]],
    // "… will automatically round down any non-integer numbers provided."
    [
      '$partition([1, 2, 3, 4], 2.9)',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['$range(1.9, 4.9, 1.9)', [1, 2, 3, 4]],
    ['$random(7.9) = $random(7)', true],
    ['$range(0, 6, 2)', [0, 2, 4, 6]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ["$hash('Hello', 'SHA-1')", 'f7ff9e8b7bb2e09b70935a5d785e0cc5d9d0abf0'],
    [`$parse('{"a": [1, null]}')`, { a: [1, null] }],
    ['$random(7) = $random(7)', true],
    ['$random(7) = $random(8)', false],
    ['$map([1, 2], $uuid)[0]', '80808080-8080-4080-8080-808080808080'],
    ['$random()', 0.5],
    ['$shuffle([1, 2, 3])', [1, 3, 2]],
    ['$millis()', 60_000],
    ['$now()', '1970-01-01T00:01:00.000Z'],
    ["$now('[H01]:[m01]', '+0200')", '02:01'],
  ])('%s gives %j', async (expression, value) => {
    const options = { random: () => 0.5, clock: createVirtualClock(60_000) };
    expect(await computed(expression, options)).toEqual(value);
  });

  test.each([
    ['$partition([1], 0)', 'the second argument must be a positive chunk size'],
    ['$range(0, 10, 0)', 'the third argument must not be zero'],
    ["$hash('a', 'CRC')", 'the second argument must be one of MD5'],
    ["$parse('{')", "Expected property name or '}' in JSON"],
    ['$parse(1)', '$parse takes a string'],
    ["$random('x')", 'the seed of $random must be a number'],
  ])('%s fails', async (expression, reason) => {
    expect(await failureOf(expression)).toEqual({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining(`'Output' threw an error during evaluation: ${reason}`),
    });
  });

  test.each([
    '$hash($states.input.no, "MD5")',
    '$parse($states.input.no)',
    '$partition($states.input.no, 1)',
  ])('%s of nothing is nothing', async (expression) => {
    expect(await failureOf(expression)).toMatchObject({ cause: "'Output' returned nothing (undefined)." });
  });

  test('$eval is none', async () => {
    expect(await failureOf("$eval('1')")).toMatchObject({
      cause: "'Output' threw an error during evaluation. T1006: Attempted to invoke a non-function",
    });
  });
});

describe('an expression fails as States.QueryEvaluationError', () => {
  test.each([
    ['that finds nothing', '$states.input.no', "'Output' returned nothing (undefined)."],
    ['that names what is no variable', '$no', "'Output' returned nothing (undefined)."],
    ['that gives a function', 'function($x) { $x }', "'Output' returned an unsupported result type."],
    ['that gives a function of JSONata', '$sum', "'Output' returned an unsupported result type."],
    ['that gives a function of Step Functions', '$hash', "'Output' returned an unsupported result type."],
    ['that gives a regular expression', '/a/', "'Output' returned an unsupported result type."],
    ['that breaks off', "$error('no')", "'Output' threw an error during evaluation. D3137: no"],
    [
      'that confuses types',
      "1 + 'a'",
      `'Output' threw an error during evaluation. T2002: The right side of the "+" operator must evaluate to a number`,
    ],
  ])('%s', async (_what, expression, cause) => {
    expect(await failureOf(expression)).toEqual({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
      cause,
    });
  });

  test('with the expression, the field and the state in its cause', async () => {
    expect(await run(pass({ Output: { list: [1, { deep: '{% $no %}' }] } }))).toMatchObject({
      cause:
        "An error occurred while executing the state 'Only' (entered at the event id #2). " +
        "The JSONata expression '$no' specified for the field 'Output/list[1]/deep' returned nothing (undefined).",
    });
  });

  test('with an event that follows what came before the state', async () => {
    const execution = start(pass({ Output: '{% $no %}' }));
    await execution.result;
    expect(lines(execution.history())).toEqual([
      '1 < 0 ExecutionStarted',
      '2 < 0 PassStateEntered',
      '3 < 0 EvaluationFailed',
      '4 < 3 ExecutionFailed',
    ]);
    expect(execution.history()[2]).toMatchObject({
      evaluationFailedEventDetails: {
        error: 'States.QueryEvaluationError',
        cause: expect.stringContaining("'$no'"),
        location: 'Output',
        state: 'Only',
      },
    });
  });

  test('that Catch takes', async () => {
    const machine = {
      QueryLanguage: 'JSONata',
      StartAt: 'A',
      States: {
        A: {
          ...TASK,
          Arguments: '{% $no %}',
          Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'B' }],
          End: true,
        },
        B: { Type: 'Pass', Output: '{% $states.input.Error %}', End: true },
      },
    };
    expect(await outputOf(machine, echo)).toBe('States.QueryEvaluationError');
  });

  test('after a Retry that ran the task again', async () => {
    let calls = 0;
    const task = {
      ...TASK,
      Output: '{% $no %}',
      Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 2 }],
      End: true,
    };
    const handlers = { 'lambda:invoke': async () => (calls += 1) };
    expect(await run(jsonata(task), { handlers })).toMatchObject({ error: 'States.QueryEvaluationError' });
    expect(calls).toBe(3);
  });
});

describe('an expression without end is broken off', () => {
  test('when it recurses too deeply', async () => {
    expect(await failureOf('($f := function($n) { 1 + $f($n) }; $f(1))')).toMatchObject({
      cause: expect.stringContaining('Stack overflow error: Check for non-terminating recursive function'),
    });
  });

  test('when it makes too many values', async () => {
    expect(await failureOf('[1..900000]')).toMatchObject({
      cause: expect.stringContaining(
        "'Output' threw an error during evaluation: Expression evaluation memory limit exceeded",
      ),
    });
  });

  test('when its value is nested too deeply', async () => {
    const nest = "($f := function($n, $v) { $n = 0 ? $v : $f($n - 1, {'a': $v}) }; $f(2000, 1))";
    expect(await failureOf(nest)).toMatchObject({ cause: "'Output' returned an unsupported result type." });
  });

  test('after five seconds', async () => {
    expect(await failureOf('($f := function($n) { $f($n) }; $f(1))')).toMatchObject({
      cause: expect.stringContaining(
        "'Output' threw an error during evaluation: Expression evaluation timeout",
      ),
    });
  }, 20_000);
});

describe('an expression reaches nothing of the host', () => {
  test.each([
    '$states.input.constructor',
    '$states.input.__proto__',
    '$states.input.toString',
    "$lookup($states.input, 'constructor')",
    '$states.input.text.length',
    '$states.input.list.length',
    '$hash.constructor',
    '$sum.implementation',
    '$globalThis',
    '$process',
    '$constructor',
    '$__proto__',
  ])('%s is nothing', async (expression) => {
    expect(await failureOf(expression, { input: { a: 1, list: [1], text: 'abc' } })).toMatchObject({
      cause: "'Output' returned nothing (undefined).",
    });
  });

  test('keys that mean something to JavaScript pass through unharmed', async () => {
    const input: Json = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}');
    const output = await computed('$states.input', { input });
    expect(JSON.stringify(output)).toBe('{"__proto__":{"polluted":true},"constructor":1}');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('a Task', () => {
  test('is given its Arguments', async () => {
    const task = { ...TASK, Arguments: { id: '{% $states.input.id %}', fixed: 1 }, End: true };
    expect(await outputOf(jsonata(task), { input: { id: 7 }, ...echo })).toEqual({ id: 7, fixed: 1 });
  });

  test('is given its input if it has no Arguments, and puts out its result if it has no Output', async () => {
    expect(await outputOf(jsonata({ ...TASK, End: true }), { input: { a: 1 }, ...echo })).toEqual({ a: 1 });
  });

  test('puts out what Output makes of input, result and context', async () => {
    const task = {
      ...TASK,
      Arguments: {},
      Output: '{% [$states.input.a, $states.result.b, $states.context.State.Name] %}',
      End: true,
    };
    expect(await outputOf(jsonata(task), { input: { a: 1 }, ...invoked({ b: 2 }) })).toEqual([1, 2, 'Only']);
  });

  test('that waits for its token finds it in the context', async () => {
    const task = {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Arguments: { token: '{% $states.context.Task.Token %}' },
      End: true,
    };
    const handlers = { 'sqs:sendMessage.waitForTaskToken': async (input: Json) => input };
    expect(await outputOf(jsonata(task), { handlers })).toEqual({ token: expect.any(String) });
  });

  test.each([
    ['TimeoutSeconds', 'timeoutInSeconds'],
    ['HeartbeatSeconds', 'heartbeatInSeconds'],
  ])('computes %s', async (field, detail) => {
    const task = jsonata({ ...TASK, [field]: '{% $states.input * 2 %}', End: true });
    const execution = start(task, { input: 4, ...invoked(1) });
    await execution.result;
    expect(execution.history()[2]?.taskScheduledEventDetails).toMatchObject({ [detail]: 8 });
  });

  test.each<[Json, string]>([
    [
      '5',
      `'TimeoutSeconds' returned an unexpected result type. Expected 'number', but was 'string' for value: "5"`,
    ],
    [
      null,
      "'TimeoutSeconds' returned an unexpected result type. Expected 'number', but was 'null' for value: null",
    ],
    [0, "'TimeoutSeconds' returned 0, which is not an integer from 1."],
    [1.5, "'TimeoutSeconds' returned 1.5, which is not an integer from 1."],
  ])('has no timeout of %j', async (input, cause) => {
    const task = jsonata({ ...TASK, TimeoutSeconds: '{% $states.input %}', End: true });
    expect(await run(task, { input, ...echo })).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining(cause),
    });
  });

  test('may not be given more than a payload', async () => {
    const task = jsonata({ ...TASK, Arguments: "{% $pad('', 300000, 'x') %}", End: true });
    expect(await run(task, echo)).toMatchObject({
      error: 'States.DataLimitExceeded',
      cause: expect.stringContaining("The Arguments of the state 'Only'"),
    });
  });
});

describe('Catch', () => {
  const caught = (catcher: object) => ({
    QueryLanguage: 'JSONata',
    StartAt: 'A',
    States: {
      A: { ...TASK, Catch: [{ ErrorEquals: ['Broken'], Next: 'B', ...catcher }], Output: 'never', End: true },
      B: { Type: 'Succeed' },
    },
  });

  test('puts out the error alone', async () => {
    expect(await outputOf(caught({}), { ...failing, input: { a: 1 } })).toEqual({
      Error: 'Broken',
      Cause: 'because',
    });
  });

  test('puts out what its Output makes of the error and the input', async () => {
    const catcher = { Output: { e: '{% $states.errorOutput.Error %}', i: '{% $states.input %}' } };
    expect(await outputOf(caught(catcher), { ...failing, input: 5 })).toEqual({ e: 'Broken', i: 5 });
  });

  test('whose Output fails fails the execution, with its place', async () => {
    expect(await run(caught({ Output: '{% $no %}' }), failing)).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining("specified for the field 'Catch[0]/Output'"),
    });
  });
});

describe('a Choice', () => {
  const choice = (fields: object) => ({
    QueryLanguage: 'JSONata',
    StartAt: 'A',
    States: {
      A: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.n > 5 %}', Next: 'High', Output: { rule: 'first' } },
          { Condition: '{% $states.input.n > 2 %}', Next: 'Middle' },
        ],
        ...fields,
      },
      High: { Type: 'Succeed', Output: ['High', '{% $states.input %}'] },
      Middle: { Type: 'Succeed', Output: ['Middle', '{% $states.input %}'] },
      Low: { Type: 'Succeed', Output: ['Low', '{% $states.input %}'] },
    },
  });

  test.each<[number, Json]>([
    [6, ['High', { rule: 'first' }]],
    [3, ['Middle', { n: 3 }]],
    [1, ['Low', { rule: 'none' }]],
  ])('with %j takes the first rule that holds, or Default, each with its own Output', async (n, output) => {
    const machine = choice({ Default: 'Low', Output: { rule: 'none' } });
    expect(await outputOf(machine, { input: { n } })).toEqual(output);
  });

  test('without a rule that holds or Default is States.Runtime', async () => {
    const machine = choice({ Choices: [{ Condition: false, Next: 'High' }] });
    const { Middle: _m, Low: _l, ...States } = machine.States;
    expect(await run({ ...machine, States })).toMatchObject({ error: 'States.Runtime' });
  });

  test('does not take what is no boolean', async () => {
    const machine = choice({ Choices: [{ Condition: '{% 1 %}', Next: 'High' }], Default: 'Low' });
    const { Middle: _m, ...States } = machine.States;
    expect(await run({ ...machine, States })).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining(
        "'1' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1",
      ),
    });
  });
});

describe('a Wait', () => {
  test.each<[string, object, number]>([
    ['Seconds', { Seconds: 3 }, 3_000],
    ['computed Seconds', { Seconds: '{% $states.input.n * 2 %}' }, 4_000],
    ['a Timestamp', { Timestamp: '1970-01-01T00:00:07Z' }, 7_000],
    ['a computed Timestamp', { Timestamp: '{% $fromMillis(9000) %}' }, 9_000],
  ])('waits for %s', async (_what, fields, ms) => {
    const wait = jsonata({ Type: 'Wait', ...fields, Output: '{% $states.input.n %}', End: true });
    const result = await run(wait, { input: { n: 2 } });
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: 2, stopDate: new Date(ms) });
  });

  test.each([
    ['Seconds', "{% '3' %}", "Expected 'number', but was 'string'"],
    ['Seconds', '{% -1 %}', 'returned -1, which is not an integer from 0'],
    ['Seconds', '{% 1e8 %}', 'returned 100000000, which is not an integer from 0 to 99999999'],
    ['Timestamp', '{% 1 %}', "Expected 'string', but was 'number'"],
    ['Timestamp', "{% 'today' %}", "returned 'today', which is no RFC 3339 timestamp"],
  ])('does not wait for %s %s', async (field, text, cause) => {
    expect(await run(jsonata({ Type: 'Wait', [field]: text, End: true }))).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining(cause),
    });
  });
});

test('a Fail computes Error and Cause', async () => {
  const fail = { Type: 'Fail', Error: "{% 'E' & $states.input.n %}", Cause: 'as written' };
  expect(await run(jsonata(fail), { input: { n: 1 } })).toMatchObject({ error: 'E1', cause: 'as written' });
});

test('a Fail whose Error is no text is States.QueryEvaluationError', async () => {
  expect(await run(jsonata({ Type: 'Fail', Error: '{% 5 %}' }))).toMatchObject({
    error: 'States.QueryEvaluationError',
    cause: expect.stringContaining("'Error' returned an unexpected result type. Expected 'string'"),
  });
});

test('a Parallel gives each branch its Arguments and puts out what Output makes of the results', async () => {
  const branch = (name: string) => ({
    StartAt: name,
    States: { [name]: { Type: 'Pass', Output: `{% $states.input.n & '${name}' %}`, End: true } },
  });
  const parallel = {
    Type: 'Parallel',
    Arguments: { n: '{% $states.input + 1 %}' },
    Branches: [branch('A'), branch('B')],
    Output: '{% $join($states.result) %}',
    End: true,
  };
  expect(await outputOf(jsonata(parallel), { input: 1 })).toBe('2A2B');
});

describe('a Map', () => {
  const map = (fields: object) =>
    jsonata({
      Type: 'Map',
      ItemProcessor: {
        StartAt: 'Item',
        States: { Item: { Type: 'Pass', Output: ['{% $states.input %}'], End: true } },
      },
      ...fields,
      End: true,
    });

  test('without Items takes its input', async () => {
    expect(await outputOf(map({}), { input: [1, 2] })).toEqual([[1], [2]]);
  });

  test.each<[string, Json]>([
    ['an expression', '{% $states.input.list %}'],
    ['an array with expressions', ['{% $states.input.list[0] %}', 2]],
    ['an array', [1, 2]],
  ])('takes Items from %s', async (_what, items) => {
    expect(await outputOf(map({ Items: items }), { input: { list: [1, 2] } })).toEqual([[1], [2]]);
  });

  test('shapes each item with ItemSelector', async () => {
    const machine = map({
      Items: ['a', 'b'],
      ItemSelector: {
        item: '{% $states.context.Map.Item.Value %}',
        at: '{% $states.context.Map.Item.Index %}',
        of: '{% $states.input.n %}',
      },
      Output: '{% $states.result[1] %}',
    });
    expect(await outputOf(machine, { input: { n: 5 } })).toEqual([{ item: 'b', at: 1, of: 5 }]);
  });

  test('computes MaxConcurrency', async () => {
    let running = 0;
    let most = 0;
    const machine = map({
      Items: [1, 2, 3, 4],
      MaxConcurrency: '{% $states.input.most %}',
      ItemProcessor: { StartAt: 'T', States: { T: { ...TASK, End: true } } },
    });
    const clock = createVirtualClock();
    const handlers: Options['handlers'] = {
      'lambda:invoke': async (_input, task) => {
        running += 1;
        most = Math.max(most, running);
        await clock.sleep(1, task.signal);
        running -= 1;
        return 0;
      },
    };
    await outputOf(machine, { input: { most: 2 }, clock, handlers });
    expect(most).toBe(2);
  });

  test.each<[string, Json, string]>([
    ['a text', 'string', '"string"'],
    ['a number', 1, '1'],
    ['null', null, 'null'],
    ['a boolean', true, 'true'],
    ['an object', { foo: 'bar' }, '{"foo":"bar"}'],
  ])('does not run over %s', async (_what, items, text) => {
    const type = items === null ? 'null' : typeof items;
    const machine = map({ Items: '{% $states.input.items %}' });
    expect(await run(machine, { input: { items } })).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining(
        `'Items' returned an unexpected result type. Expected 'array', but was '${type}' for value: ${text}`,
      ),
    });
  });

  test('whose ItemSelector fails starts no item', async () => {
    const execution = start(map({ Items: [1], ItemSelector: '{% $no %}' }));
    expect(await execution.result).toMatchObject({
      cause: expect.stringContaining("the field 'ItemSelector' returned nothing"),
    });
    expect(lines(execution.history()).join()).not.toContain('MapIterationStarted');
  });
});

describe('both languages in one machine', () => {
  test('hand payloads to each other', async () => {
    const machine = {
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Result: { a: 1 }, Next: 'B' },
        B: { Type: 'Pass', QueryLanguage: 'JSONata', Output: { b: '{% $states.input.a + 1 %}' }, Next: 'C' },
        C: { Type: 'Pass', Parameters: { 'c.$': '$.b', text: '{% 1 %}' }, End: true },
      },
    };
    expect(await outputOf(machine)).toEqual({ c: 2, text: '{% 1 %}' });
  });

  test('stand inside each other: what is in a Map is in the machine, not in the Map, of a language', async () => {
    const map = {
      Type: 'Map',
      QueryLanguage: 'JSONata',
      Items: [1, 2],
      ItemProcessor: {
        StartAt: 'P',
        States: { P: { Type: 'Pass', Parameters: { 'n.$': '$' }, End: true } },
      },
      Output: '{% $states.result.n %}',
      End: true,
    };
    expect(await outputOf(single(map))).toEqual([1, 2]);
  });
});
