// Rules: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
import { describe, expect, test } from '@jest/globals';
import { type ExecutionOptions, type Json, TaskError } from '../src/index.ts';
import { outputOf, problemsOf, run, single, start, TASK } from './run-machine.ts';

/** A machine of states that follow one another; the last one ends. */
function chain(states: Readonly<Record<string, object>>, language = 'JSONPath'): object {
  const names = Object.keys(states);
  const linked = Object.entries(states).map(([name, state], index) => {
    const next = names[index + 1];
    if ('Choices' in state || ('Type' in state && state.Type === 'Fail')) return [name, state];
    return [name, { ...state, ...(next === undefined ? { End: true } : { Next: next }) }];
  });
  return { QueryLanguage: language, StartAt: names[0], States: Object.fromEntries(linked) };
}

const handlers: ExecutionOptions['handlers'] = {
  'lambda:invoke': async (input) => ({ Payload: input }),
};

const failing: ExecutionOptions['handlers'] = {
  'lambda:invoke': async () => {
    throw new TaskError('Broken', 'because');
  },
};

const pass = (fields: object) => ({ Type: 'Pass', ...fields });

/** What the values come to after a first state has assigned them, as the template says. */
function read(assign: object, template: Json, input: Json = {}): Promise<Json> {
  const machine = chain({ A: pass({ Assign: assign }), B: pass({ Parameters: { v: template } }) });
  return outputOf({ ...machine }, { input }).then((output) => output);
}

