import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Lake, openLake } from '../src/lake/open-lake.ts';
import { type Answer, queryLake } from '../src/query/query-lake.ts';
import { AS_OF, smallOrders } from './orders.ts';
import { runInProcess } from './run-in-process.ts';
import { newFolder, sluice } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
let lake: Lake;
let runId = '';
const at = (...names: string[]): string => join(folder.path, ...names);

beforeAll(async () => {
  folder = await newFolder();
  await writeFile(at('small.csv'), smallOrders);
  await writeFile(at('invalid.csv'), 'name\na\n');
  await writeFile(at('secret.csv'), 'a\ntop secret\n');
  const finished = await runInProcess(at('lake'), 'orders', at('small.csv'), AS_OF);
  await runInProcess(at('lake'), 'orders', at('invalid.csv'), AS_OF);
  ({ runId } = finished.run);
  // A trap: files that lie in the lake by their path only.
  const partition = at('lake/curated/processed/orders/process_year=2025/process_month=6/process_day=30');
  await symlink(at('secret.csv'), join(partition, 'link.csv'));
  await symlink(folder.path, at('lake/curated/processed/out'));
  lake = await openLake(at('lake'));
}, 60_000);
afterAll(() => folder.remove());

const ask = (sql: string, maxRows = 100): Promise<Answer> => queryLake(lake, sql, maxRows, at('scratch'));
const rowsOf = async (sql: string) => (await ask(sql)).rows;

describe('the catalogue', () => {
  test('has each dataset, runs and quarantine', async () => {
    expect((await rowsOf('SHOW TABLES')).flat()).toEqual(
      expect.arrayContaining(['orders', 'orders_unique', 'airports', 'penguins', 'runs', 'quarantine']),
    );
  });

  test('has the published rows with their partition columns, as numbers', async () => {
    expect(
      await rowsOf(
        'SELECT id, name, region_name, total_amount, process_year, process_month, process_day FROM orders ORDER BY id',
      ),
    ).toEqual([
      ['A1', 'ANN', 'North', 900, 2025, 6, 30],
      ['A2', 'BOB', 'South', 5000, 2025, 6, 30],
      ['A3', 'SMITH, "AL"', 'East', 20_000, 2025, 6, 30],
    ]);
  });

  test('has datasets without a row as empty tables with their columns', async () => {
    const { columns, rows } = await ask('SELECT * FROM penguins');
    expect(rows).toEqual([]);
    expect(columns.slice(0, 3)).toEqual([
      { name: 'species', type: 'VARCHAR' },
      { name: 'island', type: 'VARCHAR' },
      { name: 'beak_length_mm', type: 'DECIMAL(5,1)' },
    ]);
  });

  test('has each record of a dataset with a key once, in however many objects it came', async () => {
    const copied = await newFolder();
    await writeFile(join(copied.path, 'small.csv'), smallOrders);
    await writeFile(join(copied.path, 'again.csv'), smallOrders);
    for (const name of ['small.csv', 'again.csv'])
      await runInProcess(join(copied.path, 'lake'), 'orders', join(copied.path, name), AS_OF);
    const ofCopies = await openLake(join(copied.path, 'lake'));
    const idsOf = async (view: string) =>
      (await queryLake(ofCopies, `SELECT id FROM ${view} ORDER BY id`, 100, at('scratch'))).rows.flat();
    expect(await idsOf('orders')).toEqual(['A1', 'A1', 'A2', 'A2', 'A3', 'A3']);
    expect(await idsOf('orders_unique')).toEqual(['A1', 'A2', 'A3']);
    await copied.remove();
  });

  test('has the runs with their counts', async () => {
    expect(
      await rowsOf(
        'SELECT run_id, status, rows_in, accepted, filtered, duplicates, quarantined FROM runs WHERE accepted > 0',
      ),
    ).toEqual([[runId, 'published', 9, 3, 2, 1, 3]]);
    expect(
      await rowsOf(
        'SELECT status, refused_because LIKE \'%no column "id"%\' FROM runs WHERE accepted IS NULL',
      ),
    ).toEqual([['rejected', true]]);
  });

  test('has the quarantined rows with their reasons', async () => {
    expect(
      await rowsOf('SELECT dataset, run_id, "row", reasons[1].code, raw FROM quarantine ORDER BY "row"'),
    ).toEqual([
      ['orders', runId, 7, 'not_a_number', null],
      ['orders', runId, 8, 'missing', null],
      ['orders', runId, 9, 'wrong_field_count', 'A8,too,short'],
    ]);
  });
});

