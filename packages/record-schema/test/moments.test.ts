import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { daysInMonth, epochDays } from '../src/index.ts';
import { parseMomentFormat, readMoment } from '../src/moments.ts';

const read = (text: string, ...formats: readonly string[]): string | null => {
  const instant = readMoment(
    text,
    formats.map((one) => parseMomentFormat(one, 'timestamp')),
  );
  return instant === null ? null : new Date(instant).toISOString();
};

describe('the calendar', () => {
  test('days since 1970 are those of JavaScript, from year 1 to 9999', () => {
    const first = Date.UTC(2000, 0, 1) / 86_400_000 - 730_119;
    fc.assert(
      fc.property(fc.integer({ min: first, max: 2_932_896 }), (days) => {
        const day = new Date(days * 86_400_000);
        expect(epochDays(day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate())).toBe(days);
      }),
    );
  });

  test('leap years', () => {
    expect([1900, 2000, 2023, 2024].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 28, 29]);
    expect([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((month) => daysInMonth(2023, month))).toEqual([
      31, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
    ]);
  });
});

describe('a text in a declared format', () => {
  test.each([
    ['2024-02-29 23:59:59', 'yyyy-MM-dd HH:mm:ss', '2024-02-29T23:59:59.000Z'],
    ['0001-01-01 00:00:00', 'yyyy-MM-dd HH:mm:ss', '0001-01-01T00:00:00.000Z'],
    ['31.12.9999', 'dd.MM.yyyy', '9999-12-31T00:00:00.000Z'],
    ['20240131T0506', 'yyyyMMddTHHmm', '2024-01-31T05:06:00.000Z'],
    ['2024-01-31T12:00:00Z', 'iso', '2024-01-31T12:00:00.000Z'],
    ['2024-01-31T12:00:00.5Z', 'iso', '2024-01-31T12:00:00.500Z'],
    ['2024-01-31T12:00:00.007+09:00', 'iso', '2024-01-31T03:00:00.007Z'],
    ['2024-01-01T00:00:00-18:00', 'iso', '2024-01-01T18:00:00.000Z'],
  ])('%j as %s is %s', (text, format, instant) => {
    expect(read(text, format)).toBe(instant);
  });

  test.each([
    ['2023-02-29 00:00:00', 'yyyy-MM-dd HH:mm:ss'],
    ['2024-01-05 24:00:00', 'yyyy-MM-dd HH:mm:ss'],
    ['2024-01-05 23:59:60', 'yyyy-MM-dd HH:mm:ss'],
    ['0000-01-01 00:00:00', 'yyyy-MM-dd HH:mm:ss'],
    ['2024-1-5 3:4:5', 'yyyy-MM-dd HH:mm:ss'],
    ['2024-01-05', 'yyyy-MM-dd HH:mm:ss'],
    ['2024-01-05 00:00:00Z', 'yyyy-MM-dd HH:mm:ss'],
    ['２０24-01-05', 'yyyy-MM-dd'],
    ['2024-01-05T00:00:00', 'iso'],
    ['2024-01-05T00:00:00z', 'iso'],
    ['2024-01-05t00:00:00Z', 'iso'],
    ['2024-01-05T00:00:00.Z', 'iso'],
    ['2024-01-05T00:00:00.1234Z', 'iso'],
    ['2024-01-05T00:00:00+18:01', 'iso'],
    ['2024-01-05T00:00:00+01:60', 'iso'],
    ['2024-01-05T00:00:00+0100', 'iso'],
  ])('%j is not %s', (text, format) => {
    expect(read(text, format)).toBeNull();
  });

  test('the first format that takes it decides', () => {
    expect(read('02/01/2024', 'dd/MM/yyyy', 'MM/dd/yyyy')).toBe('2024-01-02T00:00:00.000Z');
    expect(read('01/31/2024', 'dd/MM/yyyy', 'MM/dd/yyyy')).toBe('2024-01-31T00:00:00.000Z');
  });
});
