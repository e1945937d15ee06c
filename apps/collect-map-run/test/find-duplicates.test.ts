import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { HASH_BYTES } from '@sluice/record-transform/batches';
import fc from 'fast-check';
import { Bits } from '../src/bits.ts';
import { findDuplicates } from '../src/find-duplicates.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duplicates-'));
});
afterAll(() => rm(folder, { recursive: true }));

const find = async (rows: readonly (number | null)[], rowsAtOnce?: number): Promise<number[]> => {
  const hashFile = join(folder, 'hashes');
  const isMalformed = new Bits();
  const hashes = rows.map((row, at) => {
    if (row === null) isMalformed.add(at);
    return row === null
      ? Buffer.alloc(HASH_BYTES)
      : hash('sha256', String(row), 'buffer').subarray(0, HASH_BYTES);
  });
  await writeFile(hashFile, Buffer.concat(hashes));
  const found = await findDuplicates({ hashFile, rows: rows.length, isMalformed }, rowsAtOnce);
  const duplicates = rows.flatMap((_, at) => (found.isDuplicate.has(at) ? [at] : []));
  expect(found.duplicates).toBe(duplicates.length);
  return duplicates;
};

test('a row that equals an earlier one is a duplicate, however many are held at once; a malformed one never is', async () => {
  const row = fc.option(fc.integer({ min: 0, max: 9 }), { freq: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 50 }),
      fc.integer({ min: 1, max: 60 }),
      async (rows, atOnce) => {
        const expected = rows.flatMap((one, at) => (one !== null && rows.indexOf(one) < at ? [at] : []));
        expect(await find(rows, atOnce)).toEqual(expected);
      },
    ),
  );
});

test('rows beyond the first stretch that is read are found, too', async () => {
  const rows = Array.from({ length: 70_000 }, (_, at) => at);
  expect(await find([...rows, 69_999, 0], 20_000)).toEqual([70_000, 70_001]);
});
