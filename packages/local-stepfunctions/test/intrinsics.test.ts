import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Json } from '../src/index.ts';
import { evaluate, failureOf, problemsOf, run, single } from './run-machine.ts';

describe('an intrinsic function gives', () => {
  test.each<[string, Json, Json]>([
    ["States.Format('Hello {}, you are {}', $.name, 42)", { name: 'Ann' }, 'Hello Ann, you are 42'],
    ["States.Format('{}|{}|{}', null, true, 1.5)", {}, 'null|true|1.5'],
    [
      "States.Format('{}', $)",
      { Arg1: 1, Arg2: [], Arg3: ['a', { b: null }] },
      '{Arg1=1, Arg2=[], Arg3=[a, {b=null}]}',
    ],
    ["States.Format('it\\'s \\{{}\\} \\\\', 1)", {}, "it's {1} \\"],
    ['States.Format($.template, 1)', { template: 'n={}' }, 'n=1'],
    ['States.StringToJson(\'[1, "a"]\')', {}, [1, 'a']],
    ['States.StringToJson($.text)', { text: '{"a": {"b": null}}' }, { a: { b: null } }],
    ["States.StringToJson(' ')", {}, null],
    ['States.JsonToString($)', { a: [1, 'x'] }, '{"a":[1,"x"]}'],
    [
      'States.JsonMerge($.a, $.b, false)',
      { a: { x: { p: 1 }, y: 1 }, b: { x: { q: 2 } } },
      { x: { q: 2 }, y: 1 },
    ],
    ['States.Array()', {}, []],
    ["States.Array('a', 1, $.n, true, null)", { n: { x: 1 } }, ['a', 1, { x: 1 }, true, null]],
    ['States.ArrayPartition($, 2)', [1, 2, 3], [[1, 2], [3]]],
    ['States.ArrayPartition($, 4)', [], []],
    ['States.ArrayContains($.a, $.v)', { a: [{ x: [1] }], v: { x: [1] } }, true],
    ['States.ArrayContains($.a, 2)', { a: [1, '2'] }, false],
    ['States.ArrayRange(1, 9, 2)', {}, [1, 3, 5, 7, 9]],
    ['States.ArrayRange(0, 10, 3)', {}, [0, 3, 6, 9]],
    ['States.ArrayRange(3, 1, -1)', {}, [3, 2, 1]],
    ['States.ArrayRange(3, 1, 1)', {}, []],
    ['States.ArrayGetItem($, 1)', ['a', 'b'], 'b'],
    ['States.ArrayLength($)', [1, [2, 3]], 2],
    [
      'States.ArrayUnique($)',
      [1, '1', 1, null, null, { a: 1 }, { a: 1 }, [], []],
      [1, '1', null, { a: 1 }, []],
    ],
    ["States.Base64Encode('Data to encode')", {}, 'RGF0YSB0byBlbmNvZGU='],
    ["States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", {}, 'Data to encode'],
    ["States.Hash('input data', 'MD5')", {}, '812f45842bc6d66ee14572ce20db8e86'],
    ["States.Hash('input data', 'SHA-1')", {}, 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['States.MathAdd(-9, 3)', {}, -6],
    ['States.MathAdd(1.49, 1.5)', {}, 3],
    ['States.MathAdd(-1.5, -1.51)', {}, -3],
    ["States.StringSplit('This.is+a,test=string', '.+,=')", {}, ['This', 'is', 'a', 'test', 'string']],
    // "States.StringSplit drops empty parts."
    ["States.StringSplit(',a,,b,', ',')", {}, ['a', 'b']],
    ["States.StringSplit(',,', ',')", {}, []],
    ["States.StringSplit('Hello\nWorld', '\n')", {}, ['Hello', 'World']],
    ["States.ArrayGetItem(States.StringSplit($$.StateMachine.Name, '-'), 0)", {}, 'state'],
    ["States.Format('{}', States.JsonToString($.a[*].b))", { a: [{ b: 1 }, { b: 2 }] }, '[1,2]'],
  ])('%s', async (call, input, expected) => {
    expect(await evaluate(call, input)).toEqual(expected);
  });

  test.each([
    ['SHA-256', 'sha256'],
    ['SHA-384', 'sha384'],
    ['SHA-512', 'sha512'],
  ])('the %s hash of the text in UTF-8', async (name, algorithm) => {
    const expected = createHash(algorithm).update('größe').digest('hex');
    expect(await evaluate(`States.Hash('größe', '${name}')`, {})).toBe(expected);
  });

  test('a version 4 UUID, made of the given randomness', async () => {
    const make = () => {
      let state = 7;
      return () => {
        state = (state * 16_807) % 2_147_483_647;
        return state / 2_147_483_647;
      };
    };
    const [first, second] = [
      await evaluate('States.UUID()', {}, { random: make() }),
      await evaluate('States.UUID()', {}, { random: make() }),
    ];
    expect(first).toBe(second);
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await evaluate('States.UUID()', {})).not.toBe(await evaluate('States.UUID()', {}));
  });

  test('the same random number for the same seed, and others for others', async () => {
    const numbers = await Promise.all(
      [3, 3, 4, 5, 6].map((seed) => evaluate(`States.MathRandom(0, 999999, ${seed})`, {})),
    );
    expect(numbers[0]).toBe(numbers[1]);
    expect(new Set(numbers).size).toBe(4);
  });

  test('random numbers from the start on and below the end', async () => {
    expect(await evaluate('States.MathRandom(1, 4)', {}, { random: () => 0 })).toBe(1);
    expect(await evaluate('States.MathRandom(1, 4)', {}, { random: () => 0.999 })).toBe(3);
  });
});

