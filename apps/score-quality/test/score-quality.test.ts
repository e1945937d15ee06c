import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type ScoredObject, scoreFigures } from '@sluice/data-quality';
import { putJson, readJson } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import { defineDataset, text } from '@sluice/record-schema';
import { RefusedObject } from '@sluice/record-transform/reading';
import { type RunInput, stagedQuality } from '@sluice/step-contracts';
import { type ScoreQualityDeps, scoreQuality } from '../src/score-quality.ts';

const orders = defineDataset({ name: 'orders', fields: { id: text() } });
const curated = 'curated-zone';
const reportAt = { bucket: curated, key: 'staging/orders-1/quality.json' };

const scored = (score: number): ScoredObject => ({
  profile: {
    rowsIn: 9,
    malformed: 1,
    duplicates: 2,
    columns: [{ name: 'id', type: 'text', nulls: 1, invalid: 0, numericLooking: 3 }],
  },
  verdict: {
    score,
    threshold: 70,
    passed: score >= 70,
    costs: [{ figure: 'nulls', points: 100 - score, because: '1 of 9 cells is null' }],
    findings: [{ level: 'note', code: 'numeric_text', field: 'id', message: 'looks numeric' }],
    checks: [{ check: 'min_rows', level: 'error', passed: true, actual: 9, allowed: 1 }],
  },
});

const setUp = async (scoreObject: ScoreQualityDeps['scoreObject']) => {
  const objects = memoryStore();
  const object = { bucket: 'raw-zone', key: 'incoming/orders/a.csv' };
  const stored = await objects.put(object, Buffer.from('id\n1\n'));
  if (stored.outcome !== 'stored') throw new Error('not stored');
  const deps: ScoreQualityDeps = {
    findDataset: (name) => (name === 'orders' ? orders : undefined),
    objects,
    curatedBucket: curated,
    withScratchFolder: async (work) => {
      const folder = await mkdtemp(join(tmpdir(), 'score-'));
      try {
        return await work(folder);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    scoreObject,
  };
  const run: RunInput = {
    runId: 'orders-1',
    dataset: 'orders',
    asOf: '2026-11-20T10:00:00.000Z',
    object: { ...object, size: 5, etag: stored.etag },
  };
  return { objects, deps, run };
};

describe('scoring an object', () => {
  test('leaves the whole report in staging and answers in short', async () => {
    const { objects, deps, run } = await setUp(async () => scored(90));
    expect(await scoreQuality(run, deps)).toEqual({
      score: 90,
      threshold: 70,
      passed: true,
      rowsIn: 9,
      report: reportAt,
    });
    const { profile, verdict } = scored(90);
    expect(stagedQuality.parse(await readJson(objects, reportAt))).toEqual({ profile, verdict });
  });

  test('below its threshold is an answer, not an error', async () => {
    const { deps, run } = await setUp(async () => scored(40));
    expect(await scoreQuality(run, deps)).toMatchObject({ score: 40, passed: false });
  });

  test('hands the scan the object’s bytes under its own key', async () => {
    const seen: unknown[] = [];
    const { deps, run } = await setUp(async ({ dataset, key, path }) => {
      seen.push({ dataset, key, content: await readFile(path, 'utf8') });
      return scored(90);
    });
    await scoreQuality(run, deps);
    expect(seen).toEqual([{ dataset: orders, key: 'incoming/orders/a.csv', content: 'id\n1\n' }]);
  });

  test('refuses an object whose damage shows only when it is read as a whole', async () => {
    const { objects, deps, run } = await setUp(() =>
      Promise.reject(new RefusedObject('corrupt_gzip', 'the object is gzipped, but cut off')),
    );
    const refusal = { code: 'corrupt_gzip', message: 'the object is gzipped, but cut off' };
    expect(await scoreQuality(run, deps)).toEqual({ passed: false, refusal });
    expect(stagedQuality.parse(await readJson(objects, reportAt))).toEqual({ refusal });
  });

  test('that fails is a failure of the run, never a score', async () => {
    const { objects, deps, run } = await setUp(() => Promise.reject(new Error('out of memory')));
    await expect(scoreQuality(run, deps)).rejects.toThrow('out of memory');
    expect(await objects.head(reportAt)).toBeNull();
  });

  test('fails if the object was replaced after its run began', async () => {
    const { deps, run } = await setUp(async () => scored(90));
    const replaced = { ...run, object: { ...run.object, etag: 'another' } };
    await expect(scoreQuality(replaced, deps)).rejects.toMatchObject({ code: 'changed' });
  });
});

describe('scoring what Spark staged', () => {
  const staged = { bucket: curated, prefix: 'staging/orders-1/' };
  const figuresAt = { bucket: curated, key: 'staging/orders-1/figures.json' };
  const unread = () => Promise.reject(new Error('the object is not to be read'));
  const figures = {
    rowsIn: 10,
    malformed: 2,
    duplicates: 1,
    fields: [{ nulls: 1, invalid: 0, numericLooking: 3 }],
  };

  test('profiles and judges as if the object had been read here, and does not read it', async () => {
    const { objects, deps, run } = await setUp(unread);
    await putJson(objects, figuresAt, figures);
    // 3 of 10 cells are null, 1 of 10 rows is a duplicate.
    expect(await scoreQuality({ ...run, staged }, deps)).toEqual({
      score: 60,
      threshold: 70,
      passed: false,
      rowsIn: 10,
      report: reportAt,
    });
    expect(stagedQuality.parse(await readJson(objects, reportAt))).toEqual(scoreFigures(orders, figures));
  });

  test('refuses an object that Spark could not read', async () => {
    const { objects, deps, run } = await setUp(unread);
    const refusal = { code: 'broken_array', message: 'the array ends before its last element' };
    await putJson(objects, figuresAt, { refusal });
    expect(await scoreQuality({ ...run, staged }, deps)).toEqual({ passed: false, refusal });
    expect(stagedQuality.parse(await readJson(objects, reportAt))).toEqual({ refusal });
  });

  test('fails if there are no figures, and says where they should be', async () => {
    const { objects, deps, run } = await setUp(unread);
    await expect(scoreQuality({ ...run, staged }, deps)).rejects.toThrow(
      'There is no staging/orders-1/figures.json in bucket curated-zone: Spark has not finished.',
    );
    expect(await objects.head(reportAt)).toBeNull();
  });

  test('fails if the figures are of another version of the dataset', async () => {
    const { objects, deps, run } = await setUp(unread);
    await putJson(objects, figuresAt, { ...figures, fields: [...figures.fields, ...figures.fields] });
    await expect(scoreQuality({ ...run, staged }, deps)).rejects.toThrow(
      'The dataset orders has 1 fields, its figures are of 2.',
    );
    expect(await objects.head(reportAt)).toBeNull();
  });
});