describe('in JSONPath', () => {
  test.each<[string, string, Json]>([
    ['a variable', '$order', { id: 7, items: [{ n: 1 }, { n: 2 }] }],
    ['a part of one', '$order.id', 7],
    ['a part in brackets', "$order['items'][1].n", 2],
    ['many parts', '$order.items[*].n', [1, 2]],
    ['an argument', "States.Format('{}-{}', $order.id, $.here)", '7-in'],
    ['the input beside it', '$.here', 'in'],
  ])('a template reads %s', async (_what, path, value) => {
    const assign = { order: { id: 7, items: [{ n: 1 }, { n: 2 }] } };
    expect(await read(assign, { 'x.$': path }, { here: 'in' })).toEqual({ v: { x: value } });
  });

  test('Assign is a template: input, context, calls and constants', async () => {
    const assign = {
      'root.$': '$',
      'part.$': '$.a',
      'name.$': '$$.State.Name',
      'call.$': "States.Format('<{}>', $.a)",
      deep: { 'again.$': '$.a', text: '$.a' },
      constant: [null, '{% $part %}'],
    };
    const template = {
      'root.$': '$root',
      'part.$': '$part',
      'name.$': '$name',
      'call.$': '$call',
      'deep.$': '$deep',
      'constant.$': '$constant',
    };
    expect(await read(assign, template, { a: 1 })).toEqual({
      v: {
        root: { a: 1 },
        part: 1,
        name: 'A',
        call: '<1>',
        deep: { again: 1, text: '$.a' },
        constant: [null, '{% $part %}'],
      },
    });
  });

  test.each<[string, object, Json]>([
    ['Result of a Pass', { Type: 'Pass', Result: { a: 'result' } }, 'result'],
    ['Parameters of a Pass', { Type: 'Pass', Parameters: { a: 'parameters' } }, 'parameters'],
    ['input of a Pass', { Type: 'Pass' }, 'input'],
    ['selected input of a Wait', { Type: 'Wait', Seconds: 0, InputPath: '$.inner' }, 'inner'],
  ])('Assign applies to the %s', async (_what, state, value) => {
    const machine = chain({
      A: { ...state, Assign: { 'a.$': '$.a' } },
      B: pass({ Parameters: { 'v.$': '$a' } }),
    });
    expect(await outputOf(machine, { input: { a: 'input', inner: { a: 'inner' } } })).toEqual({ v: value });
  });

  test('Assign applies to the raw result of a Task, whatever ResultSelector and ResultPath make of it', async () => {
    const machine = chain({
      A: {
        ...TASK,
        ResultSelector: { other: 1 },
        ResultPath: null,
        Assign: { 'got.$': '$.Payload.a' },
      },
      B: pass({ Parameters: { 'v.$': '$got' } }),
    });
    expect(await outputOf(machine, { input: { a: 5 }, handlers })).toEqual({ v: 5 });
  });

  test.each<[string, object, Json]>([
    ['InputPath', { Type: 'Pass', InputPath: '$list' }, [3, 1]],
    ['OutputPath', { Type: 'Pass', OutputPath: '$list[0]' }, 3],
    [
      'ItemsPath',
      {
        Type: 'Map',
        ItemsPath: '$list',
        ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Succeed' } } },
      },
      [3, 1],
    ],
    [
      'ItemSelector',
      {
        Type: 'Map',
        ItemsPath: '$list',
        ItemSelector: { 'n.$': '$n' },
        ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Succeed' } } },
      },
      [{ n: 2 }, { n: 2 }],
    ],
    ['ResultSelector', { ...TASK, ResultSelector: { 'n.$': '$n' } }, { n: 2 }],
  ])('%s reads variables', async (_field, state, output) => {
    const machine = chain({ A: pass({ Assign: { list: [3, 1], n: 2 } }), B: state });
    expect(await outputOf(machine, { handlers })).toEqual(output);
  });

  test.each<[string, object, string]>([
    ['TimeoutSecondsPath', { ...TASK, TimeoutSecondsPath: '$n' }, 'timeoutInSeconds'],
    ['HeartbeatSecondsPath', { ...TASK, HeartbeatSecondsPath: '$n' }, 'heartbeatInSeconds'],
  ])('%s reads variables', async (_field, state, detail) => {
    const execution = start(chain({ A: pass({ Assign: { n: 9 } }), B: state }), { handlers });
    await execution.result;
    const scheduled = execution.history().find((event) => event.type === 'TaskScheduled');
    expect(scheduled?.taskScheduledEventDetails).toMatchObject({ [detail]: 9 });
  });

  test.each<[string, object]>([
    ['SecondsPath', { SecondsPath: '$n' }],
    ['TimestampPath', { TimestampPath: '$at' }],
  ])('%s reads variables', async (_field, fields) => {
    const assign = { n: 9, at: '1970-01-01T00:00:09Z' };
    const machine = chain({ A: pass({ Assign: assign }), B: { Type: 'Wait', ...fields } });
    expect(await run(machine)).toMatchObject({ stopDate: new Date(9_000) });
  });

  test('ErrorPath and CausePath read variables', async () => {
    const fail = { Type: 'Fail', ErrorPath: '$e', CausePath: "States.Format('{}!', $c)" };
    const machine = chain({ A: pass({ Assign: { e: 'E', c: 'C' } }), B: fail });
    expect(await run(machine)).toMatchObject({ error: 'E', cause: 'C!' });
  });

  test('MaxConcurrencyPath reads variables, and takes a text of digits', async () => {
    const map = {
      Type: 'Map',
      ItemsPath: '$list',
      MaxConcurrencyPath: '$most',
      ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Succeed' } } },
    };
    const machine = chain({ A: pass({ Assign: { list: [1, 2], most: '1' } }), B: map });
    const execution = start(machine);
    expect(await execution.result).toMatchObject({ output: [1, 2] });
    const types = execution.history().map((event) => event.type);
    expect(types.indexOf('MapIterationSucceeded')).toBeLessThan(types.lastIndexOf('MapIterationStarted'));
  });

  test('a Choice compares variables', async () => {
    const choice = (guess: string) => ({
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Assign: { guess, answer: 'x' }, Next: 'B' },
        B: {
          Type: 'Choice',
          Choices: [
            { And: [{ Variable: '$guess', StringEqualsPath: '$answer' }], Next: 'Right' },
            { Variable: '$missing', IsPresent: true, Next: 'Right' },
          ],
          Default: 'Wrong',
        },
        Right: { Type: 'Succeed' },
        Wrong: { Type: 'Fail', Error: 'Wrong' },
      },
    });
    expect(await run(choice('x'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await run(choice('y'))).toMatchObject({ error: 'Wrong' });
  });

  test.each([
    ['a template', { Type: 'Pass', Parameters: { 'v.$': '$no.part' } }, "The JSONPath '$no.part'"],
    ['InputPath', { Type: 'Pass', InputPath: '$no' }, "Invalid path '$no' : The variable $no has no value"],
    ['a call', { Type: 'Pass', Parameters: { 'v.$': "States.Format('{}', $no)" } }, "the field '$no'"],
    ['a wildcard', { Type: 'Pass', Parameters: { 'v.$': '$no[*]' } }, "The JSONPath '$no[*]'"],
  ])('a variable without a value is States.Runtime in %s', async (_what, state, cause) => {
    expect(await run(chain({ A: state }))).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringContaining(cause),
    });
  });

  test('a result is not put into a variable or the context', () => {
    for (const path of ['$v', '$v.a', '$$.a']) {
      expect(problemsOf(single(pass({ ResultPath: path, End: true })))).toEqual([
        `/States/Only/ResultPath: '${path}' does not start with '$' alone`,
      ]);
    }
  });
});

