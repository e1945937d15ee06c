import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../src/index.ts';

const SUBSET = [
  '^[A-Z]{2}[0-9]{3}$',
  'a.c',
  '^.$',
  '^\\d+(?:\\.\\d{2})?$',
  'x$|^y',
  '^(ab|cd)*?e+$',
  '[^a-z]',
  '[\\d\\-_.]+$',
  '\\w\\W',
  '\\u{1F600}|[é-ü]',
  '^[😀-😎]$',
  '\\t\\n\\r',
  '[\\]^]',
  'a{2,}',
  'a{0}b',
  '^$',
  '-',
  '',
  '\\/\\.\\*',
];

describe('the common subset of patterns', () => {
  let connection: DuckDBConnection;
  beforeAll(async () => {
    connection = await (await DuckDBInstance.create()).connect();
  });
  afterAll(() => connection.closeSync());

  const sqlMatches = async (texts: readonly string[], pattern: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    const statement = await connection.prepare('select regexp_matches($1, $2)');
    for (const text of texts) {
      statement.bindVarchar(1, text);
      statement.bindVarchar(2, compilePattern(pattern, 'sql'));
      found.push((await statement.runAndReadAll()).getRows()[0]?.[0]);
    }
    return found;
  };

  test.each(SUBSET)('%j means the same in JavaScript and in RE2', async (pattern) => {
    const texts = [
      ...[
        '',
        'a',
        'abc',
        'a\nc',
        'a\n',
        'x\n',
        'yx',
        'AB123',
        'AB123\n',
        '12',
        '12.50',
        'ababe',
        '_',
        '-',
        ' b',
        '\t\n\r',
      ],
      ...['😀', '😀\n', 'é', 'aa', ']', '^', '/.*', '１', 'ß', '\r', '\u2028', 'a\u2028c', '\u0085'],
      ...fc.sample(fc.string({ unit: fc.constantFrom(...'ab1-_.\n😀éA'), maxLength: 6 }), {
        numRuns: 30,
        seed: 7,
      }),
    ];
    const javascript = new RegExp(compilePattern(pattern, 'javascript'), 'u');
    expect(await sqlMatches(texts, pattern)).toEqual(texts.map((text) => javascript.test(text)));
  });

  test('every character of a pattern stands for itself in both spellings', async () => {
    const literals = fc.sample(fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }), {
      numRuns: 60,
      seed: 11,
    });
    for (const literal of literals) {
      const pattern = `^${Array.from(literal, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`).join('')}$`;
      expect(new RegExp(compilePattern(pattern, 'javascript'), 'u').test(literal)).toBe(true);
      expect(await sqlMatches([literal, `${literal}\n`], pattern)).toEqual([true, false]);
    }
  });

  test.each([
    ['(a|b)+', '(?:[ab]){1,}'],
    ['[x-z]|\\d|\\W|.', '[[x-z]\\d\\W[^\\n]]'],
    ['(-|\\])*$', '(?:[\\x{2d}\\x{5d}]){0,}\\z'],
    ['a|bc', 'a|bc'],
    ['(a|^)b', '(?:a|^)b'],
  ])('%j is %j for Java, which would put every turn of an alternation on its stack', (pattern, java) => {
    expect(compilePattern(pattern, 'java')).toBe(java);
  });

  test.each([
    ['a(?=b)', 'look-around'],
    ['(?<!a)b', 'look-around'],
    ['(a)\\1', 'back-references'],
    ['(?<name>a)', 'named groups'],
    ['\\bword', '\\b'],
    ['a\\s', '\\s and \\p'],
    ['\\p{Lu}', '\\s and \\p'],
    ['(?i:a)', 'flags'],
    ['[]', 'empty brackets'],
    ['a{1001}', 'repetitions of more than 1000'],
    ['(?:a{100}){11}', 'repetitions of more than 1000'],
    ['\\ud800', 'lone surrogates'],
  ])('%j is refused: the engines do not share %s', (pattern, what) => {
    expect(() => compilePattern(pattern, 'sql')).toThrow(what);
    expect(() => compilePattern(pattern, 'javascript')).toThrow(what);
  });

  test.each(['(', '[z-a]', 'a{2,1}', '*', '\\'])('%j is no pattern', (pattern) => {
    expect(() => compilePattern(pattern, 'sql')).toThrow(/^the pattern ".*" does not parse: /);
  });
});
