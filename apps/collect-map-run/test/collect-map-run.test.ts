import { describe, expect, test } from '@jest/globals';
import { type ObjectStore, putJson } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import { type Dataset, defineDataset, integer, lit, ne, text } from '@sluice/record-schema';
import { createBatchJudge, encodePart } from '@sluice/record-transform/batches';
import { transformReport } from '@sluice/step-contracts';
import { collectMapRun } from '../src/collect-map-run.ts';
import { readByMap } from './map-reader.ts';
import { asOf, curated, failedPart, itemsOf, mapRun, quarantineIn, runId, stagedIn } from './map-run.ts';

const orders = defineDataset({
  name: 'orders',
  fields: { id: text({ required: true }), name: text() },
  quality: { threshold: 0 },
});
const content = 'id,name\n1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n7,g\n';
const prefix = stagingPrefix(runId);

const names = async (objects: ObjectStore): Promise<string[]> => [...(await stagedIn(objects)).keys()].sort();
const nothingFinished = async (objects: ObjectStore): Promise<void> => {
  expect(await names(objects)).not.toContain('transform.json');
};

describe('a Map Run whose batches are all there', () => {
  test('is staged as one engine would have left it, with its score', async () => {
    const { objects, input, deps } = await mapRun({ dataset: orders, content });
    expect(await collectMapRun(input, deps)).toEqual({
      quality: {
        score: 100,
        threshold: 0,
        passed: true,
        rowsIn: 7,
        report: { bucket: curated, key: `${prefix}quality.json` },
      },
      transform: {
        engine: 'typescript',
        staged: { bucket: curated, prefix },
        counts: { rowsIn: 7, accepted: 7, filtered: 0, duplicates: 0, quarantined: 0 },
      },
    });
    expect(await names(objects)).toEqual(['accepted-0.parquet', 'quality.json', 'transform.json']);
  });

  test('is staged again with the same bytes, whatever a dead attempt left', async () => {
    const { objects, input, deps } = await mapRun({ dataset: orders, content: `${content}1\n` });
    await collectMapRun(input, deps);
    const once = await stagedIn(objects);
    await putJson(objects, { bucket: curated, key: `${prefix}accepted-7.parquet` }, 'old');
    await collectMapRun(input, deps);
    expect(await stagedIn(objects)).toEqual(once);
  });

  test('has no report, and so no finished work, while an upload fails', async () => {
    const { objects, input, deps } = await mapRun({ dataset: orders, content });
    const put: ObjectStore['put'] = async (at, ...rest) => {
      if (at.key.endsWith('.parquet')) throw new Error('slow down');
      return objects.put(at, ...rest);
    };
    await expect(collectMapRun(input, { ...deps, objects: { ...objects, put } })).rejects.toThrow(
      'slow down',
    );
    await nothingFinished(objects);
  });

  test('finds duplicates over the whole object, the first row staying', async () => {
    const { objects, input, deps } = await mapRun({
      dataset: orders,
      content: 'id,name\n1,a\n,x\n2,b\n1,a\n,x\n1,a\n',
    });
    expect(await collectMapRun(input, deps)).toMatchObject({
      transform: { counts: { rowsIn: 6, accepted: 2, duplicates: 3, quarantined: 1 } },
    });
    expect(await quarantineIn(objects)).toMatchObject([{ row: 2 }]);
  });

  test('tells how far it is, on its way through the object and then through the parts', async () => {
    const { input, deps } = await mapRun({ dataset: orders, content });
    const told: number[] = [];
    await collectMapRun(input, { ...deps, onProgress: (fraction) => told.push(fraction) });
    const passes = told.indexOf(1) + 1;
    expect(passes).toBeGreaterThan(0);
    for (const pass of [told.slice(0, passes), told.slice(passes)]) {
      expect(pass.length).toBeGreaterThan(0);
      expect(pass).toEqual(pass.toSorted((one, other) => one - other));
      for (const fraction of pass) expect(fraction >= 0 && fraction <= 1).toBe(true);
    }
  });

  test('without a row is a run with a score of 0, which is not staged', async () => {
    const strict = { ...orders, quality: { ...orders.quality, threshold: 70 } };
    const { objects, input, deps } = await mapRun({ dataset: strict, content: 'id,name\n' });
    expect(await collectMapRun(input, deps)).toEqual({
      quality: expect.objectContaining({ score: 0, passed: false, rowsIn: 0 }),
    });
    expect(await names(objects)).toEqual(['quality.json']);
  });

  test('but whose object is refused, is refused for the same reason', async () => {
    const { objects, input, deps } = await mapRun({ dataset: orders, content: 'name\na\n' });
    expect(await collectMapRun(input, deps)).toMatchObject({
      quality: { passed: false, refusal: { code: 'missing_column' } },
    });
    expect(await names(objects)).toEqual(['quality.json']);
  });
});

