import { describe, expect, test } from '@jest/globals';
import { type ObjectStore, putJson } from '@sluice/lake-storage';
import { objectIdOf } from '@sluice/lake-storage/zones';
import { manifest, type RejectRunInput, type RunInput } from '@sluice/step-contracts';
import { publishRun } from '../src/publish-run.ts';
import { rejectRun } from '../src/reject-run.ts';
import { arrive, contents, curated, json, newLake, quality, refused, stage } from './lake.ts';

const copyOf = (run: RunInput) => `quarantine/orders/objects/${objectIdOf(run.object)}/day 1/a.csv`;
const manifestOf = (run: RunInput) => `runs/orders/${run.runId}.json`;

const valid = (run: RunInput): RejectRunInput => ({
  ...run,
  action: 'reject',
  validation: { valid: true, format: 'csv', headerKnown: true, unknownColumns: [] },
});
const stageQuality = (objects: ObjectStore, run: RunInput, report: unknown) =>
  putJson(objects, { bucket: curated, key: `staging/${run.runId}/quality.json` }, report);

describe('rejecting a run', () => {
  test('keeps the refused object in quarantine and says why', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const output = await rejectRun(refused(run), deps);
    expect(output).toEqual({
      gate: 'validation',
      code: 'missing_column',
      message: 'the object has no column "id"',
      manifest: { bucket: curated, key: manifestOf(run) },
      quarantined: { bucket: curated, key: copyOf(run) },
    });
    expect(Object.keys(await contents(objects))).toEqual([copyOf(run), manifestOf(run)]);
    expect(manifest.parse(await json(objects, manifestOf(run)))).toMatchObject({
      status: 'rejected',
      gate: 'validation',
      quality: null,
    });
  });

  test('for its quality keeps the whole report', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await stageQuality(objects, run, quality(17, 42.5));
    expect(await rejectRun(valid(run), deps)).toMatchObject({
      gate: 'quality',
      code: 'quality_below_threshold',
      message: 'score 42.5, threshold 70',
    });
    expect(manifest.parse(await json(objects, manifestOf(run)))).toMatchObject({
      gate: 'quality',
      quality: quality(17, 42.5),
    });
  });

  test('whose damage only the scan saw counts as invalid', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await stageQuality(objects, run, { refusal: { code: 'corrupt_gzip', message: 'cut off' } });
    expect(await rejectRun(valid(run), deps)).toMatchObject({ gate: 'validation', code: 'corrupt_gzip' });
  });

  test('clears away what Spark staged before its rows were scored', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await stage(objects, run, { engine: 'spark', accepted: [5, 7], quarantined: 2 });
    await stageQuality(objects, run, quality(17, 42.5));
    await rejectRun(valid(run), deps);
    expect(Object.keys(await contents(objects))).toEqual([copyOf(run), manifestOf(run)]);
  });

  test('takes back what an earlier run published of the object, and the other way round', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const what = { accepted: [5, 7], quarantined: 2 };
    await publishRun(await stage(objects, run, what), deps);
    const published = await contents(objects);
    await rejectRun(refused(run), deps);
    expect(Object.keys(await contents(objects))).toEqual([copyOf(run), manifestOf(run)]);
    await publishRun(await stage(objects, run, what), deps);
    expect(await contents(objects)).toEqual(published);
  });

  test('twice leaves the same bytes, and answers the same', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await stageQuality(objects, run, quality(17, 42.5));
    const answer = await rejectRun(valid(run), deps);
    const first = await contents(objects);
    expect(await rejectRun(valid(run), deps)).toEqual(answer);
    expect(await contents(objects)).toEqual(first);
  });

  test('of an object that is gone leaves a manifest alone', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await objects.delete(run.object);
    expect(await rejectRun(refused(run), deps)).toMatchObject({ quarantined: null });
    expect(Object.keys(await contents(objects))).toEqual([manifestOf(run)]);
  });

  test('does not take another object’s bytes for the refused one’s', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await objects.put(run.object, Buffer.from('a corrected file'));
    expect(await rejectRun(refused(run), deps)).toMatchObject({ quarantined: null });
  });

  test('works for a dataset that is no longer there', async () => {
    const { objects, deps } = newLake();
    const run = { ...(await arrive(objects)), dataset: 'gone' };
    expect(await rejectRun(refused(run), deps)).toMatchObject({ gate: 'validation' });
  });

  test('fails if a valid object was never scored', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await expect(rejectRun(valid(run), deps)).rejects.toThrow('its object was not scored');
  });
});
