import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defineDataset, double, text } from '@sluice/record-schema';
import { openObject } from '@sluice/record-transform';
import { type ScoredObject, scoreObject } from '../src/index.ts';

const things = defineDataset({
  name: 'things',
  fields: {
    id: text({ required: true }),
    amount: double({ max: 100 }),
    code: text({ nullTokens: ['', 'NA'] }),
  },
});
const limits = { memoryMb: 300, threads: 2 };

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-quality-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const score = (key: string, content: string | Uint8Array): Promise<ScoredObject> => {
  const path = join(dir, 'object');
  writeFileSync(path, content);
  return scoreObject({ dataset: things, key, path, scratchDir: dir, limits });
};

const rows = [
  ['1', '5', '01'],
  ['2', 'x', 'NA'],
  ['1', '5', '01'],
  ['', '101', '  '],
  ['3', ' ', '02'],
] as const;
const profile = {
  rowsIn: 5,
  malformed: 0,
  duplicates: 1,
  columns: [
    { name: 'id', type: 'text', nulls: 1, invalid: 0, numericLooking: 4 },
    // `x` is no number and 101 is too large; a blank is a null.
    { name: 'amount', type: 'double', nulls: 1, invalid: 2 },
    { name: 'code', type: 'text', nulls: 2, invalid: 0, numericLooking: 3 },
  ],
};
const csv = `id,amount,code\n${rows.map((row) => row.join(',')).join('\n')}\n`;
const objects = rows.map(([id, amount, code]) => ({ id, amount, code }));
const jsonLines = objects.map((one) => JSON.stringify(one)).join('\n');

const parquet = async (): Promise<Uint8Array> => {
  const [path, source] = [join(dir, 'made.parquet'), join(dir, 'made.csv')];
  writeFileSync(source, csv);
  await openObject(
    { dataset: things, key: 'made.csv', path: source, scratchDir: dir, limits },
    ({ session }) =>
      session.copy(
        `COPY (SELECT "id cell" AS id, "amount cell" AS amount, "code cell" AS code FROM readable)
       TO '${path}' (FORMAT parquet)`,
      ),
  );
  return readFileSync(path);
};

describe('the profile of an object', () => {
  test.each<[string, () => string | Uint8Array | Promise<Uint8Array>]>([
    ['in.csv', () => csv],
    ['in.csv.gz', () => gzipSync(csv)],
    ['in.json', () => JSON.stringify(objects)],
    ['in.jsonl', () => jsonLines],
    ['in.jsonl.gz', () => gzipSync(jsonLines)],
    ['in.parquet', parquet],
    ['in.parquet.gz', async () => gzipSync(await parquet())],
  ])('is the same whatever the format: %s', async (key, content) => {
    expect((await score(key, await content())).profile).toEqual(profile);
  });

  test('counts a malformed row as null in every column', async () => {
    const scored = await score('in.csv', 'id,amount,code\n1,2,3\n1,2\n1,2,3,4\n');
    expect(scored.profile).toMatchObject({ rowsIn: 3, malformed: 2, duplicates: 0 });
    expect(scored.profile.columns.map(({ nulls }) => nulls)).toEqual([2, 2, 2]);
  });

  test('counts a column that is not there as null in every row', async () => {
    const scored = await score('in.csv', 'id\n1\n2\n');
    expect(scored.profile.columns.map(({ nulls }) => nulls)).toEqual([0, 2, 2]);
    expect(scored.verdict.score).toBe(33.33);
  });

  test('counts an invalid value in a duplicate row too', async () => {
    const scored = await score('in.csv', 'id,amount,code\n1,x,3\n1,x,3\n');
    expect(scored.profile.columns[1]?.invalid).toBe(2);
  });

  test('of a header alone has no rows and no score', async () => {
    const scored = await score('in.csv', 'id,amount,code\n');
    expect(scored.profile).toMatchObject({ rowsIn: 0, duplicates: 0 });
    expect(scored.verdict).toMatchObject({ score: 0, passed: false });
  });
});

describe('a fault', () => {
  test('is a refusal if the object cannot be read, never a score', async () => {
    await expect(score('in.csv.gz', gzipSync(csv).subarray(0, 30))).rejects.toMatchObject({
      code: 'corrupt_gzip',
    });
    await expect(score('in.csv', 'amount,code\n1,2\n')).rejects.toMatchObject({ code: 'missing_column' });
  });

  test('of the machine throws as it is', async () => {
    const missing = { dataset: things, key: 'in.csv', path: join(dir, 'nowhere'), scratchDir: dir, limits };
    await expect(scoreObject(missing)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