describe('what the reader of Step Functions changed', () => {
  test('rows that it padded or cut are quarantined as they came, whatever their part says', async () => {
    const odd = 'id,name\n1\n2,b,extra\n3,c\n"4"x,d\n';
    const { objects, input, deps } = await mapRun({ dataset: orders, content: odd });
    expect(await collectMapRun(input, deps)).toMatchObject({
      transform: { counts: { rowsIn: 4, accepted: 1, quarantined: 3 } },
    });
    expect(await quarantineIn(objects)).toEqual([
      { row: 1, reasons: [{ field: null, code: 'wrong_field_count' }], record: null, raw: '1' },
      { row: 2, reasons: [{ field: null, code: 'wrong_field_count' }], record: null, raw: '2,b,extra' },
      { row: 4, reasons: [{ field: null, code: 'malformed_quote' }], record: null, raw: '"4"x,d' },
    ]);
  });

  test.each([
    ['fewer', 6],
    ['more', 8],
  ])('%s rows than the object has fail the run', async (_what, size) => {
    const items = [...itemsOf(orders, Buffer.from(content)), { id: '8', name: 'h' }].slice(0, size);
    const { objects, input, deps } = await mapRun({ dataset: orders, content, items });
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({
      name: 'ReaderDisagreement',
      message: expect.stringContaining(`has 7 rows, the batches of the Map Run have ${size}`),
    });
    await nothingFinished(objects);
  });

  test('a cell that is not the object’s fails the run, and the message names the row', async () => {
    const items = itemsOf(orders, Buffer.from(content)).with(4, { id: '5', name: 'E' });
    const { objects, input, deps } = await mapRun({ dataset: orders, content, items });
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({
      name: 'ReaderDisagreement',
      message: expect.stringMatching(/^Row 5 /),
    });
    await nothingFinished(objects);
  });

  test('an item for a line without a character is no row, and any other item too many fails the run', async () => {
    const blank = 'id,name\n1,a\n\n2,b\n';
    const [one, two] = itemsOf(orders, Buffer.from(blank));
    if (!one || !two) throw new Error('no items');
    const good = await mapRun({ dataset: orders, content: blank, items: [one, { id: '', name: '' }, two] });
    expect(await collectMapRun(good.input, good.deps)).toMatchObject({
      transform: { counts: { rowsIn: 2, accepted: 2, quarantined: 0 } },
    });
    const bad = await mapRun({ dataset: orders, content: blank, items: [one, two, { id: '3', name: 'c' }] });
    await expect(collectMapRun(bad.input, bad.deps)).rejects.toMatchObject({ name: 'ReaderDisagreement' });
  });

  test('a gzipped object, which it cannot read, fails the run', async () => {
    const { objects, input, deps } = await mapRun({ dataset: orders, content });
    const stored = await objects.put(input.object, Buffer.from([0x1f, 0x8b, 8, 0, 0]));
    const object = { ...input.object, etag: stored.outcome === 'stored' ? stored.etag : '' };
    await expect(collectMapRun({ ...input, object }, deps)).rejects.toThrow('gzipped');
  });

  test('an object that was replaced meanwhile fails the run', async () => {
    const { objects, input, deps } = await mapRun({ dataset: orders, content });
    await objects.put(input.object, Buffer.from('id,name\n9,z\n'));
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({ code: 'changed' });
  });
});

