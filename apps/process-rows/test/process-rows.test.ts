import { describe, expect, test } from '@jest/globals';
import { readBytes } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import { defineDataset, eq, lit, text, timestamp, withinDays } from '@sluice/record-schema';
import { decodePart } from '@sluice/record-transform/batches';
import { type ProcessRowsInput, processRowsInput } from '@sluice/step-contracts';
import { keepJudge } from '../src/keep-judge.ts';
import { type ProcessRowsDeps, processRows } from '../src/process-rows.ts';

const orders = defineDataset({
  name: 'orders',
  fields: { id: text({ required: true }), status: text() },
  rules: ({ col }) => ({ open: eq(col('status'), lit('OPEN')) }),
});
const bucket = 'curated-zone';

const item = (row: number, id: string, status = 'OPEN') => ({ row, cells: { id, status } });
const batchOf = (items: readonly unknown[]): ProcessRowsInput =>
  processRowsInput.parse({
    runId: 'orders-1',
    dataset: 'orders',
    asOf: '2026-11-20T10:00:00.000Z',
    object: { bucket: 'raw-zone', key: 'incoming/orders/a.csv', size: 9, etag: 'e' },
    items,
  });

const setUp = () => {
  const objects = memoryStore();
  const deps: ProcessRowsDeps = {
    findDataset: (name) => (name === 'orders' ? orders : undefined),
    objects,
    curatedBucket: bucket,
    judge: keepJudge(),
  };
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of objects.list(bucket, '')) found.push(key);
    return found;
  };
  return { objects, deps, keys };
};

describe('a batch of rows', () => {
  test('is staged as one part, and answered with counts and its place only', async () => {
    const { objects, deps, keys } = setUp();
    const part = 'staging/orders-1/parts/100-4.jsonl';
    const items = [item(100, '1'), item(101, ''), item(102, '2', 'CLOSED'), item(103, '1')];
    expect(await processRows(batchOf(items), deps)).toEqual({
      handled: 'processed',
      first: 100,
      rows: 4,
      part,
      accepted: 2,
      filtered: 1,
      quarantined: 1,
    });
    expect(await keys()).toEqual([part]);
    const { header, accepted } = decodePart(
      Buffer.from((await readBytes(objects, { bucket, key: part })) ?? []),
    );
    expect(header).toMatchObject({ first: 100, rows: 4, fates: 'aqfa' });
    expect(String(accepted)).toBe('["1","OPEN"]\n["1","OPEN"]\n');
  });

  test('leaves the same bytes under the same name when it is processed again', async () => {
    const { objects, deps, keys } = setUp();
    const input = batchOf([item(0, '1'), item(1, '')]);
    const { part } = await processRows(input, deps);
    const first = await readBytes(objects, { bucket, key: part });
    await processRows(input, { ...deps, judge: keepJudge() });
    expect(await readBytes(objects, { bucket, key: part })).toEqual(first);
    expect(await keys()).toEqual([part]);
  });

  test('fails as a whole when storage does, so that it is tried again', async () => {
    const { deps } = setUp();
    const put = () => Promise.reject(new Error('slow down'));
    await expect(processRows(batchOf([item(0, '1')]), { ...deps, objects: { put } })).rejects.toThrow(
      'slow down',
    );
  });

  test('puts the accepted rows elsewhere, too, before its part says that all is done', async () => {
    const { deps, keys } = setUp();
    const items = [item(0, '1'), item(1, ''), item(2, '2', 'CLOSED'), item(3, '3')];
    const put: unknown[] = [];
    const putRows: ProcessRowsDeps['putRows'] = async ({ name }, rows) => {
      put.push([name, rows, await keys()]);
      return [];
    };
    await processRows(batchOf(items), { ...deps, putRows });
    expect(put).toEqual([
      [
        'orders',
        [
          ['1', 'OPEN'],
          ['3', 'OPEN'],
        ],
        [],
      ],
    ]);
    const full = () => Promise.reject(new Error('the table is full'));
    await expect(processRows(batchOf([item(4, '4')]), { ...deps, putRows: full })).rejects.toThrow('full');
    expect(await keys()).toEqual(['staging/orders-1/parts/0-4.jsonl']);
  });

  test('tells of accepted rows that cannot be there, by their numbers, when its part is staged', async () => {
    const { deps, keys } = setUp();
    const items = [item(100, ''), item(101, '1'), item(102, '2', 'CLOSED'), item(103, '3'), item(104, '4')];
    const told: unknown[] = [];
    const result = await processRows(batchOf(items), {
      ...deps,
      putRows: async () => [{ at: 1, reason: 'key_too_long' }],
      onNotPut: (rows) => told.push(rows),
    });
    expect(told).toEqual([[{ row: 104, reason: 'key_too_long' }]]);
    expect(result).toMatchObject({ accepted: 3 });
    expect(await keys()).toHaveLength(1);
  });

  test('fails for a dataset that is not there', async () => {
    const { deps } = setUp();
    const input = { ...batchOf([item(0, '1')]), dataset: 'nobody' };
    await expect(processRows(input, deps)).rejects.toThrow('no dataset nobody');
  });
});

test.each([
  ['nothing', []],
  ['rows that do not follow each other', [item(0, '1'), item(2, '2')]],
  ['no rows', [{ id: '1' }]],
  ['rows without cells', [{ row: 0, cells: null }]],
])('%s is no batch', (_what, items) => {
  expect(() => batchOf(items)).toThrow('a batch is {row, cells} of rows that follow each other');
});

test('batches of different runs are judged by their own clocks', () => {
  const dated = defineDataset({
    name: 'dated',
    fields: { at: timestamp() },
    rules: ({ col }) => ({ recent: withinDays(col('at'), 1) }),
  });
  const judge = keepJudge();
  const fatesAt = (asOf: string) =>
    judge(dated, asOf, { first: 0, rows: [{ at: '2026-11-20 09:00:00' }] }).fates;
  expect(fatesAt('2026-11-20T10:00:00.000Z')).toMatchObject({ accepted: 1 });
  expect(fatesAt('2026-11-25T10:00:00.000Z')).toMatchObject({ filtered: 1 });
  expect(fatesAt('2026-11-20T10:00:00.000Z')).toMatchObject({ accepted: 1 });
});