describe('values are those of before the state', () => {
  test('in Assign itself, whatever the order', async () => {
    const machine = chain({
      A: pass({ Assign: { x: 1, y: 2 } }),
      B: pass({ Assign: { 'x.$': '$y', 'y.$': '$x' } }),
      C: pass({ Parameters: { 'x.$': '$x', 'y.$': '$y' } }),
    });
    expect(await outputOf(machine)).toEqual({ x: 2, y: 1 });
  });

  test('in OutputPath', async () => {
    const machine = chain({
      A: pass({ Assign: { x: 1 } }),
      B: pass({ Assign: { x: 2 }, OutputPath: '$x' }),
    });
    expect(await outputOf(machine)).toBe(1);
  });

  test('in Output and Assign of JSONata', async () => {
    const machine = chain(
      {
        A: pass({ Assign: { x: 1 } }),
        B: pass({ Assign: { x: '{% $x + 1 %}', before: '{% $x %}' }, Output: '{% $x %}' }),
        C: pass({ Output: ['{% $states.input %}', '{% $x %}', '{% $before %}'] }),
      },
      'JSONata',
    );
    expect(await outputOf(machine)).toEqual([1, 2, 1]);
  });
});

describe('in JSONata', () => {
  test('variables are read by their names, and may hide functions', async () => {
    const machine = chain(
      {
        A: pass({ Assign: { order: { id: 7 }, sum: 'mine' } }),
        B: pass({ Output: ['{% $order.id %}', '{% $sum %}'] }),
      },
      'JSONata',
    );
    expect(await outputOf(machine)).toEqual([7, 'mine']);
  });

  test('Assign of a Task sees its result', async () => {
    const machine = chain(
      {
        A: { ...TASK, Assign: { got: '{% $states.result.Payload %}' }, Output: null },
        B: pass({ Output: '{% $got %}' }),
      },
      'JSONata',
    );
    expect(await outputOf(machine, { input: 5, handlers })).toBe(5);
  });

  test('a state that fails in its Assign has assigned nothing', async () => {
    const machine = {
      QueryLanguage: 'JSONata',
      StartAt: 'A',
      States: {
        A: {
          ...TASK,
          Assign: { good: 1, bad: '{% $no %}' },
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }],
          End: true,
        },
        B: { Type: 'Pass', Output: '{% $exists($good) %}', End: true },
      },
    };
    expect(await outputOf(machine, { handlers })).toBe(false);
  });

  test.each([
    ['Wait', { Type: 'Wait', Seconds: 0 }],
    ['Pass', { Type: 'Pass' }],
    ['Parallel', { Type: 'Parallel', Branches: [{ StartAt: 'P', States: { P: { Type: 'Succeed' } } }] }],
    ['Map', { Type: 'Map', Items: [], ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Succeed' } } } }],
  ])('a %s assigns', async (_type, state) => {
    const machine = chain(
      { A: { ...state, Assign: { v: '{% $states.input %}' } }, B: pass({ Output: '{% $v %}' }) },
      'JSONata',
    );
    expect(await outputOf(machine, { input: 'in' })).toBe('in');
  });
});

