import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { manifest, unaccounted } from '@sluice/step-contracts';
import { batchFaults } from './failures/batches.ts';
import { collectingFaults } from './failures/behind-batches.ts';
import {
  lakeOf,
  newLake,
  type Outcome,
  ROWS,
  runIn,
  type SmallLake,
  textOf,
} from './failures/csv-map-run.ts';
import { codeSpansOf, type Step } from './failures/failure.ts';
import { newFolder } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
let calm: Readonly<Record<string, string>>;
beforeAll(async () => {
  folder = await newFolder();
  const lake = await newLake(folder.path);
  await runIn(lake);
  calm = await lakeOf(lake);
  if (!calm['curated/runs/orders/orders-1.json']) throw new Error('a run without faults is not published');
});
afterAll(() => folder.remove());

const stepsByState = {
  ProcessRows: 'processRows',
  RecordFailedRows: 'recordFailedRows',
  CollectMapRun: 'collectMapRun',
  UpdateDataCatalog: 'publishRun',
} as const satisfies Record<Step, string>;

/** All that reaches a person: notifications, dead letters, how the execution ended, what the Map Run left, the counts. */
const seenOf = async (lake: SmallLake, outcome: Outcome): Promise<string> => {
  const files: string[] = [];
  for await (const { key } of lake.store.list('curated', 'map-results/'))
    if (key.includes('FAILED')) files.push(key, await textOf(lake, key));
  const counts = await textOf(lake, 'runs/orders/orders-1.json');
  return [...outcome.told, JSON.stringify(outcome), ...files, counts].join('\n').replaceAll('\\"', '"');
};

const published = async (lake: SmallLake): Promise<string[]> =>
  Object.keys(await lakeOf(lake)).filter((key) => /^curated\/(processed|runs)\//.test(key));

/** How the tests do what a person would type. */
const mending: Readonly<Record<string, 'redrive' | 'start' | 'etl' | null>> = {
  ...{ nothing: null, successor: null, developer: null, redrive: 'redrive', again: 'start', etl: 'etl' },
  // `sluice quarantine replay` runs the object once more, with the clock that it had.
  replay: 'start',
};

const expectRows: Readonly<Record<string, (lake: SmallLake) => Promise<void>>> = {
  published: async (lake: SmallLake) => expect(await lakeOf(lake)).toEqual(calm),
  setAside: async (lake: SmallLake) => {
    const made = manifest.parse(JSON.parse(await textOf(lake, 'runs/orders/orders-1.json')));
    if (made.status !== 'published') throw new Error('not published');
    const { counts } = made;
    expect([counts.rowsIn, unaccounted(counts)]).toEqual([ROWS, 0]);
    const lines = (await textOf(lake, 'quarantine/orders/orders-1.jsonl')).trimEnd().split('\n');
    expect(lines).toHaveLength(counts.quarantined);
    const aside = lines.map((line) => JSON.parse(line)).filter(({ error }) => error !== undefined);
    expect(aside.length).toBeGreaterThan(400);
    for (const { row, reasons, record } of aside) {
      expect(row > 500 && row <= 1000).toBe(true);
      expect(reasons).toEqual([{ field: null, code: 'not_processed' }]);
      expect(record).toMatchObject({ id: expect.any(String) });
    }
  },
  raw: async (lake: SmallLake) => expect(await published(lake)).toEqual([]),
};

describe.each([
  ['in a batch', batchFaults],
  ['behind the batches', collectingFaults],
])('%s', (_where, faults) => {
  test.each(faults)(
    '$what: rows $rows, exit code $exitCode',
    async (fault) => {
      const lake = await newLake(folder.path);
      const outcome = await runIn(lake, fault.faults);
      expect(outcome.status).toBe(fault.exitCode === 0 ? 'SUCCEEDED' : 'FAILED');
      // An execution that ended in Fail has told of it. Of one that can be redriven EventBridge tells on AWS.
      const isOver = outcome.error === undefined || outcome.error === 'PipelineFailed';
      const isTold = isOver && !fault.faults.topicIsDown;
      const subjects = isTold ? [fault.exitCode === 0 ? 'published' : 'failed'] : [];
      expect(outcome.told.map((text) => text.slice('Sluice '.length, text.indexOf(':')))).toEqual(subjects);
      if (fault.type === 'redrive') expect(isOver).toBe(false);

      const seen = await seenOf(lake, outcome);
      for (const span of codeSpansOf(fault.sees)) expect(seen).toContain(span);
      if (fault.retried) {
        const [step, times] = fault.retried;
        expect(outcome.calls[stepsByState[step]]).toBe(times + 1);
      }
      await expectRows[fault.rows]?.(lake);

      const how = mending[fault.type];
      if (how === null) return;
      const mended = await runIn(lake, {}, how);
      expect(mended.status).toBe('SUCCEEDED');
      if (how !== 'etl') expect(await lakeOf(lake)).toEqual(calm);
      // What is done stays done: a redrive runs the batch that failed, and no other.
      if (how === 'redrive') expect(mended.calls.validateObject).toBeUndefined();
    },
    30_000,
  );
});
