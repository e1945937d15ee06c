import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cast, constant, identifier, literal } from '../src/spark/sql.ts';

/** What Spark makes of the inside of a quoted text: `unescapeSQLString` of its parser, for the escapes that are ours. */
const unescaped = (inside: string): string =>
  inside.replace(/\\(?:u([0-9a-f]{4})|(.))/gs, (_, unit: string | undefined, char: string) =>
    unit === undefined ? char : String.fromCharCode(Number.parseInt(unit, 16)),
  );

const inside = (sql: string): string => {
  const parts = /^'((?:[^'\\]|\\.)*)'$/su.exec(sql);
  if (!parts) throw new Error(`${sql} is not one literal`);
  return parts[1] ?? '';
};

const evil = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "'",
      '"',
      '`',
      '\\',
      '\0',
      '\n',
      '\r',
      '\u2028',
      '\u0085',
      '$',
      '{',
      '}',
      '--',
      '/*',
      ';',
    ),
    fc.constantFrom('\\n', "\\'", '\\u0041', '$', '{env:HOME}', '\u200b', '\ufeff', '\u{e0001}', '%', '_'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});

describe('a literal', () => {
  test('is read back as its text, whatever is in it', () => {
    fc.assert(fc.property(evil, (text) => expect(unescaped(inside(literal(text)))).toBe(text)));
  });

  test('has nothing in it that ends a line, a text or a comment, and no variable', () => {
    fc.assert(
      fc.property(evil, (text) => {
        expect(literal(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0$]/u);
      }),
    );
  });

  test.each([
    ["it's", String.raw`'it\'s'`],
    ['a\\d', String.raw`'a\\d'`],
    ['\0', String.raw`'\u0000'`],
    ['$x', String.raw`'\u0024x'`],
    ['é 漢 😀', "'é 漢 😀'"],
    ['\u{e0001}', String.raw`'\udb40\udc01'`],
  ])('%j is written %s', (text, sql) => expect(literal(text)).toBe(sql));
});

test('an identifier doubles its backquotes', () => {
  expect(identifier('a`b')).toBe('`a``b`');
});

describe('a constant', () => {
  test.each([
    ['double', -0, "CAST('0' AS DOUBLE)"],
    ['double', 1e300, "CAST('1e+300' AS DOUBLE)"],
    ['timestamp', -62_135_596_800_000, "CAST('0001-01-01 00:00:00.000' AS TIMESTAMP_NTZ)"],
    ['timestamp', 253_402_300_799_000, "CAST('9999-12-31 23:59:59.000' AS TIMESTAMP_NTZ)"],
    ['date', '2024-02-29', "CAST('2024-02-29' AS DATE)"],
    ['boolean', false, 'false'],
  ] as const)('of type %s, %j, is %s', (type, value, sql) => expect(constant({ type }, value)).toBe(sql));

  test('of a decimal has its digits, never through a double', () => {
    const type = { type: 'decimal', precision: 38, scale: 10 } as const;
    expect(constant(type, '9999999999999999999999999999.0000000001')).toBe(
      "CAST('9999999999999999999999999999.0000000001' AS DECIMAL(38,10))",
    );
    expect(cast('x', type)).toBe('CAST(x AS DECIMAL(38,10))');
  });
});
