import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { openSession } from '../src/duckdb/session.ts';
import { LOWER_EXCEPTIONS, UPPER_EXCEPTIONS } from '../src/generated/case-exceptions.ts';

test.each([
  ['upper', UPPER_EXCEPTIONS, 'A', 'Z'],
  ['lower', LOWER_EXCEPTIONS, 'a', 'z'],
] as const)(
  '%s maps every code point by itself, whatever stands beside it',
  async (to, exceptions, before, after) => {
    const kept = new Set(exceptions);
    const session = await openSession(tmpdir(), { memoryMb: 300, threads: 2 });
    try {
      const rows = await session.query(
        `SELECT i, sluice_${to}('a' || chr(i) || 'Z') AS cased
       FROM (SELECT CAST(range AS INTEGER) AS i FROM range(1, 1114112)) WHERE i NOT BETWEEN 55296 AND 57343`,
      );
      const wrong = rows.filter(({ i, cased }) => {
        const letter = String.fromCodePoint(Number(i));
        const mapped = to === 'upper' ? letter.toUpperCase() : letter.toLowerCase();
        return cased !== `${before}${kept.has(letter) ? letter : mapped}${after}`;
      });
      expect(rows).toHaveLength(1_112_063);
      expect(wrong).toEqual([]);
    } finally {
      session.close();
    }
  },
);