describe('an answer', () => {
  test('is cut after as many rows as are wanted, and says so', async () => {
    expect(await ask('SELECT * FROM range(10)', 3)).toMatchObject({ rows: [[0], [1], [2]], cut: true });
    expect(await ask('SELECT * FROM range(3)', 3)).toMatchObject({ rows: [[0], [1], [2]], cut: false });
  });

  test('has numbers that JSON cannot hold as texts', async () => {
    expect(await rowsOf('SELECT 9007199254740991, 9007199254740993::HUGEINT, 1.10::DECIMAL(5,2)')).toEqual([
      [9_007_199_254_740_991, '9007199254740993', '1.10'],
    ]);
  });
});

const secret = (): string => at('secret.csv');
const parquet = (): string =>
  at('lake/curated/processed/orders/process_year=2025/process_month=6/process_day=30');

const hostile: readonly (readonly [what: string, sql: () => string])[] = [
  ['read_text', () => "SELECT * FROM read_text('/etc/passwd')"],
  ['read_blob', () => "SELECT * FROM read_blob('/etc/passwd')"],
  ['read_csv', () => `SELECT * FROM read_csv('${secret()}')`],
  ['a file as a table', () => `SELECT * FROM '${secret()}'`],
  ['read_json', () => "SELECT * FROM read_json('/etc/os-release')"],
  ['glob', () => "SELECT * FROM glob('/etc/*')"],
  ['sniff_csv', () => "SELECT * FROM sniff_csv('/etc/passwd')"],
  ['parquet_metadata', () => "SELECT * FROM parquet_metadata('/etc/passwd')"],
  ['..', () => `SELECT * FROM read_text('${parquet()}/../../../../../../../secret.csv')`],
  ['a symbolic link in the lake', () => `SELECT * FROM read_csv('${parquet()}/link.csv')`],
  [
    'a linked folder in the lake',
    () => `SELECT * FROM read_csv('${at('lake/curated/processed/out/secret.csv')}')`,
  ],
  ['another file of the lake', () => `SELECT * FROM read_text('${at('lake/lake.json')}')`],
  ['http', () => "SELECT * FROM read_csv('https://example.com/a.csv')"],
  ['getenv', () => "SELECT getenv('HOME')"],
  ['COPY TO', () => `COPY (SELECT 1) TO '${at('out.csv')}'`],
  [
    'COPY TO a published file',
    () => `COPY (SELECT 1 AS a) TO '${parquet()}/x.parquet' (FORMAT parquet, USE_TMP_FILE false)`,
  ],
  ['EXPLAIN ANALYZE COPY', () => `EXPLAIN ANALYZE COPY (SELECT 1) TO '${at('out.csv')}'`],
  ['EXPORT', () => `EXPORT DATABASE '${at('export')}'`],
  ['IMPORT', () => `IMPORT DATABASE '${at('export')}'`],
  ['ATTACH', () => `ATTACH '${at('other.db')}'`],
  ['INSTALL', () => 'INSTALL httpfs'],
  ['LOAD', () => 'LOAD httpfs'],
  ['LOAD of a file', () => `LOAD '${at('evil.duckdb_extension')}'`],
  ['SET', () => 'SET enable_external_access = true'],
  ['RESET', () => 'RESET lock_configuration'],
  ['SET VARIABLE', () => 'SET VARIABLE a = 1'],
  ['PRAGMA', () => 'PRAGMA enable_profiling'],
  ['CREATE', () => 'CREATE TABLE t AS SELECT 1'],
  ['CREATE SECRET', () => "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')"],
  ['INSERT', () => 'INSERT INTO runs SELECT * FROM runs'],
  ['DELETE', () => 'DELETE FROM runs'],
  ['DROP', () => 'DROP TABLE runs'],
  ['CALL', () => 'CALL pragma_version()'],
  ['CHECKPOINT', () => 'CHECKPOINT'],
  ['two statements', () => 'SELECT 1; DROP TABLE runs'],
  ['a PREPARE', () => "PREPARE p AS SELECT * FROM read_text('/etc/passwd')"],
  ['nothing', () => '  -- nothing'],
];

