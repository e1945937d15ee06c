import { readFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RowSplitter } from '../src/distributed-map/readers/csv.ts';
import type { ObjectStore } from '../src/index.ts';
import { PAYLOAD_LIMIT } from '../src/payload.ts';
import { CSV, distributed, LIST, nonZero, PASS_PROCESSOR, readerOf, runMap } from './distributed-machine.ts';
import { memoryObjects } from './memory-objects.ts';

// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html

type Files = Parameters<typeof memoryObjects>[0];

/** What a reader makes of an object `in/data`. */
async function readData(config: object, data: string | Uint8Array, others: Files = {}) {
  const objects = memoryObjects({ 'in/data': data, ...others });
  return (await runMap(distributed(readerOf(config), PASS_PROCESSOR), { objects })).result;
}

async function itemsOf(config: object, data: string | Uint8Array, others: Files = {}): Promise<unknown> {
  const result = await readData(config, data, others);
  if (result.status !== 'SUCCEEDED') throw new Error(JSON.stringify(result));
  return result.output;
}

/** Why a reader fails. */
async function causeOf(config: object, data: string | Uint8Array, others: Files = {}): Promise<string> {
  const { error, cause } = await readData(config, data, others);
  return `${error}: ${cause}`;
}

describe('CSV', () => {
  test('"all strings"', async () => {
    expect(await itemsOf(CSV, 'a,b\n1,true\n,null\n')).toEqual([
      { a: '1', b: 'true' },
      { a: '', b: 'null' },
    ]);
  });

  test('"short rows padded with "", long rows cut"', async () => {
    expect(await itemsOf(CSV, 'a,b\n1\n1,2,3\n')).toEqual([
      { a: '1', b: '' },
      { a: '1', b: '2' },
    ]);
  });

  test('"a header cell may be empty"', async () => {
    expect(await itemsOf(CSV, 'a,,b\n1,2,3\n')).toEqual([{ a: '1', '': '2', b: '3' }]);
  });

  test('"a row of blanks is an item"; a line without a character is none', async () => {
    expect(await itemsOf(CSV, 'a,b\n,\n \n\n1,2\n')).toEqual([
      { a: '', b: '' },
      { a: ' ', b: '' },
      { a: '1', b: '2' },
    ]);
  });

  test.each([
    ['a,b,a\n1,2,3\n', CSV],
    ['1,2\n', { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: ['a', 'a'] }],
  ])(
    '"duplicate headers: States.ItemReaderFailed, CSV headers cannot contain duplicates.": %j',
    async (data, config) => {
      expect(await causeOf(config, data)).toBe(
        'States.ItemReaderFailed: CSV headers cannot contain duplicates.',
      );
    },
  );

  test('takes given headers, and the first row as data then', async () => {
    const config = { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: ['x', 'y', 'z'] };
    expect(await itemsOf(config, '1,2\n')).toEqual([{ x: '1', y: '2', z: '' }]);
    expect(await itemsOf(config, '')).toEqual([]);
  });

  test.each([
    ['COMMA', ','],
    ['PIPE', '|'],
    ['SEMICOLON', ';'],
    ['SPACE', ' '],
    ['TAB', '\t'],
  ])('reads cells with the delimiter %s', async (CSVDelimiter, delimiter) => {
    const data = [
      ['a', 'b', 'c'],
      ['1', '', '3'],
      ['', '"x ""y"""', ''],
    ].map((row) => row.join(delimiter));
    expect(await itemsOf({ ...CSV, CSVDelimiter }, data.join('\n'))).toEqual([
      { a: '1', b: '', c: '3' },
      { a: '', b: 'x "y"', c: '' },
    ]);
  });

  test('takes quoted cells with delimiters, quotes and line ends, CR LF, and a byte order mark', async () => {
    expect(await itemsOf(CSV, '\ufeffa,b\r\n"1,2","x\r\ny"\r\n"ü ""q""",€\r\n')).toEqual([
      { a: '1,2', b: 'x\r\ny' },
      { a: 'ü "q"', b: '€' },
    ]);
  });

  // https://docs.aws.amazon.com/step-functions/latest/dg/example-csv-parse-dist-map.html
  describe('"How Step Functions parses input CSV files"', () => {
    test('its example, with a line end and double quotes, repeated outside of quotes too', async () => {
      const row =
        'abc,123,"This string contains commas, a double quotation marks (""), and a newline (\n)",' +
        '{""MyKey"":""MyValue""},"[1,2,3]"';
      const CSVHeaders = ['MyLetters', 'MyNumbers', 'MyString', 'MyObject', 'MyArray'];
      expect(await itemsOf({ InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders }, row)).toEqual([
        {
          MyLetters: 'abc',
          MyNumbers: '123',
          MyString: 'This string contains commas, a double quotation marks ("), and a newline (\n)',
          MyObject: '{"MyKey":"MyValue"}',
          MyArray: '[1,2,3]',
        },
      ]);
    });

    test('"You can preserve backslashes by repeating them"', async () => {
      expect(await itemsOf(CSV, 'path,size\nC:\\\\Program Files\\\\MyApp.exe,6534512\n')).toEqual([
        { path: 'C:\\Program Files\\MyApp.exe', size: '6534512' },
      ]);
    });

    test.each([
      ['other backslashes', '\\\\', '\\'],
      ['double quotation marks', '\\"x\\"', '"x"'],
      ['the configured field separator', 'x\\|y', 'x|y'],
      ['"any other character is silently removed"', 'C:\\new,\\,\\ü', 'C:new,,ü'],
    ])('"Backslashes only work with" %s', async (_, text, meant) => {
      const data = `a|b\n${text}|${text}\r\n "${text}\n" | "|${text}"`;
      expect(await itemsOf({ ...CSV, CSVDelimiter: 'PIPE' }, data)).toEqual([
        { a: meant, b: meant },
        { a: `${meant}\n`, b: `|${meant}` },
      ]);
    });

    test('neither a line end nor a single quote is escaped', async () => {
      expect(await itemsOf(CSV, 'a,b\n1,x\\\n2,x"y\n3,\\')).toEqual([
        { a: '1', b: 'x' },
        { a: '2', b: 'x"y' },
        { a: '3', b: '' },
      ]);
    });
  });

  test('takes a header of 10 KiB and refuses one more byte', async () => {
    const header = (bytes: number) => `${'h'.repeat(bytes - 2)},i`;
    expect(await itemsOf(CSV, `${header(10_240)}\n`)).toEqual([]);
    expect(await causeOf(CSV, `${header(10_241)}\n`)).toContain(
      'States.ItemReaderFailed: The CSV header has',
    );
  });

  test.each([
    ['an empty file', '', 'has no header'],
    ['a quote that is never closed', 'a\n"1\n2\n', 'missing closing'],
    ['text behind a quote', 'a\n"1"2\n', 'Parse Error'],
    ['a row of more than 256 KiB', `a\n${'x'.repeat(300 * 1024)}\n`, 'larger than 262144 bytes'],
    ['a row without end', `a\n${'x'.repeat(3_000 * 1024)}`, 'larger than 262144 bytes'],
  ])('fails for %s', async (_, data, cause) => {
    const text = await causeOf(CSV, data);
    expect(text).toMatch(/^States\.ItemReaderFailed: /);
    expect(text).toContain(cause);
  });

  test.each(['a\n"secret\n', 'a\n"1"secret\n'])('does not quote what it cannot read: %j', async (data) => {
    expect(await causeOf(CSV, data)).toMatch(/Parse Error: (?!.*secret)[^\n]*$/);
  });

  test('a row that cannot be read fails the Map Run when it is reached', async () => {
    const objects = memoryObjects({ 'in/data': `a\n${'1\n'.repeat(1_000)}"x"y\n` });
    const { result, mapRun } = await runMap(distributed(readerOf(CSV), PASS_PROCESSOR), { objects });
    expect(result.error).toBe('States.ItemReaderFailed');
    expect(mapRun?.status).toBe('FAILED');
  });

  test('rows are the same however the file comes in pieces, and as they were written', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', ' ', ',', ';', '"', '\n', '\r', 'é', '\t', '\u00a0', '\\'),
    });
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    const lineEnds = fc.constantFrom('\n', '\r\n');
    const delimiters = fc.constantFrom(',', '|', ';', ' ', '\t');
    fc.assert(
      fc.property(rows, sizes, lineEnds, delimiters, (table, cuts, lineEnd, delimiter) => {
        const quoted = (cell: string) => {
          const text = cell.replaceAll('\\', '\\\\');
          return /["\n\r]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
        };
        const text = table.map((row) => row.map(quoted).join(delimiter) + lineEnd).join('');
        const splitter = new RowSplitter(delimiter);
        const read: string[][] = [];
        for (let start = 0, cut = 0; start < text.length; cut += 1) {
          const size = cuts[cut % cuts.length] ?? 1;
          read.push(...splitter.push(text.slice(start, start + size)));
          start += size;
        }
        expect([...read, ...splitter.end()]).toEqual(table);
      }),
      { numRuns: 500 },
    );
  });
});

// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
describe('"reading an item of up to 8 MB … if you then apply the optional ItemSelector"', () => {
  const LARGEST = 8 * 1024 * 1024;
  const FRAME = '{"a":""}'.length;
  const files = {
    CSV: (text: string) => `a\n${text}\n`,
    JSON: (text: string) => JSON.stringify([{ a: text }]),
    JSONL: (text: string) => JSON.stringify({ a: text }),
  };
  const resultOf = async (type: keyof typeof files, bytes: number, fields: object) => {
    const config = type === 'CSV' ? CSV : { InputType: type };
    const objects = memoryObjects({ 'in/data': files[type]('x'.repeat(bytes - FRAME)) });
    return (await runMap(distributed({ ...readerOf(config), ...fields }, PASS_PROCESSOR), { objects }))
      .result;
  };
  const ItemSelector = { 'at.$': '$$.Map.Item.Index' };

  test.each(['CSV', 'JSON', 'JSONL'] as const)('%s', async (type) => {
    expect((await resultOf(type, LARGEST, { ItemSelector })).output).toEqual([{ at: 0 }]);
    for (const [bytes, fields, limit] of [
      [LARGEST + 1, { ItemSelector }, LARGEST],
      [PAYLOAD_LIMIT + 1, {}, PAYLOAD_LIMIT],
      [PAYLOAD_LIMIT + 1, { ItemSelector: { 'v.$': '$$.Map.Item.Value' } }, PAYLOAD_LIMIT],
    ] as const) {
      expect(await resultOf(type, bytes, fields)).toMatchObject({
        error: 'States.ItemReaderFailed',
        cause: expect.stringContaining(`larger than ${limit} bytes`),
      });
    }
  });
});

