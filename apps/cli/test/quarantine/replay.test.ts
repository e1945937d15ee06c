import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rejectRun } from '@sluice/publish-run/reject-run';
import { totalsOf } from '@sluice/step-contracts';
import fc from 'fast-check';
import { openLake } from '../../src/lake/open-lake.ts';
import { LABEL_COLUMN, labelOf } from '../../src/quarantine/row-label.ts';
import { AS_OF, HEADER } from '../orders.ts';
import { runInProcess } from '../run-in-process.ts';
import { newFolder } from '../sluice.ts';
import { objectToMend } from './objects-to-mend.ts';
import { cutOffReplay, lakeContents, onlyManifest, replayWith } from './replay.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
let cases = 0;
beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

const newCase = async (): Promise<string> => {
  cases += 1;
  const path = join(folder.path, String(cases));
  await mkdir(path);
  return path;
};

/** Lands a text as `orders.csv` in a lake of its own, and runs it. */
const laid = async (at: string, name: string, text: string): Promise<string> => {
  const lake = join(at, name);
  await mkdir(join(at, `${name}-files`));
  const file = join(at, `${name}-files`, 'orders.csv');
  await writeFile(file, text);
  await runInProcess(lake, 'orders', file, AS_OF);
  return lake;
};

const mendedFile = async (at: string, rows: ReadonlyMap<number, readonly [bad: string, good: string]>) => {
  const path = join(at, 'mended.csv');
  const lines = [...rows].map(([row, [bad, good]]) => `${labelOf(row, Buffer.from(bad))},${good}`);
  await writeFile(path, `${[`${LABEL_COLUMN},${HEADER}`, ...lines].join('\n')}\n`);
  return path;
};

const pairsOf = (given: ReadonlyMap<number, string>, mended: ReadonlyMap<number, string>) =>
  new Map([...given].map(([row, bad]) => [row, [bad, mended.get(row) ?? bad] as const]));

test('a lake whose rows were mended is that of an object that was right from the start, however often and however cut off it was replayed', async () => {
  await fc.assert(
    fc.asyncProperty(objectToMend(40), fc.integer({ min: 1, max: 40 }), async (object, stopAt) => {
      const at = await newCase();
      const lake = await laid(at, 'mended', object.bad);
      const before = await onlyManifest(lake);
      if (before.status !== 'published') throw new Error('the object was refused');
      expect(before.counts.quarantined).toBe(object.given.size);
      fc.pre(object.mended.size > 0);

      const file = await mendedFile(at, pairsOf(object.given, object.mended));
      await cutOffReplay(lake, before, file, stopAt);
      await replayWith(lake, before.runId, file);
      const expected = await lakeContents(await laid(at, 'right', object.right));
      expect(await lakeContents(lake)).toEqual(expected);

      await replayWith(lake, before.runId, file);
      await replayWith(lake, before.runId);
      expect(await lakeContents(lake)).toEqual(expected);
    }),
    { numRuns: 6 },
  );
}, 120_000);

const fine = Array.from({ length: 40 }, (_, at) => orderOf(100 + at));
function orderOf(id: number, amount = '10'): string {
  return `A${id},ann,a${id}@example.com,${amount},1,10,ACTIVE,2025-05-01 10:00:00,01`;
}
const object = (...rows: readonly string[]): string => `${[HEADER, ...fine, ...rows].join('\n')}\n`;

