import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ParquetFooter, readParquetFooter } from '../src/reading/parquet-footer.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parquet-footer-'));
});
afterAll(() => rm(folder, { recursive: true }));

const write = async (query: string, options = ''): Promise<Buffer> => {
  const path = join(folder, 'file.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`);
  connection.closeSync();
  instance.closeSync();
  const file = await open(path);
  const bytes = await file.readFile();
  await file.close();
  return bytes;
};
const footerOf = (bytes: Buffer): Promise<ParquetFooter> =>
  readParquetFooter(bytes.length, async (start, end) => bytes.subarray(start, end));

describe('the footer of a Parquet file', () => {
  test('tells rows and columns', async () => {
    const bytes = await write(
      'SELECT i AS id, \'é\' AS "Größe", i % 2 = 0 AS even, i / 7 AS share FROM range(1234) t(i)',
    );
    expect(await footerOf(bytes)).toEqual({ rows: 1234, columns: ['id', 'Größe', 'even', 'share'] });
  });

  test('counts the rows of all row groups', async () => {
    const bytes = await write('SELECT i FROM range(500000) t(i)', ', ROW_GROUP_SIZE 2048');
    expect(await footerOf(bytes)).toEqual({ rows: 500_000, columns: ['i'] });
  });

  test('has no rows if the file has none', async () => {
    expect(await footerOf(await write('SELECT 1 AS a WHERE false'))).toEqual({ rows: 0, columns: ['a'] });
  });

  test('names a nested column once', async () => {
    const bytes = await write(
      "SELECT {'b': 1, 'c': [{'d': 2}]} AS a, [1, 2] AS e, MAP {'k': 1} AS f, 3 AS g",
    );
    expect((await footerOf(bytes)).columns).toEqual(['a', 'e', 'f', 'g']);
  });

  test('tells the columns of a wide table', async () => {
    const names = Array.from({ length: 300 }, (_, n) => `column_${n}`);
    const bytes = await write(`SELECT ${names.map((name, n) => `${n} AS ${name}`).join(', ')}`);
    expect(await footerOf(bytes)).toEqual({ rows: 1, columns: names });
  });
});

describe('a damaged Parquet file', () => {
  const refused = (bytes: Buffer) =>
    expect(footerOf(bytes)).rejects.toMatchObject({ name: 'RefusedObject', code: 'corrupt_parquet' });

  test('is refused if its end is cut off', async () => {
    const bytes = await write('SELECT 1 AS a');
    await refused(bytes.subarray(0, -1));
    await refused(bytes.subarray(0, 4));
    await refused(Buffer.alloc(0));
  });

  test('is refused if its footer claims to be longer than the file', async () => {
    const bytes = await write('SELECT 1 AS a');
    bytes.writeUInt32LE(0xffffffff, bytes.length - 8);
    await refused(bytes);
  });

  test('is refused or read, whatever its footer holds: it never hangs or crashes', async () => {
    const tail = Buffer.alloc(8);
    tail.write('PAR1', 4, 'latin1');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (junk) => {
        const end = Buffer.from(tail);
        end.writeUInt32LE(junk.length, 0);
        const outcome = await footerOf(Buffer.concat([Buffer.from('PAR1'), junk, end])).catch(
          (error: unknown) => error,
        );
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'corrupt_parquet' });
      }),
    );
  });
});