// "External compression types: GZIP, ZSTD. Example file names: myObject.jsonl.gz and myObject.csv.zstd."
test.each([
  ['a.csv.gz', gzipSync],
  ['a.csv.zstd', zstdCompressSync],
  ['a.csv.ZST', zstdCompressSync],
])('an object named %s is compressed', async (name, compress) => {
  const objects = memoryObjects({ [`in/${name}`]: compress(Buffer.from('a\n1\n')) });
  const one = distributed(readerOf(CSV, { Bucket: 'in', Key: name }), PASS_PROCESSOR);
  expect((await runMap(one, { objects })).result.output).toEqual([{ a: '1' }]);
  const list = { Resource: LIST, Parameters: { Bucket: 'in' } };
  const ReaderConfig = { ...CSV, Transformation: 'LOAD_AND_FLATTEN' };
  const all = distributed({ ItemReader: { ...list, ReaderConfig } }, PASS_PROCESSOR);
  expect((await runMap(all, { objects })).result.output).toEqual([{ a: '1' }]);
});

describe('JSON', () => {
  const JSON_FILE = { InputType: 'JSON' };

  test('gives the elements of an array, whatever they are', async () => {
    const items = [1, 'a"[{\\', null, true, [], {}, { a: [1, { b: '}' }] }, -1.5e3];
    expect(await itemsOf(JSON_FILE, JSON.stringify(items, null, 2))).toEqual(items);
    expect(await itemsOf(JSON_FILE, ' [ ] ')).toEqual([]);
  });

  test('gives the members of an object as pairs of Key and Value', async () => {
    expect(await itemsOf(JSON_FILE, '{"a": 1, "b": {"c": 2}}')).toEqual([
      { Key: 'a', Value: 1 },
      { Key: 'b', Value: { c: 2 } },
    ]);
    expect(await itemsOf(JSON_FILE, '{}')).toEqual([]);
  });

  test('finds what ItemsPointer points to', async () => {
    const data = JSON.stringify({ 'x/y': [0, { skip: '"[' }], a: [1, { 'b~': [7, 8] }], z: 1 });
    expect(await itemsOf({ ...JSON_FILE, ItemsPointer: '/a/1/b~0' }, data)).toEqual([7, 8]);
    expect(await itemsOf({ ...JSON_FILE, ItemsPointer: '/x~1y' }, data)).toEqual([0, { skip: '"[' }]);
    expect(await causeOf({ ...JSON_FILE, ItemsPointer: '/a/2' }, data)).toContain('/a/2 finds nothing');
    expect(await causeOf({ ...JSON_FILE, ItemsPointer: '/z' }, data)).toContain(
      'expected an array or an object',
    );
  });

  test.each(['', '1', '[1', '[1,]', '[1 2]', '[1] x', '{"a" 1}', '{"a": 1', '["\\', '[tru]', '[1}'])(
    'fails for the file %j',
    async (data) => {
      expect(await causeOf(JSON_FILE, data)).toMatch(/^States\.ItemReaderFailed: /);
    },
  );

  test('reads any array as JSON.parse does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.constantFrom(0, 1), async (items, indent) => {
        const text = JSON.stringify(items, null, indent);
        expect(await itemsOf(JSON_FILE, text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });

  test('JSONL gives a value a line', async () => {
    expect(await itemsOf({ InputType: 'JSONL' }, '{"a":1}\r\n\n[2]\n"é"')).toEqual([{ a: 1 }, [2], 'é']);
    expect(await causeOf({ InputType: 'JSONL' }, '1\n2\n{x\n')).toContain('Line 3 is no JSON');
  });
});

describe('Parquet', () => {
  // Written by DuckDB: bigint, varchar, timestamp, a list, and an integer beyond 2^53.
  const fourRows = readFileSync(new URL('fixtures/four-rows.parquet', import.meta.url));

  test('gives the rows, what JSON has no type for as text', async () => {
    expect(await itemsOf({ InputType: 'PARQUET', MaxItems: 2 }, fourRows)).toEqual([
      { id: 0, name: 'row 0', at: null, pair: [0, 1], big: '9007199254740993' },
      {
        id: 1,
        name: 'row 1',
        at: '2026-01-02T03:04:05.000Z',
        pair: [1, 2],
        big: '9007199254740993',
      },
    ]);
  });

  test('fails for a file that is none', async () => {
    expect(await causeOf({ InputType: 'PARQUET' }, 'id,name\n1,2\n')).toMatch(/^States\.ItemReaderFailed: /);
  });
});

describe('an object store', () => {
  const MISSING = { Bucket: 'in', Key: 'missing' };

  test('without the object fails the Map Run', async () => {
    const { result, mapRun } = await runMap(distributed(readerOf(CSV, MISSING)), {
      objects: memoryObjects(),
    });
    expect(result).toMatchObject({
      error: 'States.ItemReaderFailed',
      cause: 'The specified key does not exist: s3://in/missing',
    });
    expect(mapRun?.status).toBe('FAILED');
    expect(nonZero(mapRun?.itemCounts)).toEqual({});
  });

  test('that throws fails it with the reason', async () => {
    const denied: ObjectStore = {
      ...memoryObjects(),
      head: async () => {
        throw new Error('Access Denied');
      },
    };
    const { result } = await runMap(distributed(readerOf(CSV, MISSING)), { objects: denied });
    expect(result).toMatchObject({ error: 'States.ItemReaderFailed', cause: 'Access Denied' });
  });

  test('that fails midway fails it too', async () => {
    const broken: ObjectStore = {
      ...memoryObjects({ 'in/data': 'x' }),
      read: async () =>
        (async function* () {
          yield Buffer.from('a\n1\n');
          throw new Error('connection reset');
        })(),
    };
    const { result } = await runMap(distributed(readerOf(CSV)), { objects: broken });
    expect(result).toMatchObject({ error: 'States.ItemReaderFailed', cause: 'connection reset' });
  });

  test('is asked for the version', async () => {
    const asked: unknown[] = [];
    const objects = memoryObjects({ 'in/data': 'a\n1\n' });
    const versioned: ObjectStore = {
      ...objects,
      read: (at, options) => {
        asked.push(at);
        return objects.read(at, options);
      },
    };
    const reader = readerOf(CSV, { Bucket: 'in', Key: 'data', VersionId: 'v1' });
    await runMap(distributed(reader, PASS_PROCESSOR), { objects: versioned });
    expect(asked).toEqual([{ bucket: 'in', key: 'data', versionId: 'v1' }]);
  });

  test('with a file of more than 10 GB is refused', async () => {
    const huge: ObjectStore = { ...memoryObjects(), head: async () => ({ size: 11 * 1024 ** 3, etag: 'x' }) };
    const { result } = await runMap(distributed(readerOf(CSV)), { objects: huge });
    expect(result.cause).toContain('more than the maximum');
  });
});

describe('a list of objects', () => {
  const listing = (fields: object = {}, Prefix = 'd/') => ({
    ItemReader: { Resource: LIST, Parameters: { Bucket: 'in', Prefix }, ...fields },
  });
  const files = { 'in/d/': '', 'in/d/1.csv': 'a\n1\n', 'in/d/2.csv': 'a\n2\n3\n', 'in/e': 'no' };

  test('"A listObjectsV2 item has Etag (quotes included), Key, LastModified (epoch seconds), Size, StorageClass."', async () => {
    const { result } = await runMap(distributed(listing({}, 'd/1'), PASS_PROCESSOR), {
      objects: memoryObjects(files),
    });
    expect(result.output).toEqual([
      { Etag: '"abc"', Key: 'd/1.csv', LastModified: 1.5, Size: 4, StorageClass: 'STANDARD' },
    ]);
  });

  test('stops at MaxItems', async () => {
    const { result } = await runMap(distributed(listing({ ReaderConfig: { MaxItems: 2 } }), PASS_PROCESSOR), {
      objects: memoryObjects(files),
    });
    expect(result.output).toHaveLength(2);
  });

  test('with LOAD_AND_FLATTEN gives what stands in the objects', async () => {
    const ReaderConfig = { ...CSV, Transformation: 'LOAD_AND_FLATTEN' };
    const selector = {
      ItemSelector: {
        'a.$': '$$.Map.Item.Value.a',
        'i.$': '$$.Map.Item.Index',
        's.$': '$$.Map.Item.Source',
      },
    };
    const { result } = await runMap(
      distributed({ ...listing({ ReaderConfig }), ...selector }, PASS_PROCESSOR),
      { objects: memoryObjects(files) },
    );
    expect(result.output).toEqual([
      { a: '1', i: 0, s: 's3://in/d/1.csv' },
      { a: '2', i: 1, s: 's3://in/d/2.csv' },
      { a: '3', i: 2, s: 's3://in/d/2.csv' },
    ]);
  });
});

describe('a manifest', () => {
  const inventory = (files: readonly string[], fields: object = {}) =>
    JSON.stringify({
      destinationBucket: 'arn:aws:s3:::lists',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, Size',
      files: files.map((key) => ({ key })),
      ...fields,
    });
  const list = '"raw","a.csv","1"\n"raw","b c.csv","2"\n';
  const rows = [
    { Bucket: 'raw', Key: 'a.csv', Size: '1' },
    { Bucket: 'raw', Key: 'b c.csv', Size: '2' },
  ];

  test.each([{ InputType: 'MANIFEST' }, { ManifestType: 'S3_INVENTORY' }])(
    'of an S3 inventory gives the rows of its files, compressed or not: %j',
    async (config) => {
      const data = inventory(['1.csv.gz', '2.csv']);
      expect(await itemsOf(config, data, { 'lists/1.csv.gz': gzipSync(list), 'lists/2.csv': list })).toEqual([
        ...rows,
        ...rows,
      ]);
    },
  );

  test('of Athena gives what stands in the files that it names', async () => {
    const config = { ManifestType: 'ATHENA_DATA', InputType: 'JSONL' };
    const data = 's3://lists/1.gz\ns3://lists/2\n"s3://lists/3"\n';
    const files = {
      'lists/1.gz': gzipSync('{"a":1}\n'),
      'lists/2': '{"a":2}\n',
      'lists/3': zstdCompressSync('{"a":3}\n'),
    };
    expect(await itemsOf(config, data, files)).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  test.each([
    [
      'names missing objects',
      inventory(['gone.csv']),
      'The specified key does not exist: s3://lists/gone.csv',
    ],
    ['is no JSON', 'x', 's3://in/data is no manifest'],
    ['lacks fields', '{}', 'the field destinationBucket is missing'],
    ['names files of another format', inventory([], { fileFormat: 'ORC' }), 'format ORC'],
  ])('that %s fails the Map Run', async (_, data, cause) => {
    const text = await causeOf({ InputType: 'MANIFEST' }, data);
    expect(text).toMatch(/^States\.ItemReaderFailed: /);
    expect(text).toContain(cause);
  });

  test('with a broken gzip file fails the Map Run', async () => {
    const broken = gzipSync(list.repeat(100)).subarray(0, 40);
    expect(await causeOf({ InputType: 'MANIFEST' }, inventory(['1.gz']), { 'lists/1.gz': broken })).toMatch(
      /^States\.ItemReaderFailed: unexpected end of file/,
    );
  });
});
