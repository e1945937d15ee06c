import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from '@jest/globals';
import { scoreObject } from '@sluice/data-quality';
import { orders } from '@sluice/datasets';
import {
  and,
  boolean,
  type Dataset,
  date,
  decimal,
  defineDataset,
  double,
  gt,
  integer,
  lit,
  text,
  timestamp,
} from '@sluice/record-schema';
import { stageObject } from '@sluice/record-transform';
import fc from 'fast-check';
import { collectMapRun } from '../src/collect-map-run.ts';
import { readByMap } from './map-reader.ts';
import { asOf, itemsOf, mapRun, quarantineIn, stagedIn } from './map-run.ts';

const limits = { memoryMb: 256, threads: 1 };

const rowsOf = async (files: readonly Uint8Array[], folder: string): Promise<unknown[]> => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows: unknown[] = [];
  for (const [at, bytes] of files.entries()) {
    const path = join(folder, `${at}.parquet`);
    await writeFile(path, bytes);
    const result = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
    rows.push(result.columnNamesAndTypesJson(), ...result.getRowsJson());
  }
  connection.closeSync();
  instance.closeSync();
  return rows;
};

/** What the `etl` state machine would have staged, and the quality report that it would have left. */
const byOneEngine = async (dataset: Dataset, content: Buffer) => {
  const folder = await mkdtemp(join(tmpdir(), 'etl-'));
  const [scratchDir, outputDir, path] = [folder, folder, join(folder, 'object.csv')];
  try {
    await writeFile(path, content);
    const request = { dataset, key: 'a.csv', path, scratchDir, limits };
    const quality = await scoreObject(request);
    const staged = await stageObject({ ...request, outputDir, context: { asOf: Date.parse(asOf) } });
    const accepted = await rowsOf(
      await Promise.all(staged.accepted.map(({ file }) => readFile(file))),
      folder,
    );
    const lines = staged.quarantine
      ? (await readFile(staged.quarantine.file, 'utf8')).trimEnd().split('\n')
      : [];
    return {
      quality,
      counts: staged.counts,
      unknownColumns: staged.unknownColumns,
      accepted,
      quarantine: lines.map((line) => JSON.parse(line)),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};

const byMap = async (
  dataset: Dataset,
  content: Buffer,
  batchSize: number,
  items = itemsOf(dataset, content),
) => {
  const { objects, input, deps } = await mapRun({ dataset, content, batchSize, items });
  await collectMapRun(input, deps);
  const staged = await stagedIn(objects);
  const folder = await mkdtemp(join(tmpdir(), 'map-'));
  try {
    const files = [...staged].filter(([name]) => name.endsWith('.parquet')).map(([, bytes]) => bytes);
    const report = JSON.parse(String(staged.get('transform.json')));
    return {
      quality: JSON.parse(String(staged.get('quality.json'))),
      counts: report.counts,
      unknownColumns: report.unknownColumns,
      accepted: await rowsOf(files, folder),
      quarantine: await quarantineIn(objects),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};

const mixed = defineDataset({
  name: 'orders',
  fields: {
    id: text({ required: true, trim: true }),
    note: text({ maxLength: 12, default: 'none', pii: false }),
    size: integer({ min: 0, onInvalid: 'null' }),
    weight: double({ max: 1e9 }),
    price: decimal(9, 2, { default: '1.5' }),
    paid: boolean(),
    day: date(),
    at: timestamp({ formats: ['iso', 'yyyy-MM-dd HH:mm:ss'] }),
    absent: text(),
  },
  rules: ({ col }) => ({ light: and(gt(lit(1000), col('weight')), gt(col('weight'), lit(-5))) }),
  quality: { threshold: 0 },
});

const header = 'id,note,size,weight,price,paid,day,at';
const cells = [
  '',
  ' ',
  'a',
  ' b ',
  '12',
  '-3.5',
  '1e3',
  'true',
  '2026-02-28',
  '2026-02-30',
  '2026-01-01T00:00:00Z',
  '2026-01-01 10:00:00',
  'é😀',
  '"q""q"',
  '"x,y"',
  '"two\nlines"',
  '0.1',
  '\u00a07',
  '1e400',
  '999999999',
  'null',
];
const row = fc.array(fc.constantFrom(...cells), { minLength: 8, maxLength: 8 }).map((of) => of.join(','));
const oddRow = fc.constantFrom(
  'too,few',
  'a,b,c,d,e,f,g,h,i',
  'a,"b"c,d,e,f,g,h,i',
  'a,b"c,,,,,,',
  ',,,,,,,',
  '',
);
const lines = fc.array(fc.oneof({ weight: 6, arbitrary: row }, { weight: 1, arbitrary: oddRow }), {
  maxLength: 30,
});

describe('the parts of a Map Run, put together', () => {
  test('are what one engine stages of the same object, whatever is in it and however it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 12 }), fc.boolean(), async (some, size, twice) => {
        const content = Buffer.from([header, ...some, ...(twice ? some.slice(0, 5) : []), ''].join('\n'));
        expect(await byMap(mixed, content, size)).toEqual(await byOneEngine(mixed, content));
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  test('are the same if the reader takes lines without a character for rows', async () => {
    const some = ['1,a,1,1,1,true,2026-01-01,', '', ',,,,,,,', '', '', '2,b,,,,,,', 'too,few', '', ''];
    const content = Buffer.from([header, ...some, ''].join('\n'));
    const items = itemsOf(mixed, content, true);
    expect(items).toHaveLength(some.length);
    expect(await byMap(mixed, content, 2, items)).toEqual(await byOneEngine(mixed, content));
  });

  describe('by Step Functions’ reader, to which a backslash is an escape', () => {
    const backslashes = ['\\N', 'C:\\ann', '\\', '\\\\', 'a\\', '\\a', '\\12', '1\\2', '2026-02-28\\', '\\é'];
    const rowOf = (...of: readonly string[]) =>
      fc.array(fc.constantFrom(...of), { minLength: 8, maxLength: 8 }).map((row) => row.join(','));
    const rowsOf = (arbitrary: fc.Arbitrary<string>) => fc.array(arbitrary, { minLength: 1, maxLength: 20 });

    test('are the same, wherever backslashes are in rows without quotes', async () => {
      const bare = rowOf(...cells.filter((cell) => !cell.includes('"')), ...backslashes);
      const odd = fc.constantFrom('too\\,few', 'a,b,c\\,d,e,f,g,h,i', '\\', '\\,\\,\\,\\,\\,\\,\\,\\', '');
      await fc.assert(
        fc.asyncProperty(
          rowsOf(fc.oneof(bare, bare, row, odd)),
          fc.integer({ min: 1, max: 9 }),
          async (some, size) => {
            const content = Buffer.from([header, ...some, ...some.slice(0, 3), ''].join('\n'));
            const items = await readByMap(content);
            expect(await byMap(mixed, content, size, items ?? [])).toEqual(await byOneEngine(mixed, content));
          },
        ),
        { numRuns: 15 },
      );
    }, 120_000);

    test('are the same with quotes around, or nothing is staged', async () => {
      const quoted = backslashes.flatMap((cell) => [`"${cell}"`, `"x""${cell},"`, `"${cell}""\n"`]);
      const any = rowOf(...cells, ...backslashes, ...quoted, '\\"', '"\\"a"');
      let equal = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 2 }), async (some) => {
          const content = Buffer.from([header, '1,a,1,1,1,true,,', ...some, '2,b,,,,,,', ''].join('\n'));
          const items = await readByMap(content);
          if (items === null) return;
          const staged = await byMap(mixed, content, 2, items).catch((error: unknown) => {
            expect(error).toMatchObject({ name: 'ReaderDisagreement' });
            return null;
          });
          if (staged === null) return;
          equal += 1;
          expect(staged).toEqual(await byOneEngine(mixed, content));
        }),
        { numRuns: 60 },
      );
      expect(equal).toBeGreaterThan(0);
    }, 120_000);
  });

  test('are the same of orders', async () => {
    const content = Buffer.from(
      [
        'id,name,email,amount,quantity,price,status,created_date,region_code',
        '1, ann ,ann@example.com,10,2,10,ACTIVE,2026-11-01 00:00:00,01',
        '2,ben,ben@example.com,10,1,10,CLOSED,2026-11-01 00:00:00,02',
        '1, ann ,ann@example.com,10,2,10,ACTIVE,2026-11-01 00:00:00,01',
        ',cat,cat@example.com,many,1,10,ACTIVE,2026-11-01 00:00:00,03',
        'too,few',
        ',cat,cat@example.com,many,1,10,ACTIVE,2026-11-01 00:00:00,03',
        '9,dan,dan@example.com,1.25,4,0.1,PENDING,2026-11-02 12:30:00,04',
        '',
      ].join('\n'),
    );
    const tolerant = { ...orders, quality: { ...orders.quality, threshold: 0 } };
    expect(await byMap(tolerant, content, 2)).toEqual(await byOneEngine(tolerant, content));
  });
});
