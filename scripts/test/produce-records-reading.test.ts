import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { orders } from '@sluice/datasets';
import { partitionKeyBy } from '@sluice/kinesis-producer';
import { type Dataset, defineDataset, text, timestamp } from '@sluice/record-schema';
import fc from 'fast-check';
import { parseArguments } from '../produce-records/arguments.ts';
import { openCheckpoint } from '../produce-records/checkpoint.ts';
import { recordPreparer } from '../produce-records/prepare-record.ts';
import { csvRecords } from '../produce-records/read/csv.ts';
import { jsonLineRecords } from '../produce-records/read/json-lines.ts';
import { instantText, isoText } from '../produce-records/read/moments.ts';
import { generatedInput, openInput } from '../produce-records/read/open-input.ts';
import type { ReadRecord } from '../produce-records/read/read-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'produce-reading-'));
afterAll(() => rmSync(folder, { recursive: true }));

const everyType = fileURLToPath(new URL('produce-records/every-type.parquet', import.meta.url));
const never = new AbortController().signal;

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The records that come, and the fault that ends them, if one does. */
const readAll = async (batches: AsyncIterable<readonly ReadRecord[]>) => {
  const records: ReadRecord[] = [];
  try {
    for await (const batch of batches) records.push(...batch);
    return { records, fault: null };
  } catch (error) {
    return { records, fault: error instanceof Error ? error.message : String(error) };
  }
};
const csv = (content: string | Buffer, chunk = 64 * 1024, delimiter = ',') =>
  readAll(csvRecords(inChunks(Buffer.from(content), chunk), delimiter, 'in.csv'));
const jsonLines = (content: string | Buffer, chunk = 64 * 1024) =>
  readAll(jsonLineRecords(inChunks(Buffer.from(content), chunk), 'in.jsonl'));
const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const open = (path: string, dataset: Dataset | null = null) =>
  openInput({ path, format: null, dataset, identify: true, signal: never });