describe('a row with a backslash, which the reader takes for an escape', () => {
  const files = defineDataset({
    name: 'orders',
    fields: { id: text({ required: true }), path: text(), size: integer() },
    rules: ({ col }) => ({ kept: ne(col('path'), lit('C:\\tmp')) }),
    quality: { threshold: 0 },
  });
  const run = async (lines: readonly string[], dataset: Dataset = files) => {
    const object = lines.map((line) => `${line}\n`).join('');
    const items = await readByMap(Buffer.from(object));
    if (!items) throw new Error('the reader failed');
    return mapRun({ dataset, content: object, items });
  };

  test('has the fate that it has in the object, and is quarantined as it is there', async () => {
    const { objects, input, deps } = await run([
      'id,path,size',
      '1,C:\\ann,1',
      '2,C:\\tmp,1',
      '3,C:\\ben,1\\2',
      '4,C:ann,1',
      '1,C:\\ann,1',
    ]);
    expect(await collectMapRun(input, deps)).toMatchObject({
      transform: { counts: { rowsIn: 5, accepted: 2, filtered: 1, duplicates: 1, quarantined: 1 } },
    });
    expect(await quarantineIn(objects)).toEqual([
      {
        row: 3,
        reasons: [{ field: 'size', code: 'not_an_integer' }],
        record: { id: '3', path: 'C:\\ben', size: '1\\2' },
        raw: null,
      },
    ]);
  });

  test('is no duplicate of one that the reader takes for the same', async () => {
    const { input, deps } = await run(['id,path,size', '1,C:\\ann,1', '1,C:ann,1']);
    expect(await collectMapRun(input, deps)).toMatchObject({
      transform: { counts: { accepted: 2, duplicates: 0 } },
    });
  });

  test('may be shifted by a column that the dataset does not declare', async () => {
    const { input, deps } = await run(['note,id,path,size', 'a\\,1,b,2', 'a,1,b,2']);
    expect(await collectMapRun(input, deps)).toMatchObject({
      transform: { counts: { accepted: 1, duplicates: 1 } },
    });
  });

  test('is not processed in a batch that was not, and is quarantined as it is in the object', async () => {
    const { objects, input, deps, batches, keyOf } = await run(['id,path,size', '1,C:\\ann,1', '2,b,2']);
    const [failed] = batches;
    if (!failed) throw new Error('no batch');
    const part = failedPart(files, failed.first, failed.rows, 'Lambda.Unknown');
    await objects.put({ bucket: curated, key: keyOf(failed) }, part);
    await collectMapRun(input, deps);
    expect(await quarantineIn(objects)).toMatchObject([
      { row: 1, error: 'Lambda.Unknown', record: { path: 'C:\\ann' } },
      { row: 2, error: 'Lambda.Unknown', record: { path: 'b' } },
    ]);
  });

  const joined = ['1,"a\\"', '2,b"'];
  const split = '3,x\\,"c\nd"';

  test('may join the next one to itself, which fails the run', async () => {
    const { input, deps } = await run(['id,name', ...joined, '4,e'], orders);
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({
      name: 'ReaderDisagreement',
      message: expect.stringContaining('has 3 rows, the batches of the Map Run have 2'),
    });
  });

  test('may be split, too: as many items as rows prove nothing of the rows between', async () => {
    const { input, deps } = await run(['id,name', ...joined, '9,z', split, '4,e'], orders);
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({
      name: 'ReaderDisagreement',
      message: expect.stringMatching(/^Row 3 /),
    });
  });

  test('is staged all the same where nothing is between', async () => {
    const { objects, input, deps } = await run(['id,name', ...joined, split, '4,e'], orders);
    expect(await collectMapRun(input, deps)).toMatchObject({
      transform: { counts: { rowsIn: 4, accepted: 2, quarantined: 2 } },
    });
    expect(await quarantineIn(objects)).toMatchObject([
      { row: 2, raw: '2,b"' },
      { row: 3, raw: split },
    ]);
  });
});