describe('replaying', () => {
  test('a mended row that equals an accepted one makes a duplicate, and nothing twice', async () => {
    const at = await newCase();
    const bad = orderOf(1, 'ten');
    const lake = await laid(at, 'lake', object(orderOf(1), bad));
    const { runId } = await onlyManifest(lake);
    const file = await mendedFile(at, new Map([[42, [bad, orderOf(1)]]]));
    expect(await replayWith(lake, runId, file)).toMatchObject({
      status: 'published',
      replacedRows: 1,
      before: { rowsIn: 42, accepted: 41, quarantined: 1, duplicates: 0 },
      after: { rowsIn: 42, accepted: 41, quarantined: 0, duplicates: 1 },
    });
  });

  test('mended rows in two goes, from rows that were given out once', async () => {
    const at = await newCase();
    const [one, two] = [orderOf(1, 'ten'), orderOf(2, 'ten')];
    const lake = await laid(at, 'lake', object(one, two));
    const { runId } = await onlyManifest(lake);
    await replayWith(lake, runId, await mendedFile(at, new Map([[41, [one, orderOf(1)]]])));
    const second = await replayWith(lake, runId, await mendedFile(at, new Map([[42, [two, orderOf(2)]]])));
    expect(second).toMatchObject({ after: { accepted: 42, quarantined: 0 } });
    expect(await lakeContents(lake)).toEqual(
      await lakeContents(await laid(at, 'right', object(orderOf(1), orderOf(2)))),
    );
  });

  test('the same rows again does nothing', async () => {
    const at = await newCase();
    const bad = orderOf(1, 'ten');
    const lake = await laid(at, 'lake', object(bad));
    const { runId } = await onlyManifest(lake);
    const file = await mendedFile(at, new Map([[41, [bad, orderOf(1)]]]));
    await replayWith(lake, runId, file);
    expect(await replayWith(lake, runId, file)).toMatchObject({ changed: false, after: { accepted: 41 } });
  });

  test('keeps the clock of the run', async () => {
    const at = await newCase();
    const bad = orderOf(1, 'ten');
    const lake = await laid(at, 'lake', object(bad));
    const { runId } = await onlyManifest(lake);
    await replayWith(lake, runId, await mendedFile(at, new Map([[41, [bad, orderOf(1)]]])));
    expect((await onlyManifest(lake)).asOf).toBe(AS_OF);
  });

  test('and then running the file again does not lose what was mended', async () => {
    const at = await newCase();
    const bad = orderOf(1, 'ten');
    const lake = await laid(at, 'lake', object(bad));
    const { runId } = await onlyManifest(lake);
    await replayWith(lake, runId, await mendedFile(at, new Map([[41, [bad, orderOf(1)]]])));
    await runInProcess(lake, 'orders', join(at, 'lake-files', 'orders.csv'), AS_OF);
    const again = await onlyManifest(lake);
    expect(again.status === 'published' && totalsOf(again.counts)).toMatchObject({
      accepted: 41,
      quarantined: 0,
    });
  });

  test('an object that was refused as a whole takes it if it is good enough by now', async () => {
    const at = await newCase();
    const lake = await laid(at, 'lake', object());
    const right = await lakeContents(lake);
    const { runId, dataset, asOf, object: arrived } = await onlyManifest(lake);
    // As a dataset would have left it that asked for a column more.
    await rejectRun(
      {
        runId,
        dataset,
        asOf,
        object: arrived,
        action: 'reject',
        validation: { valid: false, code: 'missing_column', message: 'no column x' },
      },
      { zone: { objects: (await openLake(lake)).store, bucket: 'curated' }, partitionsOf: () => [] },
    );
    expect((await onlyManifest(lake)).status).toBe('rejected');
    expect(await replayWith(lake, runId)).toMatchObject({ before: null, after: { accepted: 40 } });
    expect(await lakeContents(lake)).toEqual(right);
  });

  test('an object that is still not good enough stays in quarantine', async () => {
    const at = await newCase();
    const lake = await laid(at, 'lake', `${HEADER}\n,,,,,,,,\n,,,,,,,,\n`);
    const { runId } = await onlyManifest(lake);
    const before = await lakeContents(lake);
    expect(await replayWith(lake, runId)).toMatchObject({ status: 'rejected', before: null, after: null });
    expect(await lakeContents(lake)).toEqual(before);
  });
});

describe('a replay is refused, and nothing changes,', () => {
  const refused = async (
    text: string,
    rows: ReadonlyMap<number, readonly [bad: string, good: string]>,
    message: string,
  ) => {
    const at = await newCase();
    const lake = await laid(at, 'lake', text);
    const { runId } = await onlyManifest(lake);
    const before = await lakeContents(lake);
    await expect(replayWith(lake, runId, await mendedFile(at, rows))).rejects.toThrow(message);
    expect(await lakeContents(lake)).toEqual(before);
  };

  test('if a row of the file was accepted', () =>
    refused(object(orderOf(1, 'ten')), new Map([[1, [fine[0] ?? '', orderOf(7)]]]), 'not in quarantine'));

  test('if no row of the file was changed', () =>
    refused(object(orderOf(1, 'ten')), new Map([[41, [orderOf(1, 'ten'), orderOf(1, 'ten')]]]), 'no row of'));

  test('if the object was refused as a whole', () =>
    refused(`${HEADER}\n,,,,,,,,\n`, new Map([[1, [',,,,,,,,', orderOf(1)]]]), 'was refused as a whole'));

  test('if other bytes have taken the place of the object', async () => {
    const at = await newCase();
    const lake = await laid(at, 'lake', object(orderOf(1, 'ten')));
    const { runId } = await onlyManifest(lake);
    const { store } = await openLake(lake);
    await store.put({ bucket: 'raw', key: 'incoming/orders/orders.csv' }, Buffer.from(object(orderOf(1))));
    const before = await lakeContents(lake);
    await expect(replayWith(lake, runId)).rejects.toThrow('was replaced by other bytes');
    expect(await lakeContents(lake)).toEqual(before);
  });
});

test('after a replay was cut off, other rows have to wait until it is finished', async () => {
  const at = await newCase();
  const [one, two] = [orderOf(1, 'ten'), orderOf(2, 'ten')];
  const lake = await laid(at, 'lake', object(one, two));
  const before = await onlyManifest(lake);
  await cutOffReplay(lake, before, await mendedFile(at, new Map([[41, [one, orderOf(1)]]])), 3);
  const other = await mendedFile(at, new Map([[42, [two, orderOf(2)]]]));
  await expect(replayWith(lake, before.runId, other)).rejects.toThrow('was cut off; finish it first');
  expect(await replayWith(lake, before.runId)).toMatchObject({ after: { accepted: 41, quarantined: 1 } });
  expect(await replayWith(lake, before.runId, other)).toMatchObject({
    after: { accepted: 42, quarantined: 0 },
  });
});
