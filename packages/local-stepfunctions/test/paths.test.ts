import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Json } from '../src/index.ts';
import { evaluate, failureOf, problemsOf, run, single } from './run-machine.ts';

const STORE: Json = {
  name: 'shop',
  books: [
    { title: 'A', price: 5, tags: ['x', 'y'] },
    { title: 'B', price: 15 },
    { title: 'C', price: 25, inner: { price: 1 } },
  ],
  empty: [],
  nothing: null,
};

describe('a path selects', () => {
  test.each<[string, Json]>([
    ['$', STORE],
    ['$.name', 'shop'],
    ["$['name']", 'shop'],
    ['$.books[0].title', 'A'],
    ['$.books[-1].title', 'C'],
    ['$.nothing', null],
    ['$.books[*].title', ['A', 'B', 'C']],
    ['$.books[0,2].title', ['A', 'C']],
    ['$.books[1:].title', ['B', 'C']],
    ['$.books[:1].title', ['A']],
    ['$.books[-2:].title', ['B', 'C']],
    ['$.books[:-1].title', ['A', 'B']],
    ['$.books[1:2].title', ['B']],
    ['$..price', [5, 15, 25, 1]],
    ['$..inner.price', [1]],
    ['$.books..[0]', [{ title: 'A', price: 5, tags: ['x', 'y'] }, 'x']],
    ['$.books[0].*', ['A', 5, ['x', 'y']]],
    ["$.books[0]['title','price']", { title: 'A', price: 5 }],
    [
      "$.books[*]['title','price']",
      [
        { title: 'A', price: 5 },
        { title: 'B', price: 15 },
        { title: 'C', price: 25 },
      ],
    ],
    ['$.books[?(@.price > 5)].title', ['B', 'C']],
    ['$.books[?(@.price > 5 && @.price < 20)].title', ['B']],
    ["$.books[?(@.price>=25||@.title=='A')].title", ['A', 'C']],
    ['$.books[?(!(@.price == 15))].title', ['A', 'C']],
    ['$.books[?(@.tags)].title', ['A']],
    ['$.books[?(!@.tags)].title', ['B', 'C']],
    ['$.books[?(@.title != "B")].title', ['A', 'C']],
    ["$.books[?(@.tags[*] == 'x')].title", []],
    ['$.books[?($.name == "shop")].title', ['A', 'B', 'C']],
    ['$.[?(@.name == "shop")].name', ['shop']],
    ['$.books[?(@.price < "9")]', []],
  ])('%s', async (path, expected) => {
    expect(await evaluate(path, STORE)).toEqual(expected);
  });

  test.each([
    '$[*]',
    '$.items[*]',
    '$.items[1:]',
    '$.items[:1].value',
    '$.a.b[*].c',
    '$..missing',
    '$.empty[*]',
  ])('"Wildcard paths with no match give []": %s', async (path) => {
    expect(await evaluate(path, {})).toEqual([]);
  });

  test('a key that holds quotes and backslashes', async () => {
    expect(await evaluate(`$['it\\'s']`, { "it's": 1 })).toBe(1);
    expect(await evaluate(`$['a\\"b']`, { 'a\\"b': 2 })).toBe(2);
  });

  test('keys that other languages give a meaning', async () => {
    const hostile: Json = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "hasOwnProperty": 3}');
    expect(await evaluate('$.__proto__.x', hostile)).toBe(1);
    expect(await evaluate('$.constructor', hostile)).toBe(2);
    expect(await evaluate("$['hasOwnProperty']", hostile)).toBe(3);
    expect(await evaluate('$..x', hostile)).toEqual([1]);
  });
});

describe('a definite path that finds nothing fails the execution as States.Runtime', () => {
  test.each(['$.missing', '$.name.length', '$.constructor', '$.__proto__', '$.books.length'])(
    '%s',
    async (path) => {
      expect(await failureOf(path, STORE)).toMatchObject({
        status: 'FAILED',
        error: 'States.Runtime',
        cause: expect.stringContaining(
          `The JSONPath '${path}' specified for the field 'value.$' could not be found`,
        ),
      });
    },
  );

  test('InputPath says which property is missing', async () => {
    const state = single({ Type: 'Pass', InputPath: '$.no.such', End: true });
    expect(await run(state, { input: {} })).toMatchObject({
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'Only' (entered at the event id #2). " +
        "Invalid path '$.no.such' : Missing property in path $['no']",
    });
  });
});

test.each([
  '$.',
  '$[',
  '$[]',
  "$['a",
  '$.a[1',
  '$.a[1:2:3]',
  '$1a',
  '$states.input',
  '$.a b',
  '$.items.length()',
  '$.a[?(@.b =~ /x/)]',
  '$.a[?(@.b in [1])]',
  '$.a[?(1)]',
  '$.a[?(@.b == )]',
  `$.a[?(${'!'.repeat(100)}@.b)]`,
])('%s is refused when the definition is loaded', (path) => {
  expect(problemsOf(single({ Type: 'Pass', InputPath: path, End: true }))).toEqual([
    expect.stringMatching(/^\/States\/Only\/InputPath: .*at character \d+$/),
  ]);
});

const pathLike = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.oneof(
        fc.constantFrom('.a', '..b', '[*]', '[0]', '[-1]', '[1:2]', "['c']", "['a','b']", '[0,1]', '.*'),
        fc.constantFrom(
          '[?(@.a > 1)]',
          "[?(@.b == 'x' || !@.c)]",
          '..',
          '[',
          ']',
          '(',
          '"',
          '\\',
          '.__proto__',
        ),
      ),
      { maxLength: 8 },
    )
    .map((parts) => `$${parts.join('')}`),
);

test('whatever text stands as a path, it is refused at load or the execution ends in an orderly way', async () => {
  await fc.assert(
    fc.asyncProperty(pathLike, fc.jsonValue(), async (path, input) => {
      const definition = single({ Type: 'Pass', Parameters: { 'value.$': path }, End: true });
      if (problemsOf(definition).length > 0) return;
      const result = await run(definition, { input });
      expect(['SUCCEEDED', 'FAILED']).toContain(result.status);
      if (result.status === 'FAILED') expect(result.error).toMatch(/^States\./);
    }),
  );
});

test('names in brackets and behind dots mean the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[A-Za-z_][\w-]*$/), fc.jsonValue(), async (name, value) => {
      const input = JSON.parse(`{${JSON.stringify(name)}: ${JSON.stringify(value)}}`);
      expect(await evaluate(`$.${name}`, input)).toEqual(await evaluate(`$['${name}']`, input));
    }),
  );
});
