import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type ObjectStore, putJson, readJson } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import { objectIdOf } from '@sluice/lake-storage/zones';
import { manifest, transformReport } from '@sluice/step-contracts';
import { LawViolation, partitionOf, publishRun } from '../src/publish-run.ts';
import { arrive, contents, curated, failingAfter, json, newLake, stage } from './lake.ts';

const folder = 'processed/orders/process_year=2026/process_month=11/process_day=20';

describe('publishing a run', () => {
  test('moves the staged rows to the partition of its clock, and leaves nothing in staging', async () => {
    const { objects, deps, partitions } = newLake();
    const run = await arrive(objects);
    const id = objectIdOf(run.object);
    const output = await publishRun(await stage(objects, run, { accepted: [5, 7], quarantined: 2 }), deps);
    expect(output).toEqual({
      manifest: { bucket: curated, key: `runs/orders/${run.runId}.json` },
      counts: { rowsIn: 17, accepted: 12, filtered: 2, duplicates: 1, quarantined: 2 },
    });
    expect(Object.keys(await contents(objects))).toEqual([
      `${folder}/${id}-0.parquet`,
      `${folder}/${id}-1.parquet`,
      `quarantine/orders/${run.runId}.jsonl`,
      `runs/orders/${run.runId}.json`,
    ]);
    expect(partitions).toEqual(['orders 2026-11-20']);
  });

  test('tells all about itself in the manifest', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await publishRun(await stage(objects, run, { accepted: [5], quarantined: 2 }), deps);
    expect(manifest.parse(await json(objects, `runs/orders/${run.runId}.json`))).toEqual({
      manifestVersion: 1,
      status: 'published',
      ...run,
      format: 'csv',
      engine: 'duckdb',
      counts: {
        rowsIn: 10,
        accepted: 5,
        filtered: [{ rule: 'recent', rows: 2 }],
        duplicates: 1,
        quarantined: 2,
        reasons: [],
      },
      partition: [
        { column: 'process_year', value: 2026 },
        { column: 'process_month', value: 11 },
        { column: 'process_day', value: 20 },
      ],
      files: [{ key: `${folder}/${objectIdOf(run.object)}-0.parquet`, rows: 5, bytes: 1 }],
      quarantine: { key: `quarantine/orders/${run.runId}.jsonl`, rows: 2, bytes: 20 },
      unknownColumns: ['note'],
      quality: expect.anything(),
    });
  });

  describe('of a dataset with a table', () => {
    const merged = { version: 3, inserted: 4, updated: 1, deleted: 0 };
    const accounts = async (objects: ObjectStore) => {
      const run = { ...(await arrive(objects)), runId: 'accounts-1', dataset: 'accounts' };
      const input = await stage(objects, run, { engine: 'spark', accepted: [2, 3], quarantined: 2 });
      return { run, input, mergedAt: { bucket: curated, key: `staging/${run.runId}/merged.json` } };
    };

    test('copies no rows, and tells what the table made of them', async () => {
      const { objects, deps, partitions } = newLake();
      const { run, input, mergedAt } = await accounts(objects);
      await putJson(objects, mergedAt, merged);
      await publishRun(input, deps);
      expect(Object.keys(await contents(objects))).toEqual([
        `quarantine/accounts/${run.runId}.jsonl`,
        `runs/accounts/${run.runId}.json`,
      ]);
      expect(manifest.parse(await json(objects, `runs/accounts/${run.runId}.json`))).toMatchObject({
        counts: { rowsIn: 10, accepted: 5 },
        partition: [],
        files: [],
        table: { key: 'tables/accounts/', ...merged },
      });
      expect(partitions).toEqual([]);
    });

    test('waits for the merge', async () => {
      const { objects, deps } = newLake();
      const { input } = await accounts(objects);
      const before = await contents(objects);
      await expect(publishRun(input, deps)).rejects.toThrow('its rows are not in their table');
      expect(await contents(objects)).toEqual(before);
    });
  });

  test('keeps the order of more than ten staged files', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const accepted = Array.from({ length: 12 }, (_, n) => n + 1);
    await publishRun(await stage(objects, run, { accepted, quarantined: 0 }), deps);
    const id = objectIdOf(run.object);
    expect((await contents(objects))[`${folder}/${id}-11.parquet`]).toBe('12');
  });

  test('publishes what Spark staged, by the numbers of its tasks, and says so', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    // A task without rows leaves an empty file; there are more of them than are copied at once.
    const accepted = Array.from({ length: 40 }, (_, n) => (n === 3 ? 0 : n + 1));
    const input = await stage(objects, run, { engine: 'spark', accepted, quarantined: 2 });
    const left = ['accepted-rows/_SUCCESS', 'accepted-rows/.part-00000-9b2c-c000.zstd.parquet.crc'];
    // An attempt with another engine, that died.
    for (const name of [...left, 'accepted-0.parquet'])
      await objects.put({ bucket: curated, key: `staging/${run.runId}/${name}` }, Buffer.from('7'));
    await publishRun(input, deps);
    const found = await contents(objects);
    const id = objectIdOf(run.object);
    const rows = accepted.filter((count) => count > 0);
    expect(rows.map((_, n) => found[`${folder}/${id}-${n}.parquet`])).toEqual(rows.map(String));
    expect(Object.keys(found).filter((key) => key.startsWith(folder))).toHaveLength(rows.length);
    expect(JSON.parse(found[`runs/orders/${run.runId}.json`] ?? '')).toMatchObject({
      engine: 'spark',
      files: rows.map((count) => ({ rows: count })),
    });
    expect(Object.keys(found).filter((key) => key.startsWith('staging/'))).toEqual([]);
  });

  test('keeps the order of the files that one of Spark’s tasks left', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, {
      engine: 'spark',
      accepted: [1, 2],
      quarantined: 0,
      rowsIn: 10,
    });
    const second = {
      bucket: curated,
      key: `staging/${run.runId}/accepted-rows/part-00000-9b2c-c001.zstd.parquet`,
    };
    await objects.put(second, Buffer.from('4'));
    const at = { bucket: curated, key: `staging/${run.runId}/transform.json` };
    const report = transformReport.parse(await readJson(objects, at));
    await putJson(objects, at, { ...report, counts: { ...report.counts, accepted: 7 } });
    await publishRun(input, deps);
    const found = await contents(objects);
    const id = objectIdOf(run.object);
    expect([0, 1, 2].map((n) => found[`${folder}/${id}-${n}.parquet`])).toEqual(['1', '4', '2']);
  });

  test('copies a few files at a time', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const accepted = Array.from({ length: 40 }, (_, n) => n + 1);
    const input = await stage(objects, run, { engine: 'spark', accepted, quarantined: 0 });
    let copying = 0;
    const seen: number[] = [];
    const copy: typeof objects.copy = async (from, to) => {
      copying += 1;
      seen.push(copying);
      await setImmediate();
      const copied = await objects.copy(from, to);
      copying -= 1;
      return copied;
    };
    const watched = { ...failingAfter(objects, Number.POSITIVE_INFINITY), copy };
    await publishRun(input, { ...deps, zone: { ...deps.zone, objects: watched } });
    expect(Math.max(...seen)).toBe(16);
  });

  test('clears thousands of batches away in requests that S3 takes, and tells how far it is', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, { accepted: [5], quarantined: 0 });
    const parts = Array.from({ length: 2500 }, (_, n) => `staging/${run.runId}/parts/${n}-1.jsonl`);
    await Promise.all(parts.map((key) => objects.put({ bucket: curated, key }, Buffer.from('part'))));
    const told: (readonly number[])[] = [];
    const zone = { ...deps.zone, onCleared: (...figures: readonly number[]) => told.push(figures) };
    await publishRun(input, { ...deps, zone });
    // With them go an accepted file, the quality report and the journal.
    expect(told).toEqual([
      [0, 2503],
      [1000, 2503],
      [2000, 2503],
    ]);
    expect(Object.keys(await contents(objects)).filter((key) => key.startsWith('staging/'))).toEqual([]);
  });

  test('without an accepted row leaves a manifest and no partition', async () => {
    const { objects, deps, partitions } = newLake();
    const run = await arrive(objects);
    await publishRun(await stage(objects, run, { accepted: [], quarantined: 4 }), deps);
    expect(Object.keys(await contents(objects))).toEqual([
      `quarantine/orders/${run.runId}.jsonl`,
      `runs/orders/${run.runId}.json`,
    ]);
    expect(partitions).toEqual([]);
  });

  test('again, with the same rows, leaves the same bytes', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const what = { accepted: [5, 7], quarantined: 2 };
    await publishRun(await stage(objects, run, what), deps);
    const first = await contents(objects);
    await publishRun(await stage(objects, run, what), deps);
    expect(await contents(objects)).toEqual(first);
  });

  test('again, with fewer rows on another day, takes back what the first left', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await publishRun(await stage(objects, run, { accepted: [5, 7], quarantined: 2 }), deps);
    const later = { ...run, asOf: '2026-12-01T00:00:00.000Z' };
    await publishRun(await stage(objects, later, { accepted: [5], quarantined: 0 }), deps);
    expect(Object.keys(await contents(objects))).toEqual([
      `processed/orders/process_year=2026/process_month=12/process_day=1/${objectIdOf(run.object)}-0.parquet`,
      `runs/orders/${run.runId}.json`,
    ]);
  });

  test('finds what an earlier run left in its partition even if that run’s manifest is lost', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    await publishRun(await stage(objects, run, { accepted: [5, 7], quarantined: 2 }), deps);
    await objects.delete({ bucket: curated, key: `runs/orders/${run.runId}.json` });
    await publishRun(await stage(objects, run, { accepted: [5], quarantined: 0 }), deps);
    expect(Object.keys(await contents(objects))).toEqual([
      `${folder}/${objectIdOf(run.object)}-0.parquet`,
      `runs/orders/${run.runId}.json`,
    ]);
  });

  test('leaves the files of other objects alone', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const other = { bucket: curated, key: `${folder}/ffffffffffffffffffffffffffffffff-0.parquet` };
    await objects.put(other, Buffer.from('3'));
    await publishRun(await stage(objects, run, { accepted: [5], quarantined: 0 }), deps);
    expect(await contents(objects)).toHaveProperty([other.key], '3');
  });

  test('whose answer got lost answers again', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, { accepted: [5], quarantined: 0 });
    const first = await publishRun(input, deps);
    expect(await publishRun(input, deps)).toEqual(first);
  });

  test('fails if the engine has not finished', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, { accepted: [5], quarantined: 0 });
    await objects.delete({ bucket: curated, key: `staging/${run.runId}/transform.json` });
    await expect(publishRun(input, deps)).rejects.toThrow('its engine has not finished');
  });

  test('refuses a staging folder that is not the run’s own, since it would be emptied', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, { accepted: [5], quarantined: 0 });
    const transform = { engine: 'duckdb', staged: { bucket: curated, prefix: 'processed/' } } as const;
    await expect(publishRun({ ...input, transform }, deps)).rejects.toThrow('not in curated-zone/staging/');
  });

  test('fails, without a manifest, if the catalogue does not take the partition', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, { accepted: [5], quarantined: 0 });
    const addPartition = () => Promise.reject(new Error('no such table'));
    await expect(publishRun(input, { ...deps, addPartition })).rejects.toThrow('no such table');
    expect(await contents(objects)).not.toHaveProperty([`runs/orders/${run.runId}.json`]);
  });

  test('fails, without a manifest, if an old file cannot be deleted', async () => {
    const memory = memoryStore();
    const { deps } = newLake(memory);
    const run = await arrive(memory);
    await publishRun(await stage(memory, run, { accepted: [5, 7], quarantined: 0 }), deps);
    const input = await stage(memory, run, { accepted: [5], quarantined: 0 });
    await memory.delete({ bucket: curated, key: `staging/${run.runId}/accepted-1.parquet` });
    const stubborn = {
      ...memory,
      deleteMany: async (_bucket: string, keys: Iterable<string>) => ({
        deleted: [],
        failed: [...keys].map((key) => ({ key, reason: 'AccessDenied' })),
      }),
    };
    const zone = { objects: stubborn, bucket: curated };
    await expect(publishRun(input, { ...deps, zone })).rejects.toThrow(/-1\.parquet: AccessDenied/);
    expect(await contents(memory)).not.toHaveProperty([`runs/orders/${run.runId}.json`]);
  });
});