test('both languages share the variables', async () => {
  const machine = chain({
    A: pass({ Assign: { 'a.$': '$' } }),
    B: pass({ QueryLanguage: 'JSONata', Assign: { b: '{% $a + 1 %}' } }),
    C: pass({ Parameters: { 'sum.$': 'States.MathAdd($a, $b)' } }),
  });
  expect(await outputOf(machine, { input: 1 })).toEqual({ sum: 3 });
});

describe('a Choice assigns', () => {
  const jsonPath = {
    Choices: [{ Variable: '$.n', NumericGreaterThan: 5, Assign: { 'rule.$': '$.n' }, Next: 'B' }],
    Assign: { rule: 'default' },
  };
  const jsonata = {
    QueryLanguage: 'JSONata',
    Choices: [
      { Condition: '{% $states.input.n > 5 %}', Assign: { rule: '{% $states.input.n %}' }, Next: 'B' },
    ],
    Assign: { rule: 'default' },
  };

  test.each<[string, object, number, Json]>([
    ['JSONPath', jsonPath, 6, 6],
    ['JSONPath', jsonPath, 1, 'default'],
    ['JSONata', jsonata, 6, 6],
    ['JSONata', jsonata, 1, 'default'],
  ])(
    'in %s what its rule says, or what it says itself for its Default',
    async (_language, fields, n, rule) => {
      const machine = {
        StartAt: 'A',
        States: {
          A: { Type: 'Choice', ...fields, Default: 'B' },
          B: { Type: 'Pass', Parameters: { 'rule.$': '$rule' }, End: true },
        },
      };
      expect(await outputOf(machine, { input: { n } })).toEqual({ rule });
    },
  );
});

describe('Retry and Catch', () => {
  const machine = (fields: object, catcher: object, language: string) => ({
    QueryLanguage: language,
    StartAt: 'A',
    States: {
      A: { ...TASK, ...fields, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B', ...catcher }], End: true },
      B: { Type: 'Succeed', ...(language === 'JSONata' ? { Output: '{% $v %}' } : { OutputPath: '$v' }) },
    },
  });

  test('Catch assigns from the error in JSONata', async () => {
    const caught = machine(
      { Assign: { v: 'succeeded' } },
      { Assign: { v: '{% $states.errorOutput.Error & $states.input %}' } },
      'JSONata',
    );
    expect(await outputOf(caught, { input: 1, handlers: failing })).toBe('Broken1');
  });

  test('Catch assigns from the error in JSONPath', async () => {
    const caught = machine({}, { Assign: { 'v.$': '$.Cause' } }, 'JSONPath');
    expect(await outputOf(caught, { handlers: failing })).toBe('because');
  });

  test('an attempt that failed assigns nothing', async () => {
    let calls = 0;
    const retried = chain(
      {
        A: pass({ Assign: { n: 0 } }),
        B: {
          ...TASK,
          Assign: { n: '{% $n + 1 %}' },
          Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 3 }],
        },
        C: pass({ Output: '{% $n %}' }),
      },
      'JSONata',
    );
    const flaky = async () => {
      calls += 1;
      if (calls < 3) throw new TaskError('Broken');
      return 0;
    };
    expect(await outputOf(retried, { handlers: { 'lambda:invoke': flaky } })).toBe(1);
  });
});

