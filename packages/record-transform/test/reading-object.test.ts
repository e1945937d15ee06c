import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { defineDataset, double, text } from '@sluice/record-schema';
import { decompressed, openBytes } from '../src/reading/decompress.ts';
import { matchHeader } from '../src/reading/header.ts';
import { checkContent, formatOfKey, isPlainCsv } from '../src/reading/object-format.ts';

const visits = defineDataset({
  name: 'visits',
  fields: {
    id: text({ required: true }),
    plan: text({ required: true, default: 'free' }),
    seconds: double({ from: 'Total Seconds' }),
  },
});
const strict = defineDataset({
  name: 'strict',
  fields: { id: text() },
  source: { unknownColumns: 'reject', formats: ['csv'] },
});

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code}: ${message}`;
  }
  return 'taken';
};

describe('a header', () => {
  test('is matched by name in any order, and undeclared names are told once', () => {
    const { positions, unknownColumns } = matchHeader(visits, ['x', 'Total Seconds', 'x', 'plan', 'id', '']);
    expect([...positions]).toEqual([4, 3, 1]);
    expect(unknownColumns).toEqual(['x', '']);
  });

  test('may lack columns that are optional or have a default', () => {
    expect([...matchHeader(visits, ['id']).positions]).toEqual([0, -1, -1]);
  });

  test('is refused without a required column', () => {
    expect(refusal(() => matchHeader(visits, ['plan']))).toBe(
      'missing_column: the object has no column "id", which is required',
    );
  });

  test.each([['ID'], [' id'], ['i\u00a0d']])(
    'is refused with a hint if it has %j instead of "id"',
    (name) => {
      expect(refusal(() => matchHeader(visits, ['plan', name]))).toBe(
        `missing_column: the object has no column "id", but it has ${JSON.stringify(name)}: names must match to the letter, blanks included`,
      );
    },
  );

  test('is refused for another spelling of an optional column too, which would be lost in silence', () => {
    expect(refusal(() => matchHeader(visits, ['id', 'total seconds']))).toMatch(
      /^missing_column.*Total Seconds/,
    );
  });

  test('may have another spelling beside the right one', () => {
    expect(matchHeader(visits, ['id', 'ID']).unknownColumns).toEqual(['ID']);
  });

  test('is refused with a declared name twice', () => {
    expect(refusal(() => matchHeader(visits, ['id', 'plan', 'id']))).toBe(
      'duplicate_column: the object has the column "id" twice',
    );
  });

  test('is refused with an undeclared name if the dataset says so', () => {
    expect(refusal(() => matchHeader(strict, ['id', 'note']))).toMatch(/^unknown_column.*"note".*strict/);
  });
});

describe('the format', () => {
  test.each([
    ['a/b.csv', 'csv'],
    ['a/b.TXT', 'csv'],
    ['b.json', 'json'],
    ['b.jsonl.gz', 'json'],
    ['b.NDJSON.GZ', 'json'],
    ['a.csv.parquet', 'parquet'],
  ])('of %s is %s', (key, format) => {
    expect(formatOfKey(visits, key)).toBe(format);
  });

  test.each(['a.xml', 'csv', 'a.gz', 'a.csv.bak', 'a.csv/part-0', 'a.constructor'])(
    'of %s is unknown',
    (key) => {
      expect(refusal(() => formatOfKey(visits, key))).toMatch(
        /^wrong_format: the name ".*" ends in none of \.csv/,
      );
    },
  );

  test.each([
    ['a/b.csv', true],
    ['a/b.TXT', true],
    ['b.csv.gz', false],
    ['b.CSV.GZ', false],
    ['b.json', false],
    ['b', false],
  ])('of %s is plain CSV: %s', (key, plain) => {
    expect(isPlainCsv(visits, key)).toBe(plain);
  });

  test('is no CSV of a dataset that takes none', () => {
    const source = { ...strict.source, formats: ['json'] as const };
    expect(isPlainCsv({ ...strict, source }, 'a.csv')).toBe(false);
  });

  test('must be one that the dataset takes', () => {
    expect(refusal(() => formatOfKey(strict, 'a.json'))).toBe(
      'wrong_format: the dataset strict takes csv, and "a.json" is json',
    );
  });

  test.each([
    ['Parquet', 'PAR1\x15\x04'],
    ['a ZIP archive or an Excel workbook', 'PK\x03\x04\x14'],
    ['a PDF', '%PDF-1.7'],
    ['a PNG image', '\x89PNG\r\n\x1a\n'],
    ['gzipped twice', '\x1f\x8b\x08'],
    ['UTF-16', '\xff\xfei\0d\0'],
    ['binary', `id\n${'\0\x01\x02a'.repeat(50)}`],
  ])('is checked against the first bytes: %s is no CSV and no JSON', (what, start) => {
    const head = Buffer.from(start, 'latin1');
    expect(refusal(() => checkContent('csv', head))).toMatch(/^wrong_format: the object is named as CSV/);
    expect(refusal(() => checkContent('json', head))).toContain(what);
  });

  test('of text with some NULs is text', () => {
    expect(refusal(() => checkContent('csv', Buffer.from('id\n\0\n\0\0,x\n')))).toBe('taken');
  });

  test('Parquet must begin as Parquet', () => {
    expect(refusal(() => checkContent('parquet', Buffer.from('PAR1....PAR1')))).toBe('taken');
    expect(refusal(() => checkContent('parquet', Buffer.from('id,plan\n')))).toMatch(/^wrong_format/);
  });

  test('of nothing is no format: the object is empty', () => {
    expect(refusal(() => checkContent('json', Buffer.alloc(0)))).toMatch(/^empty_object/);
  });
});

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('latin1');
};
const cutAt = (bytes: Uint8Array, ...places: readonly number[]): readonly Uint8Array[] =>
  [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length));

describe('gzip', () => {
  const first = gzipSync('id,plan\n1,a\n');
  const members = Buffer.concat([first, gzipSync('2,b\n')]);

  test('is told by content, and all members are read, wherever chunks end', async () => {
    for (let place = 0; place <= members.length; place += 1) {
      expect(await collect(decompressed(cutAt(members, place)))).toBe('id,plan\n1,a\n2,b\n');
    }
    expect(await collect(decompressed(cutAt(members, 1, 1, 2, first.length, first.length + 1)))).toBe(
      'id,plan\n1,a\n2,b\n',
    );
  });

  test('plain bytes pass as they are, wherever chunks end', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('a'), Buffer.from('\x1f'), Buffer.from('id\n1\n')]) {
      for (let place = 0; place <= bytes.length; place += 1) {
        expect(await collect(decompressed(cutAt(bytes, place)))).toBe(bytes.toString('latin1'));
      }
    }
  });

  test('cut anywhere but between members is refused', async () => {
    for (let length = 2; length < members.length; length += 1) {
      const read = collect(decompressed([members.subarray(0, length)]));
      if (length === first.length) expect(await read).toBe('id,plan\n1,a\n');
      else await expect(read).rejects.toMatchObject({ code: 'corrupt_gzip' });
    }
  });

  test('with a damaged byte is refused', async () => {
    const damaged = Buffer.from(gzipSync('x'.repeat(1000)));
    damaged[damaged.length - 5] = (damaged[damaged.length - 5] ?? 0) ^ 1;
    await expect(collect(decompressed([damaged]))).rejects.toMatchObject({ code: 'corrupt_gzip' });
  });

  test('a failing source is a fault, not a refusal', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield first;
      throw new Error('the line went dead');
    };
    await expect(collect(decompressed(failing()))).rejects.toThrow('the line went dead');
  });

  test('is read no faster than it is asked for, and its source is let go when nobody asks any more', async () => {
    const big = gzipSync(randomBytes(4 * 1024 * 1024));
    let given = 0;
    let closed = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (let at = 0; at < big.length; at += 4096) {
          given += 1;
          yield big.subarray(at, at + 4096);
        }
      } finally {
        closed = true;
      }
    };
    for await (const chunk of decompressed(source())) {
      expect(chunk.length).toBeLessThanOrEqual(64 * 1024);
      break;
    }
    expect(closed).toBe(true);
    // Streams hold some chunks in their buffers; most of the source was never asked for.
    expect(given).toBeLessThan(big.length / 4096 / 4);
  });

  test('or not, the source is let go after the first chunk already', async () => {
    let closed = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from('id\n');
        yield Buffer.from('1\n');
      } finally {
        closed = true;
      }
    };
    for await (const _ of decompressed(source())) break;
    expect(closed).toBe(true);
  });

  test('of a local file is opened by path', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'open-bytes-'));
    try {
      await writeFile(join(folder, 'a.csv'), members);
      expect(await collect(openBytes(join(folder, 'a.csv')))).toBe('id,plan\n1,a\n2,b\n');
      await expect(collect(openBytes(join(folder, 'none')))).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
