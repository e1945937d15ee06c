import { describe, expect, test } from '@jest/globals';
import { readBytes } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import { defineDataset, text } from '@sluice/record-schema';
import { createBatchJudge, decodePart, encodePart } from '@sluice/record-transform/batches';
import { type RecordFailedRowsInput, recordFailedRowsInput } from '@sluice/step-contracts';
import {
  type FailedBatchLetter,
  type RecordFailedRowsDeps,
  recordFailedRows,
} from '../src/record-failed-rows.ts';

const orders = defineDataset({ name: 'orders', fields: { id: text({ required: true }) } });
const asOf = '2026-11-20T10:00:00.000Z';
const input: RecordFailedRowsInput = recordFailedRowsInput.parse({
  runId: 'orders-1',
  dataset: 'orders',
  asOf,
  object: { bucket: 'raw-zone', key: 'incoming/orders/a.csv', versionId: 'v1', size: 9, etag: 'e' },
  items: ['a', 'b', 'c'].map((id, at) => ({ row: 10 + at, cells: { id } })),
  error: 'States.Timeout',
});
const at = { bucket: 'curated-zone', key: 'staging/orders-1/parts/10-3.jsonl' };

const setUp = () => {
  const objects = memoryStore();
  const letters: FailedBatchLetter[] = [];
  const deps: RecordFailedRowsDeps = {
    findDataset: (name) => (name === 'orders' ? orders : undefined),
    objects,
    curatedBucket: at.bucket,
    sendLetter: async (letter) => {
      letters.push(letter);
    },
  };
  const stored = async () => decodePart(Buffer.from((await readBytes(objects, at)) ?? []));
  return { objects, deps, letters, stored };
};
const processed = (of = asOf): Buffer =>
  encodePart(createBatchJudge(orders, of)({ first: 10, rows: input.items.map(({ cells }) => cells) }));

describe('the rows of a batch that failed for good', () => {
  test('are staged as quarantined, where their part would have been', async () => {
    const { deps, stored } = setUp();
    expect(await recordFailedRows(input, deps)).toEqual({
      handled: 'recorded_as_failed',
      first: 10,
      rows: 3,
      part: at.key,
      accepted: 0,
      filtered: 0,
      quarantined: 3,
      error: 'States.Timeout',
    });
    const { header, quarantined } = await stored();
    expect(header).toMatchObject({ fates: 'qqq', error: 'States.Timeout' });
    expect(JSON.parse(`{${String(quarantined).split('\n')[0]}`)).toMatchObject({
      reasons: [{ field: null, code: 'not_processed' }],
      record: { id: 'a' },
      error: 'States.Timeout',
    });
  });

  test('are told to the dead-letter queue by their place, without a cell', async () => {
    const { deps, letters } = setUp();
    await recordFailedRows(input, deps);
    expect(letters).toEqual([
      {
        runId: 'orders-1',
        dataset: 'orders',
        object: { bucket: 'raw-zone', key: 'incoming/orders/a.csv', versionId: 'v1' },
        rows: { from: 11, to: 13 },
        error: 'States.Timeout',
      },
    ]);
  });

  test('are done if the attempt that failed had staged its part', async () => {
    const { objects, deps, letters, stored } = setUp();
    await objects.put(at, processed());
    expect(await recordFailedRows(input, deps)).toMatchObject({
      handled: 'processed',
      accepted: 3,
      quarantined: 0,
    });
    expect((await stored()).header.error).toBeNull();
    expect(letters).toEqual([]);
  });

  test.each([
    ['of another run’s clock', processed('2026-11-21T10:00:00.000Z')],
    ['that is broken', Buffer.from('{')],
  ])('replace a part %s', async (_what, bytes) => {
    const { objects, deps, letters, stored } = setUp();
    await objects.put(at, bytes);
    expect(await recordFailedRows(input, deps)).toMatchObject({ handled: 'recorded_as_failed' });
    expect((await stored()).header.error).toBe('States.Timeout');
    expect(letters).toHaveLength(1);
  });

  test('are told again if telling failed after they were staged', async () => {
    const { deps, letters } = setUp();
    const sendLetter = () => Promise.reject(new Error('no queue'));
    await expect(recordFailedRows(input, { ...deps, sendLetter })).rejects.toThrow('no queue');
    expect(await recordFailedRows(input, deps)).toMatchObject({ handled: 'recorded_as_failed' });
    expect(letters).toHaveLength(1);
  });
});