describe('scopes', () => {
  const processor = (states: object, startAt: string) => ({ StartAt: startAt, States: states });

  test('iterations read outer variables and keep their own to themselves', async () => {
    const machine = chain(
      {
        A: pass({ Assign: { base: 10 } }),
        B: {
          Type: 'Map',
          Items: [1, 2],
          ItemProcessor: processor(
            {
              In: pass({ Assign: { own: '{% $base + $states.input %}' }, Next: 'Out' }),
              Out: pass({ Output: '{% $own %}', End: true }),
            },
            'In',
          ),
        },
        C: pass({ Output: ['{% $states.input %}', '{% $exists($own) %}'] }),
      },
      'JSONata',
    );
    expect(await outputOf(machine)).toEqual([[11, 12], false]);
  });

  test('branches may use the same name, each for itself', async () => {
    const branch = (name: string) =>
      processor(
        {
          [`${name}1`]: pass({ Assign: { v: name }, Next: `${name}2` }),
          [`${name}2`]: pass({ Parameters: { 'v.$': '$v' }, End: true }),
        },
        `${name}1`,
      );
    const parallel = { Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true };
    expect(await outputOf(single(parallel))).toEqual([{ v: 'A' }, { v: 'B' }]);
  });

  test('scopes nest', async () => {
    const machine = chain(
      {
        A: pass({ Assign: { a: 1 } }),
        B: {
          Type: 'Parallel',
          Branches: [
            processor(
              {
                P1: pass({ Assign: { b: '{% $a + 1 %}' }, Next: 'P2' }),
                P2: {
                  Type: 'Map',
                  Items: [0],
                  ItemProcessor: processor({ M: pass({ Output: '{% $a + $b %}', End: true }) }, 'M'),
                  End: true,
                },
              },
              'P1',
            ),
          ],
        },
      },
      'JSONata',
    );
    expect(await outputOf(machine)).toEqual([[3]]);
  });

  test('an inner state may not assign a variable of an outer one, wherever that is assigned', () => {
    const machine = chain({
      A: {
        Type: 'Map',
        ItemProcessor: processor(
          {
            In: { ...TASK, Catch: [{ ErrorEquals: ['E'], Assign: { 'v.$': '$' }, Next: 'X' }], End: true },
            X: { Type: 'Succeed' },
          },
          'In',
        ),
      },
      B: pass({ Assign: { v: 1 } }),
    });
    expect(problemsOf(machine)).toEqual([
      "/States/A/ItemProcessor/States/In/Catch[0]/Assign: the variable 'v' belongs to a state outside of this one",
    ]);
  });

  test('children of a Distributed Map may use a name again, for they see none of outside', () => {
    const machine = chain({
      A: pass({ Assign: { v: 1 } }),
      B: {
        Type: 'Map',
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          ...processor({ In: pass({ Assign: { v: 2 }, End: true }) }, 'In'),
        },
      },
    });
    expect(problemsOf(machine)).toEqual([]);
  });
});

