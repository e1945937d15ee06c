import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { acceptedFiles } from '../src/accepted-files.ts';

let scratchDir: string;
beforeEach(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'accepted-'));
});
afterEach(() => rm(scratchDir, { recursive: true }));

/** What each file was made of, in turn, from single rows. */
const filesOf = async (rows: readonly string[], full: { rows: number; bytes: number }) => {
  const made: string[] = [];
  const numbers: number[] = [];
  const files = acceptedFiles({
    scratchDir,
    full,
    writeParquet: async (values, parquet) => {
      const lines = await readFile(values, 'utf8');
      made.push(lines);
      await writeFile(parquet, lines);
      return lines.split('\n').length - 1;
    },
    onFile: async (_path, n) => {
      numbers.push(n);
    },
  });
  for (const row of rows) await files.add(Buffer.from(row), 1);
  const written = await files.end();
  await files.close();
  return { made, numbers, written };
};

const MANY = Number.MAX_SAFE_INTEGER;

test('a file is full with so many rows', async () => {
  const { made, numbers, written } = await filesOf(['a\n', 'b\n', 'c\n'], { rows: 2, bytes: MANY });
  expect(made).toEqual(['a\nb\n', 'c\n']);
  expect({ numbers, written }).toEqual({ numbers: [0, 1], written: 3 });
});

test('a file is full with so many bytes of lines, since rows can be wide', async () => {
  const wide = `${'w'.repeat(99)}\n`;
  const { made, written } = await filesOf([wide, 'a\n', wide, wide, 'b\n'], { rows: MANY, bytes: 200 });
  expect(made).toEqual([`${wide}a\n${wide}`, `${wide}b\n`]);
  expect(written).toBe(5);
});

test('nothing of it stays on the disk', async () => {
  await filesOf(['a\n', 'b\n', 'c\n'], { rows: 1, bytes: MANY });
  expect(await readdir(scratchDir)).toEqual([]);
});