describe('a call that cannot be done fails as States.IntrinsicFailure, saying why', () => {
  test.each<[string, Json, string]>([
    ["States.Format('{} {}', 1)", {}, 'the template has 2 places for 1 values'],
    ["States.Format('{}', 1, 2)", {}, 'the template has 1 places for 2 values'],
    ['States.StringToJson($.t)', { t: '{' }, 'is no JSON text'],
    ['States.StringToJson($.t)', { t: 1 }, 'must be a string'],
    ['States.JsonMerge($, $, true)', {}, 'only shallow merges'],
    ['States.JsonMerge($, 1, false)', {}, 'the second argument must be an object'],
    ['States.ArrayPartition($, 0)', [1], 'must be a positive chunk size'],
    ['States.ArrayGetItem($, 1)', [1], 'has no element 1'],
    ['States.ArrayGetItem($, -1)', [1], 'has no element -1'],
    ['States.ArrayGetItem($, 0.5)', [1], 'must be an integer'],
    ['States.ArrayLength($)', {}, 'must be an array'],
    ['States.ArrayRange(1, 1, 0)', {}, 'must not be zero'],
    ['States.Base64Decode($)', 'not base64!', 'is no Base64 text'],
    ["States.Hash('a', 'CRC32')", {}, 'must be one of MD5, SHA-1'],
    ['States.MathAdd($, 1)', 'x', 'must be a number'],
    ['States.MathRandom(5, 5)', {}, 'must be less than'],
  ])('%s', async (call, input, why) => {
    expect(await failureOf(call, input)).toMatchObject({
      error: 'States.IntrinsicFailure',
      cause: expect.stringContaining(why),
    });
  });

  test.each(['States.Base64Encode($)', 'States.Base64Decode($)', "States.Hash($, 'MD5')"])(
    '%s takes 10,000 characters and not one more',
    async (call) => {
      expect(typeof (await evaluate(call, 'a'.repeat(10_000)))).toBe('string');
      expect(await failureOf(call, 'a'.repeat(10_001))).toMatchObject({ error: 'States.IntrinsicFailure' });
    },
  );

  test('a range has 1,000 elements at most', async () => {
    expect(await evaluate('States.ArrayRange(1, 1000, 1)', {})).toHaveLength(1_000);
    expect(await failureOf('States.ArrayRange(0, 1000, 1)', {})).toMatchObject({
      error: 'States.IntrinsicFailure',
    });
  });

  test('an argument that is not there is States.Runtime, like any missing path', async () => {
    expect(await failureOf("States.Format('{}', $.x)", {})).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringContaining(
        "The JsonPath argument for the field '$.x' could not be found in the input '{}'",
      ),
    });
  });

  test('a Catch of States.ALL takes it', async () => {
    const machine = {
      StartAt: 'Work',
      States: {
        Work: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { 'n.$': 'States.StringToJson($.text)' },
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', End: true },
      },
    };
    expect(
      await run(machine, { input: { text: '{' }, handlers: { 'lambda:invoke': async () => ({}) } }),
    ).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'States.IntrinsicFailure' } });
  });
});