describe('limits', () => {
  const text = (bytes: number) => 'x'.repeat(bytes - 2);

  test.each<[string, Json, string]>([
    ['256 KiB in one variable', { a: text(262_144) }, 'SUCCEEDED'],
    ['more than that', { a: text(262_145) }, 'FAILED'],
    ['256 KiB in two', { a: text(131_072), b: text(131_072) }, 'SUCCEEDED'],
    ['more than that in two', { a: text(131_072), b: text(131_073) }, 'FAILED'],
  ])('an Assign with %s', async (_what, assign, status) => {
    const result = await run(single(pass({ Assign: assign, End: true })));
    expect(result.status).toBe(status);
    if (status === 'FAILED') expect(result.error).toBe('States.DataLimitExceeded');
  });

  test.each<[string, object]>([
    ['JSONPath', { 'a.$': '$', 'b.$': '$' }],
    ['JSONata', { a: '{% $states.result %}', b: '{% $states.result %}' }],
  ])('an Assign of a Task that is too large can be caught by its name in %s', async (language, assign) => {
    const machine = {
      QueryLanguage: language,
      StartAt: 'A',
      States: {
        A: {
          ...TASK,
          Assign: assign,
          Catch: [{ ErrorEquals: ['States.DataLimitExceeded'], Next: 'B' }],
          End: true,
        },
        B: { Type: 'Succeed' },
      },
    };
    const large = { 'lambda:invoke': async () => text(200_000) };
    expect(await run(machine, { handlers: large })).toMatchObject({
      output: { Error: 'States.DataLimitExceeded', Cause: expect.stringContaining('262144 bytes') },
    });
  });

  const many = (count: number, last: object) =>
    chain({
      ...Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `S${index}`,
          pass({ Assign: { [`v${index}`]: text(262_144) } }),
        ]),
      ),
      Last: last,
    });

  test('all variables of an execution have 10 MiB', async () => {
    expect(await run(many(40, pass({})))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await run(many(40, pass({ Assign: { more: 1 } })))).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
  });

  test('a value that is replaced does not count, nor one whose scope has ended', async () => {
    expect(await run(many(40, pass({ Assign: { v0: text(262_144) } })))).toMatchObject({
      status: 'SUCCEEDED',
    });
    const map = {
      Type: 'Map',
      ItemsPath: '$.items',
      MaxConcurrency: 1,
      ItemProcessor: { StartAt: 'P', States: { P: pass({ Assign: { own: text(262_144) }, End: true }) } },
    };
    const items = Array.from({ length: 45 }, (_, index) => index);
    expect(await run(chain({ A: map }), { input: { items } })).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('the definition', () => {
  test.each([
    ['a', undefined],
    ['größe', undefined],
    ['x_1', undefined],
    ['Comment', undefined],
    ['n'.repeat(80), undefined],
    ['n'.repeat(81), "a variable's name has at most 80 characters"],
    ['states', "the variable 'states' is reserved"],
    ['1a', "'1a' is no name of a variable"],
    ['_a', "'_a' is no name of a variable"],
    ['a-b', "'a-b' is no name of a variable"],
    ['__proto__', "'__proto__' is no name of a variable"],
    ['', "'' is no name of a variable"],
  ])('may name a variable %s: %s', (name, problem) => {
    const assign = JSON.parse(`{${JSON.stringify(name)}: 1}`);
    expect(problemsOf(single(pass({ Assign: assign, End: true })))).toEqual(
      problem === undefined ? [] : [`/States/Only/Assign: ${problem}`],
    );
  });

  test('gives Assign an object', () => {
    expect(problemsOf(single(pass({ Assign: '{% 1 %}', End: true })))).toEqual([
      '/States/Only/Assign: must be an object',
    ]);
  });

  test('has no Assign inside And, Or and Not', () => {
    const inner = { Variable: '$.a', IsNull: true, Assign: { a: 1 } };
    const choice = { Type: 'Choice', Choices: [{ Not: inner, Next: 'B' }] };
    const machine = { StartAt: 'A', States: { A: choice, B: { Type: 'Succeed' } } };
    expect(problemsOf(machine)).toEqual([
      '/States/A/Choices[0]/Not/Assign: is allowed in the outermost rule only',
    ]);
  });
});

test.each(['JSONPath', 'JSONata'])(
  'an empty Assign in %s assigns nothing, and no event tells of it',
  async (language) => {
    const execution = start({ ...single(pass({ Assign: {}, End: true })), QueryLanguage: language });
    await execution.result;
    expect(execution.history()[2]?.stateExitedEventDetails).not.toHaveProperty('assignedVariables');
  },
);

test('the event of a state that ends says which variables it assigned', async () => {
  const execution = start(single(pass({ Assign: { a: 1, b: ['x'] }, End: true })));
  await execution.result;
  expect(execution.history()[2]?.stateExitedEventDetails).toMatchObject({
    name: 'Only',
    assignedVariables: { a: '1', b: '["x"]' },
    assignedVariablesDetails: { truncated: false },
  });
});
