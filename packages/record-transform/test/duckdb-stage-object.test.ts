import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Dataset,
  defineDataset,
  double,
  gt,
  lit,
  maskEmail,
  oneOf,
  pseudonym,
  text,
} from '@sluice/record-schema';
import fc from 'fast-check';
import { openSession, type Session } from '../src/duckdb/session.ts';
import {
  identifier,
  keepObject,
  literal,
  type StagedObject,
  type StageRequest,
  stageObject,
  unaccounted,
} from '../src/index.ts';

const sales = defineDataset({
  name: 'sales',
  fields: {
    id: text({ required: true }),
    email: text({ pii: true }),
    amount: double(),
    status: text(),
  },
  derived: ({ col }) => ({ email_masked: maskEmail(col('email')) }),
  rules: ({ col }) => ({ open: oneOf(col('status'), ['OPEN']), large: gt(col('amount'), lit(1)) }),
});
const context = { asOf: Date.UTC(2026, 5, 15) };
const limits = { memoryMb: 300, threads: 2 };

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-stage-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let made = 0;
const folder = (): string => {
  made += 1;
  const path = join(dir, `f${made}`);
  mkdirSync(path);
  return path;
};

const stage = (
  dataset: Dataset,
  key: string,
  content: string | Uint8Array,
  more: Partial<StageRequest> = {},
): Promise<StagedObject> => {
  const path = join(folder(), 'object');
  writeFileSync(path, content);
  const request = { dataset, key, path, context, outputDir: folder(), scratchDir: folder(), limits, ...more };
  return stageObject(request);
};

const query = async (work: (session: Session) => Promise<unknown>) => {
  const session = await openSession(dir, limits);
  try {
    return await work(session);
  } finally {
    session.close();
  }
};
const rowsOf = (staged: StagedObject) =>
  query((session) =>
    session.query(`SELECT * FROM read_parquet([${staged.accepted.map((one) => literal(one.file))}])`),
  );
const quarantineOf = (staged: StagedObject) =>
  staged.quarantine
    ? readFileSync(staged.quarantine.file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line))
    : [];
