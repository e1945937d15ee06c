import { describe, expect, test } from '@jest/globals';
import type { ObjectStore } from '@sluice/lake-storage';
import { mendedKey, objectIdOf } from '@sluice/lake-storage/zones';
import type { RunInput } from '@sluice/step-contracts';
import { publishRun } from '../src/publish-run.ts';
import { rejectRun } from '../src/reject-run.ts';
import { arrive, contents, curated, newLake, raw, stage } from './lake.ts';

/** The same run with a mended object in the place of the one that arrived. */
const mend = async (objects: ObjectStore, run: RunInput): Promise<RunInput> => {
  const key = mendedKey({
    dataset: run.dataset,
    runId: run.runId,
    objectId: objectIdOf(run.object),
    number: 1,
    rowsId: '0123456789abcdef',
    name: 'day 1/a.csv',
  });
  const stored = await objects.put({ bucket: raw, key }, Buffer.from('id,name\n1,a\n'));
  if (stored.outcome !== 'stored') throw new Error('not stored');
  return { ...run, object: { bucket: raw, key, size: 12, etag: stored.etag } };
};

describe('publishing a mended object', () => {
  test('takes the place of what the arrived object left', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await publishRun(await stage(objects, run, { accepted: [5, 7], quarantined: 2 }), deps);
    await publishRun(
      await stage(objects, await mend(objects, run), { accepted: [14], quarantined: 0 }),
      deps,
    );
    const files = await contents(objects);
    expect(Object.keys(files)).toEqual([
      `processed/orders/process_year=2026/process_month=11/process_day=20/${objectIdOf(run.object)}-0.parquet`,
      `runs/orders/${run.runId}.json`,
    ]);
    expect(Object.values(files)[0]).toBe('14');
  });

  test('finds what the arrived object left even when its manifest is lost', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await publishRun(await stage(objects, run, { accepted: [5, 7], quarantined: 2 }), deps);
    await objects.delete({ bucket: curated, key: `runs/orders/${run.runId}.json` });
    await publishRun(
      await stage(objects, await mend(objects, run), { accepted: [14], quarantined: 0 }),
      deps,
    );
    expect(Object.keys(await contents(objects))).toHaveLength(2);
  });

  test('that is refused takes everything back, and is kept where the arrived one would be', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await publishRun(await stage(objects, run, { accepted: [5], quarantined: 2 }), deps);
    const mended = await mend(objects, run);
    const validation = { valid: false, code: 'bad_header', message: 'no' } as const;
    await rejectRun({ ...mended, action: 'reject', validation }, deps);
    expect(Object.keys(await contents(objects))).toEqual([
      `quarantine/orders/objects/${objectIdOf(run.object)}/day 1/a.csv`,
      `runs/orders/${run.runId}.json`,
    ]);
  });

  test('is not taken for published because the arrived object was', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, { accepted: [5], quarantined: 2 });
    await publishRun(input, deps);
    const { object } = await mend(objects, run);
    await expect(publishRun({ ...input, object }, deps)).rejects.toThrow('its engine has not finished');
  });
});