test.each([
  'States.Nothing()',
  'States.UUID(1)',
  'States.MathAdd(1)',
  "States.Format('a",
  "States.Format('a' 1)",
  "States.Format('bad \\\" escape')",
  "States.StringToJson('\\n')",
  'States.Format(name)',
  'States.UUID() x',
  'Format()',
  `${'States.Array('.repeat(11)}${')'.repeat(11)}`,
])('%s is refused when the definition is loaded', (call) => {
  expect(problemsOf(single({ Type: 'Pass', Parameters: { 'v.$': call }, End: true }))).toEqual([
    expect.stringMatching(
      /^\/States\/Only\/Parameters: the value of 'v\.\$' must be a valid JSONPath or a valid intrinsic/,
    ),
  ]);
});

test('ten functions in one field are taken', async () => {
  expect(await evaluate(`${'States.Array('.repeat(10)}${')'.repeat(10)}`, {})).toHaveLength(1);
});

describe('laws', () => {
  test('chunks put together are the array, and none but the last is short', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), async (items, size) => {
        const chunks = await evaluate(`States.ArrayPartition($, ${size})`, items);
        if (!Array.isArray(chunks)) throw new Error('no array');
        expect(chunks.flat()).toEqual(items);
        expect(chunks.slice(0, -1).every((chunk) => chunk.length === size)).toBe(true);
      }),
    );
  });

  test('parts hold no delimiter and, joined, are the text without its delimiters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom('a', 'b', ',', ';', 'é', '😀') }), async (text) => {
        const parts = await evaluate("States.StringSplit($, ',;')", text);
        if (!Array.isArray(parts)) throw new Error('no array');
        expect(parts.join('')).toBe(text.replaceAll(/[,;]/g, ''));
        expect(parts).not.toContain('');
      }),
    );
  });

  test('Base64 there and back is the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        expect(await evaluate('States.Base64Decode(States.Base64Encode($))', text)).toBe(text);
      }),
    );
  });

  test('JSON text there and back is the value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const json: Json = JSON.parse(JSON.stringify(value));
        expect(await evaluate('States.StringToJson(States.JsonToString($))', json)).toEqual(json);
      }),
    );
  });

  test('a text in quotes is the text, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        const quoted = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
        expect(await evaluate(`States.ArrayGetItem(States.Array('${quoted}'), 0)`, {})).toBe(text);
      }),
    );
  });

  test('whatever text stands as a call, it is refused at load or the execution ends in an orderly way', async () => {
    const parts = fc.constantFrom(
      'States.Array(',
      'States.Format(',
      "'{}'",
      "'a'",
      ',',
      ')',
      '$.a',
      '$',
      '1',
      '-2.5',
      'null',
      'States.MathAdd(',
      'States.ArrayRange(',
      'States.StringSplit(',
      'States.JsonMerge(',
      'false',
      ' ',
      '\\',
    );
    const call = fc
      .array(parts, { maxLength: 12 })
      .map((texts) => `States.${texts.join('').replace(/^States\./, '')}`);
    await fc.assert(
      fc.asyncProperty(call, fc.jsonValue(), async (text, input) => {
        const definition = single({ Type: 'Pass', Parameters: { 'v.$': text }, End: true });
        if (problemsOf(definition).length > 0) return;
        expect(['SUCCEEDED', 'FAILED']).toContain((await run(definition, { input })).status);
      }),
    );
  });
});