const lakeFiles = async (): Promise<string> => {
  const files = await readdir(at('lake'), { recursive: true });
  const parquetFile = files.find((name) => name.endsWith('.parquet')) ?? '';
  const bytes = await readFile(at('lake', parquetFile));
  return JSON.stringify([files.sort(), createHash('sha256').update(bytes).digest('hex')]);
};

describe('a question that is none is refused in one line, and changes nothing', () => {
  test.each(hostile)('%s', async (_what, sql) => {
    const [before, outside] = [await lakeFiles(), await readdir(folder.path)];
    const error = await ask(sql()).then(
      (answer) => `answered ${JSON.stringify(answer.rows)}`,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      name: 'CliError',
      exitCode: 2,
      message: expect.stringMatching(/^[^\n]+$/),
    });
    expect(String(error)).not.toMatch(/top secret|root:/);
    expect(await lakeFiles()).toBe(before);
    expect(await readdir(folder.path)).toEqual(outside);
  });

  test('even if the path of a published file is used to overwrite it', async () => {
    const [name = ''] = (await readdir(parquet())).filter((one) => one.endsWith('.parquet'));
    const before = await lakeFiles();
    for (const prefix of ['', 'EXPLAIN ANALYZE ']) {
      const copy = `${prefix}COPY (SELECT 1 AS a) TO '${join(parquet(), name)}' (FORMAT parquet, USE_TMP_FILE false)`;
      await expect(ask(copy)).rejects.toThrow('it takes a SELECT only');
    }
    expect(await lakeFiles()).toBe(before);
  });
});

describe('sluice query', () => {
  test('prints a table', async () => {
    const ended = await sluice([
      'query',
      'SELECT id, total_amount FROM orders ORDER BY id LIMIT 2',
      '--lake',
      at('lake'),
    ]);
    expect(ended).toMatchObject({ code: 0, stderr: '2 rows\n' });
    expect(ended.stdout).toBe('id  total_amount\n──  ────────────\nA1           900\nA2          5000\n');
  });

  test('prints one JSON document', async () => {
    const ended = await sluice([
      'query',
      'SELECT id FROM orders ORDER BY id LIMIT 1',
      '--lake',
      at('lake'),
      '--json',
    ]);
    expect(JSON.parse(ended.stdout)).toEqual({
      columns: [{ name: 'id', type: 'VARCHAR' }],
      rows: [{ id: 'A1' }],
    });
    expect(ended.stderr).toBe('');
  });

  test('says in one line what is wrong with the SQL, and where', async () => {
    const ended = await sluice(['query', 'SELECT id\nFROM order', '--lake', at('lake')]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      /^sluice: the SQL is not right, line 2: Parser Error: syntax error at or near "order"\n$/,
    );
  });

  test('does not let values command the terminal', async () => {
    const ended = await sluice(['query', "SELECT chr(27) || '[2J' || chr(10) AS a", '--lake', at('lake')]);
    expect(ended.stdout).toContain('\\e[2J\\n\n');
  });
});

test('a lake without a run can be asked', async () => {
  await mkdir(at('new'));
  await writeFile(at('new', 'lake.json'), '{"layoutVersion":1}');
  const empty = await openLake(at('new'));
  for (const table of ['orders', 'runs', 'quarantine']) {
    expect((await queryLake(empty, `SELECT count(*) FROM ${table}`, 1, at('scratch'))).rows).toEqual([[0]]);
  }
});
