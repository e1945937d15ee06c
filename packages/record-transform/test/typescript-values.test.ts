import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LOWER_EXCEPTIONS, UPPER_EXCEPTIONS } from '../src/generated/case-exceptions.ts';
import { parseDecimal, rescale, toDecimal, unscaled } from '../src/typescript/decimals.ts';
import {
  dayAt,
  dayOf,
  instant,
  midnight,
  monthOf,
  parseIso,
  timeAt,
  yearOf,
} from '../src/typescript/moments.ts';
import { parseBoolean, parseDouble, parseInteger } from '../src/typescript/numbers.ts';
import {
  compare,
  isLonger,
  length,
  lower,
  maskEmail,
  substring,
  trim,
  upper,
} from '../src/typescript/text.ts';

const digits = (max: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: max });
const sign = fc.constantFrom('', '+', '-');
const exponent = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc.tuple(fc.constantFrom('e', 'E'), sign, digits(4)).map((parts) => parts.join('')),
);
const numberLike = fc
  .tuple(sign, digits(25), fc.constantFrom('', '.'), digits(25), exponent)
  .map((parts) => parts.join(''));
const noise = fc.string({ unit: fc.constantFrom(...'+-.0123456789eE_x \u0660\u0000n'), maxLength: 8 });
const anyNumberLike = fc.oneof({ weight: 4, arbitrary: numberLike }, noise, fc.double().map(String));
const anyText = fc.string({ unit: 'binary' });