describe('CSV', () => {
  test('every row becomes an object of its cells, whatever is in them and wherever a chunk ends', async () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.string({ unit: fc.constantFrom(...'",\r\n \t;é😀\u00a0\ufeffx'), maxLength: 6 }),
    );
    const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
    const plain = (value: string): string => (/[",\r\n]|^\s|\s$/.test(value) ? quoted(value) : value);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom(quoted, plain),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (rows, lineEnd, written, chunk, endsWithLine) => {
          const lines = [['a', 'ü', 'c d'], ...rows].map((row) => row.map(written).join(','));
          const content = lines.join(lineEnd) + (endsWithLine ? lineEnd : '');
          const { records, fault } = await csv(content, chunk);
          expect(fault).toBeNull();
          expect(records).toEqual(
            rows.map(([a, b, c], at) => ({
              number: at + 1,
              json: JSON.stringify({ a, ü: b, 'c d': c }),
            })),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test('an empty cell is an empty text, and blanks stay', async () => {
    expect(await csv('a,b,c\n,"", x \n')).toEqual({
      records: [{ number: 1, json: '{"a":"","b":"","c":" x "}' }],
      fault: null,
    });
  });

  test('a row that does not fit the header, or is no UTF-8, is refused alone', async () => {
    const content = Buffer.concat([
      Buffer.from('a,b\n1,2\n3\n4,5,6\n7,'),
      Buffer.from([0xe9]),
      Buffer.from('\n8,é\n'),
    ]);
    const { records } = await csv(content);
    expect(records).toEqual([
      { number: 1, json: '{"a":"1","b":"2"}' },
      { number: 2, fault: 'wrong_field_count' },
      { number: 3, fault: 'wrong_field_count' },
      { number: 4, fault: 'invalid_utf8' },
      { number: 5, json: '{"a":"8","b":"é"}' },
    ]);
  });

  test('a line without a character is no row; a line of blanks is one', async () => {
    const { records } = await csv('\ufeff\n\na\n\n1\n  \n""\n\n ');
    expect(records.map((record) => ('json' in record ? record.json : record.fault))).toEqual([
      '{"a":"1"}',
      '{"a":"  "}',
      '{"a":""}',
      '{"a":" "}',
    ]);
  });

  test('is read by the delimiter of the dataset', async () => {
    expect((await csv('a;b\n1,0;2\n', 64, ';')).records).toEqual([
      { number: 1, json: '{"a":"1,0","b":"2"}' },
    ]);
  });

  test.each([
    ['text behind a closing quote', 'x,"secret"y\nz,z\n'],
    ['a quote that never closes', `x,"secret\n${'y,y\n'.repeat(300)}`],
  ])('%s ends it at that line, behind every row before it, and is not shown', async (_what, bad) => {
    const rows = Array.from({ length: 1000 }, (_, at) => `${at},"two\nlines"\n`).join('');
    const { records, fault } = await csv(`a,b\n\n${rows}${bad}`);
    expect(records).toHaveLength(1000);
    expect(fault).toMatch(/^in\.csv: bad CSV at line 2003: /);
    expect(fault).not.toContain('secret');
  });

  test('a name that comes twice in the header is refused: one value would be lost', async () => {
    expect((await csv('a,b,a\n1,2,3\n')).fault).toMatch(/the header has "a" twice/);
  });
});

describe('JSON lines', () => {
  test('each line goes as it is written', async () => {
    const lines = ['{"n":1.10,"big":12345678901234567890}', '{ "a" : "\\u00e9" }', '{"k":1,"k":2}'];
    const { records } = await jsonLines(`\ufeff${lines[0]}\r\n\n   \n${lines[1]}\n${lines[2]}`, 7);
    expect(records).toEqual(lines.map((json, at) => ({ number: at + 1, json })));
  });

  test('what is no object is refused by its number', async () => {
    const content = Buffer.concat([
      Buffer.from('{"a":1\n[1]\n"x"\n{"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{}\n'),
    ]);
    expect((await jsonLines(content)).records).toEqual([
      { number: 1, fault: 'not_json' },
      { number: 2, fault: 'not_an_object' },
      { number: 3, fault: 'not_an_object' },
      { number: 4, fault: 'invalid_utf8' },
      { number: 5, json: '{}' },
    ]);
  });

  test('a line beyond every limit is refused without being kept', async () => {
    async function* endless() {
      yield Buffer.from('{"a":"');
      for (let at = 0; at < 400; at += 1) yield Buffer.alloc(64 * 1024, 0x78);
      yield Buffer.from('"}\n{"b":1}\n');
    }
    expect((await readAll(jsonLineRecords(endless(), 'in.jsonl'))).records).toEqual([
      { number: 1, fault: 'too_large' },
      { number: 2, json: '{"b":1}' },
    ]);
  });

  test('an array is told apart, with what to do', async () => {
    expect((await jsonLines('[{"a":1},\n{"a":2}]\n')).fault).toMatch(/in\.jsonl is a JSON array.*jq -c/);
  });
});

describe('gzip', () => {
  test('is told by the bytes, not by the name', async () => {
    const packed = Buffer.concat([gzipSync('a\n1\n'), gzipSync('2\n')]);
    const input = await open(file('packed.csv', packed));
    expect((await readAll(input.records(0))).records).toEqual([
      { number: 1, json: '{"a":"1"}' },
      { number: 2, json: '{"a":"2"}' },
    ]);
  });

  test('that is cut off is told in one line, behind what could be read', async () => {
    const whole = gzipSync(Array.from({ length: 50_000 }, (_, at) => `{"n":${at}}\n`).join(''));
    const input = await open(file('cut.jsonl.gz', whole.subarray(0, whole.length - 20)));
    const { records, fault } = await readAll(input.records(0));
    expect(fault).toMatch(/^cut\.jsonl\.gz is gzipped, and damaged or cut off/);
    expect(records.length).toBeGreaterThan(0);
  });
});

describe('Parquet', () => {
  const shared =
    '"huge":-12345678901234567890123.4567,"big":9007199254740996,"unsigned":18446744073709551615,"day":"1969-12-31"';
  const rest =
    '"clock":"12:34:56.789","single":0.1,"double":5.0,"nan":"NaN","flag":true,"list":[1.50,null],"struct":{"a":"2020-01-01","b":[{"c":1}]},"map":{"k":2.50},"uuid":"8f14b764-5aef-4440-bdfe-e17ec7c720c2","blob":"bytes","json":"{\\"x\\": 1.10}"';

  test('values of every type keep all their digits', async () => {
    const { records } = await readAll((await open(everyType)).records(2));
    expect(records).toEqual([
      {
        number: 3,
        json: `{"id":"3","name":"Zoë","amount":1.05,"price":3000000000000003.00,${shared},"created_date":"2024-02-29T01:02:03.000Z","at":"1969-12-31T23:59:59.123456789Z",${rest}}`,
      },
    ]);
  });

  test('nulls are nulls, and decimals may be below zero', async () => {
    const { records } = await readAll((await open(everyType)).records(0));
    const texts = records.map((record) => ('json' in record ? record.json : ''));
    expect(texts[0]).toContain('"amount":-1.05,');
    expect(texts[1]).toContain('"name":null,"amount":0.00,');
  });

  test('instants are written as the dataset reads them', async () => {
    const { records } = await readAll((await open(everyType, orders)).records(2));
    expect(JSON.parse(records[0] && 'json' in records[0] ? records[0].json : '{}')).toMatchObject({
      created_date: '2024-02-29 01:02:03',
    });
    const at = 1_709_168_523_456_000_000n;
    const [field] = defineDataset({
      name: 'moments',
      fields: { at: timestamp({ formats: ['dd.MM.yyyy', 'iso'] }), other: text() },
    }).fields;
    const formats = field?.type === 'timestamp' ? field.formats : [];
    // The first format has no place for the time.
    expect(instantText(at, formats)).toBe('2024-02-29T01:02:03.456Z');
    expect(instantText(1_709_164_800_000_000_000n, formats)).toBe('29.02.2024');
    expect(isoText(-1n, false)).toBe('1969-12-31T23:59:59.999999999Z');
  });

  test('what is none is told in one line', async () => {
    await expect(open(file('none.parquet', 'id,name\n1,x\n'))).rejects.toThrow(
      /^none\.parquet is not a whole Parquet file: /,
    );
  });
});

describe('generated records', () => {
  const generated = async (count: number, after = 0, seed = 1) =>
    (await readAll(generatedInput(orders, { count, seed, signal: never }).records(after))).records;

  test('are the same for the same seed, and others for another', async () => {
    expect(await generated(300)).toEqual(await generated(300));
    expect(await generated(300)).not.toEqual(await generated(300, 0, 2));
  });

  test('go on where they stopped', async () => {
    const all = await generated(2500);
    expect(await generated(2500, 2060)).toEqual(all.slice(2060));
    expect(await generated(300)).toEqual(all.slice(0, 300));
    expect(await generated(2500, 2500)).toEqual([]);
  });

  test('have their number in the key of the dataset', async () => {
    const ids = (await generated(2100)).map((record) => 'json' in record && JSON.parse(record.json).id);
    expect(ids).toEqual(Array.from({ length: 2100 }, (_, at) => String(at + 1)));
  });
});

describe('the dataset in a record', () => {
  const prepare = recordPreparer({
    datasetMember: { field: '_dataset', dataset: 'orders' },
    keyOf: partitionKeyBy({ strategy: 'hash' }),
    keyNeedsValues: false,
  });
  const prepared = (json: string): string => {
    const result = prepare({ number: 1, json });
    return 'record' in result ? Buffer.from(result.record.data).toString() : result.refusal;
  };

  test('is its first member, and the rest stays as it was written', () => {
    expect(prepared('{ "n": 1.10 , "t": "\\u00e9" }')).toBe(
      '{"_dataset":"orders", "n": 1.10 , "t": "\\u00e9" }',
    );
    expect(prepared('{ }')).toBe('{"_dataset":"orders" }');
  });

  test('is not told twice, however the first one is spelled', () => {
    expect(prepared('{"_dataset":"penguins"}')).toBe('has_dataset_field');
    expect(prepared('{"\\u005fdataset":"penguins"}')).toBe('has_dataset_field');
    expect(prepared('{"a":{"_dataset":"penguins"}}')).toBe(
      '{"_dataset":"orders","a":{"_dataset":"penguins"}}',
    );
    expect(prepared('{"a":"_dataset"}')).toBe('{"_dataset":"orders","a":"_dataset"}');
  });
});

describe('a checkpoint', () => {
  const target = { stream: 'orders', place: 'in eu-west-1' };
  const jobOf = async (path: string) => ({ input: (await open(path)).identity, target });
  const at = join(folder, 'state', 'checkpoint.json');

  test('is of one input as it was, and of one stream', async () => {
    const path = file('in.jsonl', '{"a":1}\n{"a":2}\n');
    const job = await jobOf(path);
    const first = await openCheckpoint(at, job, 'in.jsonl');
    expect(first.acknowledged).toBe(0);
    await first.write({ acknowledged: 1, refused: 1, done: false });
    expect(await openCheckpoint(at, job, 'in.jsonl')).toMatchObject({
      acknowledged: 1,
      refused: 1,
      doneAt: null,
    });
    await expect(
      openCheckpoint(at, { ...job, target: { ...target, stream: 'others' } }, 'in.jsonl'),
    ).rejects.toThrow(/is of another stream or dataset; to start at its first record, remove /);
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    await expect(openCheckpoint(at, await jobOf(path), 'in.jsonl')).rejects.toThrow(
      /^in\.jsonl is not what it was when its first 1 records were sent; /,
    );
  });

  test('of an input that is done does not stand in the way of the next one of that name', async () => {
    const path = file('daily.jsonl', '{"a":1}\n');
    const done = await openCheckpoint(`${at}.done`, await jobOf(path), 'daily.jsonl');
    await done.write({ acknowledged: 1, refused: 0, done: true });
    expect((await openCheckpoint(`${at}.done`, await jobOf(path), 'daily.jsonl')).doneAt).not.toBeNull();
    file('daily.jsonl', '{"a":1}\n{"a":2}\n');
    expect(await openCheckpoint(`${at}.done`, await jobOf(path), 'daily.jsonl')).toMatchObject({
      acknowledged: 0,
      doneAt: null,
    });
  });

  test('that is none is not overwritten', async () => {
    await expect(
      openCheckpoint(file('notes.txt', 'milk, eggs'), { input: {}, target }, 'standard input'),
    ).rejects.toThrow(/notes\.txt is no checkpoint/);
  });
});

describe('a command line', () => {
  const said = (...args: readonly string[]): string => {
    try {
      return JSON.stringify(parseArguments(args));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  test.each([
    [['in.csv'], /^--stream is missing: /],
    [['--stream', 'x'], /^a file is missing: /],
    [['a.csv', 'b.csv', '--stream', 'x'], /^"b.csv" is too much: one file at a time; /],
    [['a.csv', '--stream', 'x', '--strem', 'y'], /Unknown option '--strem'; see: pnpm produce --help$/],
    [['a.csv', '--stream', 'x', '--dataset', 'none'], /^there is no dataset "none"; there are: airports, /],
    [['a.csv', '--stream', 'x', '--rate', '0'], /^--rate has to be a whole number of 1 or more, not "0"$/],
    [
      ['a.csv', '--stream', 'x', '--partition-key', 'best'],
      /^--partition-key is field:NAME, hash, random or /,
    ],
    [['a.csv', '--stream', 'x', '--endpoint', 'localhost'], /^--endpoint has to be a URL such as /],
    [['a.csv', '--stream', 'x', '--format', 'xml'], /^--format is one of csv, json, parquet, not "xml"$/],
    [['--generate', '5', '--stream', 'x'], /^--generate needs --dataset; /],
    [['a.csv', '--stream', 'x', '--checkpoint', 'c', '--no-checkpoint'], /exclude each other$/],
  ])('%j is a mistake that is told in a line', (args, message) => {
    expect(said(...args)).toMatch(message);
  });

  test('has the key of the dataset as partition key, by the names of the source', () => {
    expect(parseArguments(['a.csv', '--stream', 'x', '--dataset', 'orders'])).toMatchObject({
      partitionKey: { strategy: 'field', field: ['id'] },
      datasetField: '_dataset',
    });
    expect(parseArguments(['a.csv', '--stream', 'x'])).toMatchObject({
      partitionKey: { strategy: 'hash' },
      datasetField: null,
    });
  });
});
