import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readBytes } from '@sluice/lake-storage';
import { diskStore } from '@sluice/lake-storage/disk';
import { loadDefinition, startExecution, TaskError } from '@sluice/local-stepfunctions';
import { openObject } from '@sluice/record-transform';
import { processRowsInput } from '@sluice/step-contracts';
import { csvMapMachine } from '../src/run/csv-map-machine.ts';
import { type Steps, stepsOf } from '../src/run/steps.ts';
import { taskHandlers } from '../src/run/task-handlers.ts';
import { AS_OF, HEADER } from './orders.ts';
import { newFolder } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeEach(async () => {
  folder = await newFolder();
});
afterEach(() => folder.remove());

const content = [
  HEADER,
  ...Array.from({ length: 1200 }, (_, at) => `B${at},ann,a@example.com,1,2,10,ACTIVE,2025-06-01 10:00:00,01`),
  '',
].join('\n');

type Faults = (steps: Steps) => Partial<Steps>;

/** The second of three batches. */
const isSecond = (payload: unknown): boolean => processRowsInput.parse(payload).items[0].row === 500;

/** Takes 1,200 orders through csv-map, with steps that fail as told. */
const runWith = async (faults: Faults) => {
  const store = diskStore(join(folder.path, 'lake'));
  const object = { bucket: 'raw', key: 'incoming/orders/a.csv' };
  const stored = await store.put(object, Buffer.from(content));
  if (stored.outcome !== 'stored') throw new Error('not stored');
  const letters: unknown[] = [];
  const told: string[] = [];
  const steps = stepsOf({
    store,
    scratchDir: folder.path,
    pseudonymKey: undefined,
    open: openObject,
    onProgress: () => undefined,
    onDeadLetter: (letter) => letters.push(letter),
  });
  const { result } = startExecution(loadDefinition(csvMapMachine('COMMA')), {
    name: 'orders-1',
    input: {
      runId: 'orders-1',
      dataset: 'orders',
      asOf: AS_OF,
      object: { ...object, size: content.length, etag: stored.etag },
    },
    objects: {
      head: ({ bucket, key }) => store.head({ bucket, key }),
      read: ({ bucket, key }, options) => store.read({ bucket, key }, options),
      list: store.list.bind(store),
      put: store.put.bind(store),
    },
    handlers: taskHandlers({
      steps: { ...steps, ...faults(steps) },
      notify: (subject, message) => told.push(`${subject}\n${message}`),
      crawl: async () => undefined,
    }),
  });
  const quarantine = await result.then(() =>
    readBytes(store, { bucket: 'curated', key: 'quarantine/orders/orders-1.jsonl' }),
  );
  const published: string[] = [];
  for await (const { key } of store.list('curated', 'processed/')) published.push(key);
  return { result: await result, letters, told, published, quarantine: String(quarantine ?? '') };
};

describe('a batch of csv-map', () => {
  test('that fails for good is quarantined, told of, and does not stop the run', async () => {
    const { result, letters, told, quarantine } = await runWith((steps) => ({
      processRows: (payload) => {
        if (isSecond(payload)) throw new TaskError('OutOfLuck', 'now and for ever');
        return steps.processRows(payload);
      },
    }));
    expect(result.status).toBe('SUCCEEDED');
    expect(letters).toMatchObject([{ rows: { from: 501, to: 1000 }, error: 'OutOfLuck' }]);
    expect(told.join()).toContain('Accepted: 700\nFiltered: 0\nDuplicates: 0\nQuarantined: 500');
    expect(JSON.parse(quarantine.split('\n')[0] ?? '')).toMatchObject({
      row: 501,
      reasons: [{ field: null, code: 'not_processed' }],
      record: { id: 'B500' },
      error: 'OutOfLuck',
    });
  }, 30_000);

  test('that fails after it has staged its part is done all the same', async () => {
    const { result, letters, told } = await runWith((steps) => ({
      processRows: async (payload) => {
        const answer = await steps.processRows(payload);
        if (isSecond(payload)) throw new TaskError('OutOfLuck', 'a moment too late');
        return answer;
      },
    }));
    expect(result.status).toBe('SUCCEEDED');
    expect(letters).toEqual([]);
    expect(told.join()).toContain('Accepted: 1200\n');
  }, 30_000);

  test('whose failure cannot even be recorded fails the run, and nothing is published', async () => {
    const { result, told, published } = await runWith(() => ({
      processRows: () => Promise.reject(new TaskError('OutOfLuck', '')),
      recordFailedRows: () => Promise.reject(new TaskError('NoQueue', '')),
    }));
    expect(result).toMatchObject({ status: 'FAILED', error: 'PipelineFailed' });
    expect(told.join()).toContain('States.ExceedToleratedFailureThreshold');
    expect(published).toEqual([]);
  }, 30_000);

  test('whose answer says more rows than it was given fails the run, and nothing is published', async () => {
    const { result, told, published } = await runWith((steps) => ({
      processRows: async (payload) => {
        const answer = (await steps.processRows(payload)) as { readonly rows: number }; // a HandledBatch
        return isSecond(payload) ? { ...answer, rows: answer.rows + 1 } : answer;
      },
    }));
    expect(result).toMatchObject({ status: 'FAILED', error: 'PipelineFailed' });
    expect(told.join()).toContain('MapRunIncomplete');
    expect(published).toEqual([]);
  }, 30_000);
});