describe('the law', () => {
  const violation = async (
    spoil: (put: (name: string, text: string) => Promise<unknown>) => Promise<unknown>,
  ) => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, { accepted: [5, 7], quarantined: 2 });
    await spoil((name, text) =>
      objects.put({ bucket: curated, key: `staging/${run.runId}/${name}` }, Buffer.from(text)),
    );
    const before = await contents(objects);
    const error = await publishRun(input, deps).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LawViolation);
    expect(await contents(objects)).toEqual(before);
    return (error as Error).message;
  };

  test('holds of the files that are there, not of what the engine says', async () => {
    expect(await violation((put) => put('accepted-1.parquet', '6'))).toContain(
      'rows in 17, but accepted 11 + filtered 2 + duplicates 1 + quarantined 2 leaves 1.',
    );
  });

  test('is broken by a quarantined row that is lost', async () => {
    expect(await violation((put) => put('quarantine.jsonl', '{"row":1}\n'))).toContain(
      'quarantined is 1, the engine counted 2',
    );
  });

  test('is broken by rows that come from nowhere', async () => {
    expect(await violation((put) => put('accepted-2.parquet', '3'))).toContain('leaves -3');
  });

  test('is broken by two mistakes that make up for each other', async () => {
    const message = await violation(async (put) => {
      await put('accepted-1.parquet', '6');
      await put('quarantine.jsonl', '{"row":1}\n'.repeat(3));
    });
    expect(message).toContain(
      'accepted is 11, the engine counted 12. quarantined is 3, the engine counted 2',
    );
  });

  test('is broken if the engine read other rows than the quality scan', async () => {
    const { objects, deps } = newLake();
    const run = await arrive(objects);
    const input = await stage(objects, run, { accepted: [5], quarantined: 0, rowsIn: 9 });
    await expect(publishRun(input, deps)).rejects.toThrow(LawViolation);
  });
});

test('a partition’s day is the day in UTC', () => {
  const columns = ['process_year', 'process_month', 'process_day'] as const;
  const values = (asOf: string) => partitionOf(columns, asOf).map(({ value }) => value);
  expect(values('2026-12-31T23:59:59.999Z')).toEqual([2026, 12, 31]);
  expect(values('2027-01-01T00:00:00Z')).toEqual([2027, 1, 1]);
});