describe('a double', () => {
  test('is what the grammar takes, and what JavaScript makes of it, bit for bit', () => {
    fc.assert(
      fc.property(anyNumberLike, (text) => {
        const taken =
          /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text));
        expect(parseDouble(text)).toBe(taken ? Number(text) + 0 : Number.NaN);
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([
    ['-0', 0],
    ['-0.000', 0],
    ['-1e-400', 0],
    ['.5', 0.5],
    ['5.', 5],
    ['5.e3', 5000],
    ['0.1', 0.1],
    ['123456789012345', 123456789012345],
    ['0.30000000000000004', 0.30000000000000004],
    ['9007199254740993', 9007199254740992],
  ])('%s is %d', (text, value) => {
    expect(parseDouble(text)).toBe(value);
  });

  test.each([
    '',
    '.',
    '+',
    '-.',
    'e5',
    '1e',
    '1e+',
    '1_0',
    '0x10',
    'NaN',
    'Infinity',
    '1e400',
    '1d',
    '1 ',
    '١',
  ])('%j is none', (text) => {
    expect(parseDouble(text)).toBeNaN();
  });
});

describe('an integer', () => {
  test('is exact up to 2^53 − 1 and out of range beyond, zeros before it aside', () => {
    const limit = 2n ** 53n - 1n;
    fc.assert(
      fc.property(
        fc.oneof(fc.bigInt(), fc.bigInt({ min: limit - 3n, max: limit + 3n })),
        fc.nat(20),
        (value, zeros) => {
          const text = `${value < 0n ? '-' : ''}${'0'.repeat(zeros)}${value < 0n ? -value : value}`;
          const inRange = value <= limit && value >= -limit;
          expect(parseInteger(text)).toBe(inRange ? Number(value) : Number.POSITIVE_INFINITY);
        },
      ),
    );
  });

  test('is nothing but digits and a sign', () => {
    for (const text of ['', '-', '+', '1.0', '1e3', '12a', ' 1', '1_000', '0x1', '１']) {
      expect(parseInteger(text)).toBeNaN();
    }
    expect(parseInteger('-0')).toBe(0);
    expect(parseInteger(`-${'0'.repeat(30)}`)).toBe(0);
  });
});

describe('a decimal', () => {
  /** Rounded half away from zero, by whole numbers alone. */
  const reference = (text: string, precision: number, scale: number): string | number => {
    const parts = /^([+-]?)(\d*)\.?(\d*)$/.exec(text);
    const [all, minus, whole = '', fraction = ''] = parts ?? [];
    if (all === undefined || whole + fraction === '') return Number.NaN;
    const exact = BigInt(`0${whole}${fraction}`) * 10n ** BigInt(scale);
    const unit = 10n ** BigInt(fraction.length);
    const rounded = (exact * 2n + unit) / (unit * 2n);
    if (rounded.toString().length > precision && rounded !== 0n) return Number.POSITIVE_INFINITY;
    return toDecimal(minus === '-' ? -rounded : rounded, scale);
  };

  test('is rounded half away from zero, exactly', () => {
    const type = fc
      .integer({ min: 1, max: 38 })
      .chain((precision) => fc.tuple(fc.constant(precision), fc.nat(precision)));
    fc.assert(
      fc.property(fc.oneof(numberLike, noise), type, (text, [precision, scale]) => {
        expect(parseDecimal(text, precision, scale)).toBe(reference(text, precision, scale));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['1.005', '1.01'],
    ['-1.005', '-1.01'],
    ['-0.004', '0.00'],
    ['+007.5', '7.50'],
    ['.5', '0.50'],
    ['5.', '5.00'],
    ['99999999.994', '99999999.99'],
  ])('of scale 2: %s is %s', (text, value) => {
    expect(parseDecimal(text, 10, 2)).toBe(value);
  });

  test('is out of range after rounding', () => {
    expect(parseDecimal('99999999.995', 10, 2)).toBe(Number.POSITIVE_INFINITY);
  });

  test('of very many digits is told at once', () => {
    const long = '0'.repeat(1_000_000);
    expect(parseDecimal(`${long}1`, 5, 2)).toBe('1.00');
    expect(parseDecimal(`1${long}`, 5, 2)).toBe(Number.POSITIVE_INFINITY);
    expect(parseDecimal(`${long}x`, 5, 2)).toBeNaN();
  });

  test('keeps its number through its digits and at a larger scale', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.nat(10),
        fc.nat(10),
        (value, scale, more) => {
          const text = toDecimal(value, scale);
          expect(unscaled(text, 0)).toBe(value);
          expect(rescale(text, scale, scale + more)).toBe(toDecimal(unscaled(text, more), scale + more));
        },
      ),
    );
  });
});

test('a boolean is true or false in any case of ASCII', () => {
  for (const text of ['true', 'TRUE', 'tRuE']) expect(parseBoolean(text)).toBe(true);
  for (const text of ['false', 'FALSE', 'FaLsE']) expect(parseBoolean(text)).toBe(false);
  for (const text of ['', '1', 'yes', 'true\n', ' true', 'falſe', 'truee'])
    expect(parseBoolean(text)).toBeNull();
});

describe('a moment', () => {
  const read = (text: string): number => instant(dayAt(text, 0, 5, 8), timeAt(text, 11, 14, 17));
  const years = {
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  };

  test('of the calendar is what Date makes of it, and has the parts that Date gives', () => {
    fc.assert(
      fc.property(fc.date(years), (date) => {
        const seconds = Math.floor(date.getTime() / 1000) * 1000;
        const text = new Date(seconds).toISOString();
        expect(read(text)).toBe(seconds);
        expect(midnight(text.slice(0, 10))).toBe(Date.parse(text.slice(0, 10)));
        expect([yearOf(seconds), monthOf(seconds), dayOf(seconds)]).toEqual(
          text.slice(0, 10).split('-').map(Number),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('exists only on real days and at real times', () => {
    const text = (...parts: readonly number[]): string => {
      const [year = 0, ...rest] = parts;
      const [month, day, hour, minute, second] = rest.map((part) => `${part}`.padStart(2, '0'));
      return `${`${year}`.padStart(4, '0')}-${month}-${day} ${hour}:${minute}:${second}`;
    };
    const part = (max: number) => fc.integer({ min: 0, max });
    const leap = fc.constantFrom(0, 1, 1900, 2000, 2023, 2024, 2100, 9999);
    fc.assert(
      fc.property(leap, part(13), part(32), part(25), part(61), part(61), (...parts) => {
        const [year, month, day, hour, minute, second] = parts;
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        date.setUTCHours(hour, minute, second);
        const isReal = year >= 1 && text(...parts) === date.toISOString().slice(0, 19).replace('T', ' ');
        expect(read(text(...parts))).toBe(isReal ? date.getTime() : Number.NaN);
      }),
      { numRuns: 5000 },
    );
  });

  test('has digits where digits belong', () => {
    for (const text of [
      '2024-0a-01 00:00:00',
      '2024-1 -01 00:00:00',
      '２０２４-01-01 00:00:00',
      '2024-01-01 00:00',
    ]) {
      expect(read(text)).toBeNaN();
    }
  });

  test.each([
    ['2024-05-01T10:00:00Z', '2024-05-01T10:00:00.000Z'],
    ['2024-05-01T10:00:00.5Z', '2024-05-01T10:00:00.500Z'],
    ['2024-05-01T10:00:00.12+09:00', '2024-05-01T01:00:00.120Z'],
    ['2024-05-01T10:00:00.123-03:30', '2024-05-01T13:30:00.123Z'],
    ['2024-05-01T10:00:00+18:00', '2024-04-30T16:00:00.000Z'],
    ['0001-01-01T00:00:00-00:01', '0001-01-01T00:01:00.000Z'],
  ])('in ISO form %s is %s', (text, expected) => {
    expect(new Date(parseIso(text)).toISOString()).toBe(expected);
  });

  test.each([
    '2024-05-01T10:00:00',
    '2024-05-01t10:00:00Z',
    '2024-05-01T10:00:00z',
    '2024-05-01 10:00:00Z',
    '2024-05-01T10:00:00.Z',
    '2024-05-01T10:00:00.1234Z',
    '2024-05-01T10:00:00+0900',
    '2024-05-01T10:00:00+9:00',
    '2024-05-01T10:00:00+18:01',
    '2024-05-01T10:00:00+09:60',
    '2024-05-01T10:00:00Z ',
    '2024-05-01T10:00:00+09:00x',
    '2024-02-30T10:00:00Z',
    '2024-05-01T24:00:00Z',
    '2024-05-01T10:00:60Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '',
  ])('in ISO form is not %j', (text) => {
    expect(parseIso(text)).toBeNaN();
  });
});

describe('a text', () => {
  test('is trimmed of its six characters and of no other', () => {
    const edges = fc.string({ unit: fc.constantFrom(...' \t\r\n\u00a0\u3000\u000b\u2003\ufeffaé日') });
    fc.assert(
      fc.property(edges, (text) => {
        expect(trim(text)).toBe(text.replace(/^[ \t\r\n\u00a0\u3000]+|[ \t\r\n\u00a0\u3000]+$/g, ''));
      }),
    );
  });

  test('changes its case a code point at a time, but for the exceptions', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const map = (exceptions: string, change: (char: string) => string): string =>
          [...text].map((char) => ([...exceptions].includes(char) ? char : change(char))).join('');
        expect(upper(text)).toBe(map(UPPER_EXCEPTIONS, (char) => char.toUpperCase()));
        expect(lower(text)).toBe(map(LOWER_EXCEPTIONS, (char) => char.toLowerCase()));
      }),
    );
    expect(upper('straße ﬁ é')).toBe('STRAßE ﬁ É');
    expect(lower('ΟΔΟΣ')).toBe('οδοσ');
  });

  test('is ordered by its UTF-8 bytes', () => {
    const order = fc.string({
      unit: fc.constantFrom('a', 'b', '\uffff', '\ue000', '\ud7ff', '😀', '\u{10ffff}', 'é'),
    });
    fc.assert(
      fc.property(order, order, (a, b) => {
        expect(Math.sign(compare(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2000 },
    );
  });

  test('has lengths and parts in code points', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 20 }), fc.option(fc.nat(20)), (text, start, points) => {
        const chars = [...text];
        expect(length(text)).toBe(chars.length);
        expect(isLonger(text, points ?? 0)).toBe(chars.length > (points ?? 0));
        const end = points === null ? chars.length : start - 1 + points;
        expect(substring(text, start, points)).toBe(chars.slice(start - 1, end).join(''));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['ann@example.com', 'an***@example.com'],
    ['al@example.com', '***@example.com'],
    ['@example.com', '***@example.com'],
    ['a@b@c', 'a@***@c'],
    ['😀😀😀@x', '😀😀***@x'],
    ['😀😀@x', '***@x'],
    ['nobody', '***'],
    ['', '***'],
  ])('masked as an address: %j becomes %j', (address, masked) => {
    expect(maskEmail(address)).toBe(masked);
  });
});
