import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PAYLOAD_LIMIT, toPayload } from '../src/payload.ts';
import { outputOf, run, single, start, TASK } from './run-machine.ts';

const tooLarge = () => 'too large';
const isTaken = (value: unknown) => {
  try {
    toPayload(value, tooLarge);
    return true;
  } catch {
    return false;
  }
};

describe('the limit of 262,144 bytes of UTF-8', () => {
  // JSON text of a string is two quotes longer than what it holds.
  test.each([
    ['a', 1],
    ['é', 2],
    ['€', 3],
    ['😀', 4],
    ['"', 2],
    ['\n', 2],
    ['\u0001', 6],
    ['\ud800', 6],
  ])('counts %j as %d bytes', (char, bytes) => {
    const most = Math.floor((PAYLOAD_LIMIT - 2) / bytes);
    expect(isTaken(char.repeat(most))).toBe(true);
    expect(isTaken(char.repeat(most + 1))).toBe(false);
  });

  test('is the size of the JSON text, for whatever value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const size = Buffer.byteLength(JSON.stringify(value));
        // Beside a filler that leaves no byte, the value fits; one more byte and it does not.
        const filler = 'x'.repeat(PAYLOAD_LIMIT - size - 5);
        expect(isTaken([value, filler])).toBe(true);
        expect(isTaken([value, `${filler}x`])).toBe(false);
      }),
    );
  });

  const LARGE = 'x'.repeat(PAYLOAD_LIMIT - 100);

  test('applies to the input of an execution', () => {
    expect(() => start(single({ Type: 'Succeed' }), { input: `${LARGE}${LARGE}` })).toThrow(
      'the input is larger than',
    );
  });

  test('applies to the result of a task, and can be caught by its own name only', async () => {
    const result = (errorEquals: string) =>
      run(
        {
          StartAt: 'Work',
          States: {
            Work: { ...TASK, Catch: [{ ErrorEquals: [errorEquals], Next: 'Caught' }], End: true },
            Caught: { Type: 'Pass', End: true },
          },
        },
        { handlers: { 'lambda:invoke': async () => LARGE + LARGE } },
      );
    const caught = {
      Error: 'States.DataLimitExceeded',
      Cause:
        "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.",
    };
    expect(await result('States.DataLimitExceeded')).toMatchObject({ status: 'SUCCEEDED', output: caught });
    expect(await result('States.ALL')).toMatchObject({
      status: 'FAILED',
      error: caught.Error,
      cause: caught.Cause,
    });
  });

  test.each<[string, object]>([
    ['Parameters', { ...TASK, Parameters: { 'a.$': '$', 'b.$': '$' }, End: true }],
    ['ResultPath', { ...TASK, ResultPath: '$.again', End: true }],
    ['the output of a Pass', { Type: 'Pass', Parameters: { 'a.$': '$', 'b.$': '$' }, End: true }],
    [
      'an ItemSelector',
      {
        Type: 'Map',
        ItemsPath: '$.items',
        ItemSelector: { 'a.$': '$', 'b.$': '$' },
        ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } },
        End: true,
      },
    ],
    [
      'the outputs of the branches together',
      {
        Type: 'Parallel',
        Branches: ['A', 'B'].map((name) => ({
          StartAt: name,
          States: { [name]: { Type: 'Pass', End: true } },
        })),
        End: true,
      },
    ],
  ])('applies to %s', async (_what, state) => {
    const handlers = { 'lambda:invoke': async () => LARGE };
    expect(await run(single(state), { input: { large: LARGE, items: [1] }, handlers })).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
    });
  });

  test('applies to a list of small numbers', () => {
    // Each takes its digit and a comma; the brackets take two bytes, the last number has no comma.
    expect(isTaken(new Array(131_071).fill(1))).toBe(true);
    expect(isTaken(new Array(131_072).fill(1))).toBe(false);
  });

  test('applies to a value that holds itself, once or twice', () => {
    const once: unknown[] = [];
    once.push(once);
    const twice: unknown[] = [];
    twice.push(twice, twice);
    expect(isTaken(once)).toBe(false);
    expect(isTaken(twice)).toBe(false);
  });
});

test('a result becomes JSON as JSON.stringify makes it', async () => {
  class Point {
    readonly x = 1;
    toJSON() {
      return { point: this.x };
    }
  }
  const result = {
    date: new Date(0),
    missing: undefined,
    point: new Point(),
    nan: Number.NaN,
    list: [undefined, () => 1],
    bytes: new Map([[1, 2]]),
  };
  const output = await outputOf(single({ ...TASK, End: true }), {
    handlers: { 'lambda:invoke': async () => result },
  });
  expect(output).toEqual({
    date: '1970-01-01T00:00:00.000Z',
    point: { point: 1 },
    nan: null,
    list: [null, null],
    bytes: {},
  });
});

test('no result is null', async () => {
  expect(
    await outputOf(single({ ...TASK, End: true }), { handlers: { 'lambda:invoke': async () => {} } }),
  ).toBe(null);
});

test('a result that is no JSON at all fails the state', async () => {
  const result = await run(single({ ...TASK, End: true }), {
    handlers: { 'lambda:invoke': async () => ({ n: 1n }) },
  });
  expect(result).toMatchObject({
    status: 'FAILED',
    error: 'TypeError',
    cause: expect.stringContaining('BigInt'),
  });
});

test('values pass from state to state without being copied', async () => {
  const value = { deep: [1] };
  const output = await outputOf(single({ Type: 'Pass', Parameters: { 'kept.$': '$' }, End: true }), {
    input: value,
  });
  expect(output).toEqual({ kept: value });
  expect(JSON.parse(JSON.stringify(output))).toEqual(output);
});