const hashOf = (staged: StagedObject): string => {
  const hash = createHash('sha256');
  for (const { file } of [...staged.accepted, ...(staged.quarantine ? [staged.quarantine] : [])]) {
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
};

const csv = [
  'id,email,amount,status,extra',
  '1,ada@example.com,5,OPEN,x',
  '2,bob@example.com,five,OPEN,x',
  '3,short',
  '1,ada@example.com,5,OPEN,another extra makes no difference',
  '4,c@example.com,5,CLOSED,x',
  '5,d@example.com,0.5,OPEN,x',
  ',e@example.com,nan,OPEN,x',
  '',
].join('\n');

describe('staging an object', () => {
  test('takes every row to its fate and counts it', async () => {
    const staged = await stage(sales, 'in.csv', csv);
    expect(staged.counts).toEqual({
      rowsIn: 7,
      accepted: 1,
      filtered: [
        { rule: 'open', rows: 1 },
        { rule: 'large', rows: 1 },
      ],
      duplicates: 1,
      quarantined: 3,
      reasons: [
        { field: 'amount', code: 'not_a_number', rows: 2 },
        { field: 'id', code: 'missing', rows: 1 },
        { field: null, code: 'wrong_field_count', rows: 1 },
      ],
    });
    expect(staged.unknownColumns).toEqual(['extra']);
    expect(await rowsOf(staged)).toEqual([
      { id: '1', amount: 5, status: 'OPEN', email_masked: 'ad***@example.com' },
    ]);
  });

  test('quarantines rows by their place in the object, with reasons and all that came', async () => {
    expect(quarantineOf(await stage(sales, 'in.csv', csv))).toEqual([
      {
        row: 2,
        reasons: [{ field: 'amount', code: 'not_a_number' }],
        record: { id: '2', email: 'bob@example.com', amount: 'five', status: 'OPEN' },
        raw: null,
      },
      { row: 3, reasons: [{ field: null, code: 'wrong_field_count' }], record: null, raw: '3,short' },
      {
        row: 7,
        reasons: [
          { field: 'id', code: 'missing' },
          { field: 'amount', code: 'not_a_number' },
        ],
        record: { id: '', email: 'e@example.com', amount: 'nan', status: 'OPEN' },
        raw: null,
      },
    ]);
  });

  test('numbers a faulty row behind several malformed ones that follow each other', async () => {
    const staged = await stage(sales, 'in.csv', 'id,email,amount,status\n1\n2\n3\n,,,\n4\n,,x,\n');
    expect(quarantineOf(staged)).toMatchObject([1, 2, 3, 4, 5, 6].map((row) => ({ row })));
  });

  test('gives no files for an object without rows', async () => {
    const staged = await stage(sales, 'in.csv', 'id,email,amount,status\n');
    expect(staged).toMatchObject({ accepted: [], quarantine: null, counts: { rowsIn: 0, reasons: [] } });
  });

  test('leaves the same bytes from JSON lines, an array and gzip as from CSV', async () => {
    const objects = [
      { id: '1', email: 'ada@example.com', amount: '5', status: 'OPEN' },
      { id: '2', email: 'bob@example.com', amount: 'five', status: 'OPEN' },
    ];
    const lines = objects.map((one) => JSON.stringify(one)).join('\n');
    const plain = `id,email,amount,status\n${objects.map((one) => Object.values(one).join(',')).join('\n')}\n`;
    const hashes = new Set(
      await Promise.all([
        stage(sales, 'in.csv', plain).then(hashOf),
        stage(sales, 'in.csv.gz', gzipSync(plain)).then(hashOf),
        stage(sales, 'in.jsonl', lines).then(hashOf),
        stage(sales, 'in.json', JSON.stringify(objects)).then(hashOf),
      ]),
    );
    expect(hashes.size).toBe(1);
  });

  test('leaves the same bytes with any number of threads', async () => {
    const many = Array.from({ length: 200_000 }, (_, at) => {
      const amount = at % 97 === 0 ? 'x' : at % 1000;
      return `${at % 190_000},u${at % 190_000}@example.com,${amount},${at % 3 === 0 ? 'CLOSED' : 'OPEN'}`;
    });
    const content = `id,email,amount,status\n${many.join('\n')}\n`;
    const hashes = new Set(
      await Promise.all([
        stage(sales, 'in.csv', content).then(hashOf),
        stage(sales, 'in.csv', content, { limits: { memoryMb: 300, threads: 1 } }).then(hashOf),
        stage(sales, 'in.csv', content, { limits: { memoryMb: 300, threads: 4 } }).then(hashOf),
      ]),
    );
    expect(hashes.size).toBe(1);
  });

  test('reads an object once for all who look at it, and leaves the same bytes', async () => {
    const path = join(folder(), 'object');
    writeFileSync(path, csv);
    const kept = keepObject();
    const request = { dataset: sales, key: 'in.csv', path, scratchDir: folder(), limits };
    const sessions = [];
    for (let look = 0; look < 2; look += 1)
      sessions.push(await kept.open(request, async ({ session }) => session));
    const staged = await stageObject({ ...request, context, outputDir: folder(), open: kept.open });
    kept.close();
    expect(sessions[0]).toBe(sessions[1]);
    expect(hashOf(staged)).toBe(hashOf(await stage(sales, 'in.csv', csv)));
  });

  test('says what helps where memory is too small for rows so long', async () => {
    const long = 'x'.repeat(1_000_000);
    const content = `id,email,amount,status\n${Array.from({ length: 100 }, (_, id) => `${id},${long},5,OPEN\n`).join('')}`;
    await expect(stage(sales, 'in.csv', content, { limits: { memoryMb: 50, threads: 1 } })).rejects.toThrow(
      /^DuckDB may use 50 MiB of memory, .* Spark takes such an object$/,
    );
  });

  test('loses no row of any bytes', async () => {
    const line = fc.array(fc.constantFrom('1', 'x', '"', ',', '""', '"a,b"', ' ', '\r', 'é', '\u0000'), {
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n'),
        async (lines, end) => {
          const content = ['id,email,amount,status', ...lines.map((parts) => parts.join(''))].join(end);
          const { counts } = await stage(sales, 'in.csv', content);
          expect(unaccounted(counts)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('an object that cannot be taken', () => {
  test.each<[string, string, string | Uint8Array]>([
    ['missing_column', 'in.csv', 'email,amount,status\n'],
    ['duplicate_column', 'in.csv', 'id,id,amount,status\n'],
    ['empty_object', 'in.csv', ''],
    ['wrong_format', 'in.csv', Buffer.from('PK\u0003\u0004', 'latin1')],
    ['wrong_format', 'in.xml', '<a/>'],
    ['corrupt_gzip', 'in.csv.gz', gzipSync(csv).subarray(0, 40)],
    ['corrupt_parquet', 'in.parquet', 'PAR1 and nothing behind it'],
    ['broken_array', 'in.json', '[{"id": "1"}, '],
  ])('is refused: %s', async (code, key, content) => {
    await expect(stage(sales, key, content)).rejects.toMatchObject({ name: 'RefusedObject', code });
  });
});

describe('text that is no SQL', () => {
  test('is quoted as an identifier and as a literal, whatever is in it', () =>
    query((session) =>
      fc.assert(
        fc.asyncProperty(
          fc.string({ unit: 'grapheme' }),
          fc.string({ unit: 'binary' }),
          async (name, value) => {
            fc.pre(!name.includes('\0') && value.isWellFormed() && !value.startsWith('\ufeff'));
            const column = `x${name}`;
            const found = await session.query(`SELECT ${literal(value)} AS ${identifier(column)}`);
            expect(found).toEqual([{ [column]: value }]);
          },
        ),
        { numRuns: 500 },
      ),
    ));

  test('in a header, a path or a definition does no harm', async () => {
    const from = `a"'); DROP TABLE x; --`;
    const hostile = defineDataset({
      name: 'hostile',
      nullTokens: ['', `' OR 1=1 --`],
      fields: { a: text({ from, oneOf: [`it's`, `"quoted"`], default: `it's` }) },
      derived: ({ col }) => ({ b: lit(`'; SELECT 1; --`), same: oneOf(col('a'), [`it's`]) }),
    });
    const odd = join(folder(), `it's "odd".csv`);
    writeFileSync(odd, `"${from.replaceAll('"', '""')}"\nit's\n' OR 1=1 --\n"""quoted"""\n`);
    const staged = await stage(hostile, 'in.csv', '', { path: odd });
    expect(await rowsOf(staged)).toEqual([
      { a: `it's`, b: `'; SELECT 1; --`, same: true },
      { a: `it's`, b: `'; SELECT 1; --`, same: true },
      { a: `"quoted"`, b: `'; SELECT 1; --`, same: false },
    ]);
  });
});

describe('a pseudonym', () => {
  const people = defineDataset({
    name: 'people',
    fields: { email: text({ pii: true }) },
    derived: ({ col }) => ({ who: pseudonym(col('email')) }),
  });

  test('needs a key: without one the run fails', async () => {
    await expect(stage(people, 'in.csv', 'email\na@b.c\n')).rejects.toThrow('pseudonym needs a key');
  });

  test('never shows its key in an error', async () => {
    const key = 'a very secret key';
    const broken = stage(people, 'in.csv', 'email\na@b.c\n', {
      context: { ...context, pseudonymKey: key },
      outputDir: join(dir, 'no', 'such', 'folder'),
    });
    const message = await broken.then(String, String);
    expect(message).not.toContain(key);
    expect(message).not.toContain(Buffer.from(key).toString('hex'));
  });
});