describe('a batch that is not there', () => {
  test.each([
    ['the first', 0, 'Rows 1 to 3 '],
    ['one in the middle', 1, 'Rows 4 to 6 '],
    ['the last', 2, 'has 7 rows, the batches of the Map Run have 6'],
  ])('because %s child has vanished from the results, fails the run', async (_which, gone, message) => {
    const { objects, input, deps, batches, writeResults } = await mapRun({ dataset: orders, content });
    await writeResults({ succeeded: batches.filter((_, at) => at !== gone) });
    await expect(collectMapRun(input, deps)).rejects.toThrow(message);
    await nothingFinished(objects);
  });

  test('because its part has vanished, fails the run', async () => {
    const { objects, input, deps, batches, keyOf } = await mapRun({ dataset: orders, content });
    await objects.delete({ bucket: curated, key: batches.map(keyOf)[1] ?? '' });
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({
      name: 'MapRunIncomplete',
      message: 'The part with rows 4 to 6 is not in staging.',
    });
    await nothingFinished(objects);
  });

  test('because its part was cut, fails the run', async () => {
    const { objects, input, deps, batches, keyOf } = await mapRun({ dataset: orders, content });
    await objects.put({ bucket: curated, key: batches.map(keyOf)[1] ?? '' }, Buffer.from('{"first":3'));
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({ name: 'BrokenPart' });
  });

  test('because it was never started, fails the run', async () => {
    const { objects, input, deps, batches, writeResults } = await mapRun({ dataset: orders, content });
    await writeResults({ succeeded: batches, pending: 1 });
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({ name: 'MapRunIncomplete' });
    await nothingFinished(objects);
  });

  test('because results are missing, fails the run', async () => {
    const { objects, input, deps } = await mapRun({ dataset: orders, content });
    await objects.delete({
      bucket: curated,
      key: input.results.key.replace('manifest.json', 'SUCCEEDED_0.jsonl'),
    });
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({ name: 'MapRunIncomplete' });
    await objects.delete(input.results);
    await expect(collectMapRun(input, deps)).rejects.toMatchObject({ name: 'MapRunIncomplete' });
  });

  test('or is there twice, fails the run', async () => {
    const { input, deps, batches, writeResults } = await mapRun({ dataset: orders, content });
    await writeResults({ succeeded: [...batches, ...batches.slice(0, 1)] });
    await expect(collectMapRun(input, deps)).rejects.toThrow('Row 1 is in two batches');
  });
});

describe('a batch that failed', () => {
  test('and was recorded is in quarantine, with the error', async () => {
    const { objects, input, deps, batches, keyOf } = await mapRun({ dataset: orders, content });
    const [, failed] = batches;
    if (!failed) throw new Error('no batch');
    const part = failedPart(orders, failed.first, failed.rows, 'Lambda.Unknown');
    await objects.put({ bucket: curated, key: keyOf(failed) }, part);
    expect(await collectMapRun(input, deps)).toMatchObject({
      quality: { score: 100 },
      transform: { counts: { rowsIn: 7, accepted: 4, quarantined: 3 } },
    });
    expect(await quarantineIn(objects)).toEqual(
      ['4', '5', '6'].map((id, at) => ({
        row: 4 + at,
        reasons: [{ field: null, code: 'not_processed' }],
        record: { id, name: 'def'[at] },
        raw: null,
        error: 'Lambda.Unknown',
      })),
    );
    const report = transformReport.parse(JSON.parse(String((await stagedIn(objects)).get('transform.json'))));
    expect(report.counts.reasons).toEqual([{ field: null, code: 'not_processed', rows: 3 }]);
  });

  test('for good, and was tolerated, is in quarantine all the same', async () => {
    const { objects, input, deps, batches, keyOf, writeResults } = await mapRun({ dataset: orders, content });
    const [failed, ...succeeded] = batches;
    if (!failed) throw new Error('no batch');
    await objects.delete({ bucket: curated, key: keyOf(failed) });
    await writeResults({ succeeded, failed: [failed] });
    expect(await collectMapRun(input, deps)).toMatchObject({
      transform: { counts: { rowsIn: 7, accepted: 4, quarantined: 3 } },
    });
    expect(await quarantineIn(objects)).toMatchObject(
      [1, 2, 3].map((row) => ({ row, error: 'Lambda.Unknown' })),
    );
  });

  test('after it had staged its part is done', async () => {
    const { input, deps, batches, writeResults } = await mapRun({ dataset: orders, content });
    await writeResults({ succeeded: batches.slice(1), failed: batches.slice(0, 1) });
    expect(await collectMapRun(input, deps)).toMatchObject({
      transform: { counts: { rowsIn: 7, accepted: 7, quarantined: 0 } },
    });
  });
});

test('parts of different versions of a dataset are not mixed', async () => {
  const { objects, input, deps, batches, keyOf } = await mapRun({ dataset: orders, content });
  const [batch] = batches;
  if (!batch) throw new Error('no batch');
  const laxer = defineDataset({ name: 'orders', fields: { id: text(), name: text() } });
  await objects.put({ bucket: curated, key: keyOf(batch) }, encodePart(createBatchJudge(laxer, asOf)(batch)));
  await expect(collectMapRun(input, deps)).rejects.toMatchObject({ name: 'MixedParts' });
  await nothingFinished(objects);
});
