import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MiniStack } from '@sluice/aws-emulator';
import { mapResultsPrefix, stagingPrefix } from '@sluice/lake-storage/zones';
import type { Manifest } from '@sluice/step-contracts';
import { z } from 'zod';
import type { Environment } from '../../src/environments/environment.ts';
import type { AppliedLake, EndedRun } from './applied-lake.ts';
import { type CsvMapRuns, type Ends, files, runCsvMap } from './csv-map-runs.ts';
import { comparableManifest, rowsOf, runEmbedded } from './embedded-lake.ts';
import { ordersFile } from './orders-files.ts';
import { runRowChildren } from './row-children.ts';
import { until } from './until.ts';

interface Applied {
  readonly miniStack: () => MiniStack;
  /** As the emulator's own Step Functions shows it. */
  readonly lake: () => AppliedLake;
  readonly environment: Environment;
  /** For what is compared. */
  readonly folder: () => string;
}

const restMs = 120_000;

/**
 * Tests of csv-map as it is deployed: an object is put, the deployed functions do the work, in their roles, and the deployed
 * definition is run by our own interpreter, in its role, since the emulator's cuts no batches and writes no results.
 */
export const testCsvMap = ({ miniStack, lake, environment, folder }: Applied): void => {
  const { region, map } = environment;
  let on: CsvMapRuns;
  let onEmulator: number;

  const published = async (run: EndedRun) => {
    const manifest = await on.lake.manifestOf(run.input);
    if (manifest.status !== 'published') throw new Error(`${run.input.object.key} was not published.`);
    return manifest;
  };

  beforeAll(async () => {
    onEmulator = (await lake().untilAtRest(0, restMs, 'csv-map-comma')).length;
    on = await runCsvMap(miniStack(), environment, lake());
  }, restMs);
  afterAll(() => on?.stop());

  test('each arrival starts one run there, and none on the emulator', async () => {
    const statusesOf = ({ all }: Ends) =>
      all.map(({ input, status }) => `${input.object.key} ${status}`).sort();
    expect(statusesOf(on.first)).toEqual([
      `${files.messy.key} SUCCEEDED`,
      `${files.recorded.key} SUCCEEDED`,
      `${files.redriven.key} FAILED`,
    ]);
    expect(statusesOf(on.last)).toEqual(Object.values(files).map(({ key }) => `${key} SUCCEEDED`));
    expect(await lake().untilAtRest(0, restMs, 'csv-map-comma')).toHaveLength(onEmulator);
  });

  test.each([
    ['messy', files.messy.rows],
    ['recorded', files.recorded.fates.rowsIn],
    ['redriven', files.redriven.fates.rowsIn],
  ] as const)(
    'the map run of %s has every row as an item, and a child for every batch',
    async (name, rows) => {
      const batches = Math.ceil(rows / map.maxItemsPerBatch);
      expect(await on.mapRunOf(on.last[name])).toMatchObject({
        status: 'SUCCEEDED',
        itemCounts: { total: rows, succeeded: rows, failed: 0, pending: 0, resultsWritten: rows },
        executionCounts: {
          total: batches,
          succeeded: batches,
          failed: 0,
          pending: 0,
          resultsWritten: batches,
        },
      });
    },
  );

  test.each(['messy', 'redriven'] as const)(
    'of %s exactly the rows are published, quarantined and counted that etl finds',
    async (name) => {
      const { input } = on.last[name];
      const manifest = await published(on.last[name]);
      const own = join(folder(), input.runId);
      const embedded = await runEmbedded(own, files[name].text, input.asOf);
      expect(comparableManifest(manifest)).toEqual(comparableManifest(embedded.manifest));

      const keys = manifest.files.map(({ key }) => key);
      await on.lake.download(keys, own);
      expect(await rowsOf(keys.map((key) => join(own, key)))).toEqual(await rowsOf(embedded.published));
      expect(await on.lake.curatedText(String(manifest.quarantine?.key))).toBe(embedded.quarantine);
    },
    restMs,
  );

  test('rows whose batch failed for good are in quarantine, and one letter says where they come from', async () => {
    const { input } = on.last.recorded;
    const manifest = await published(on.last.recorded);
    // Four times ten rows were lost to it; what is a duplicate is found over the whole object.
    expect(totals(manifest)).toEqual({
      rowsIn: 2040,
      accepted: 1200,
      filtered: 200,
      duplicates: 204,
      quarantined: 400 + 36,
    });
    const reasons = (await on.lake.curatedText(String(manifest.quarantine?.key))).match(/"not_processed"/g);
    expect(reasons).toHaveLength(36);
    const { bucket, key, versionId } = input.object;
    const letters = (await on.lake.takeDeadLetters('failed-batches')).map((body) => JSON.parse(body));
    expect(letters).toEqual([
      {
        runId: input.runId,
        dataset: 'orders',
        object: { bucket, key, versionId },
        rows: { from: 2001, to: 2040 },
        error: 'Runtime.HandlerError',
      },
    ]);
  });

  test('a batch that could not even be recorded fails the run, which a redrive then takes to its end', async () => {
    expect(on.first.redriven.error).toBe('States.ExceedToleratedFailureThreshold');
    const { runId } = on.last.redriven.input;
    const look = async () =>
      (await on.lake.logOf('process-rows'))
        .filter((line) => line.runId === runId && line.message === 'rows_processed')
        .map(({ first, rows }) => [first, rows]);
    // A function's last lines may come after its answer.
    await until('process-rows tells of both batches', 10_000, async () => {
      const seen = await look();
      return { done: seen.length >= 2, seen: JSON.stringify(seen) };
    });
    const processed = await look();
    expect(processed).toEqual([
      [0, 500],
      [500, 100],
    ]);
    const redrives = on.last.redriven.history.filter(({ type }) => /Redriven$/.test(String(type)));
    expect(redrives.map(({ type }) => type)).toEqual(['ExecutionRedriven', 'MapRunRedriven']);
  });

  test('nothing is left in staging, and the answers of all batches lie where the result writer was told', async () => {
    expect(await on.lake.curatedKeys('staging/')).toEqual([]);
    for (const run of on.last.all) {
      const keys = await on.lake.curatedKeys(mapResultsPrefix(run.input.runId));
      const text = await on.lake.curatedText(String(keys.find((key) => key.endsWith('/manifest.json'))));
      const { SUCCEEDED, ...others } = resultsManifest.parse(JSON.parse(text)).ResultFiles;
      expect(others).toEqual({ FAILED: [], PENDING: [] });
      const texts = await Promise.all(SUCCEEDED.map(({ Key }) => on.lake.curatedText(Key)));
      const { executionCounts } = await on.mapRunOf(run);
      expect(texts.flatMap((lines) => lines.trimEnd().split('\n'))).toHaveLength(executionCounts?.total ?? 0);
    }
  });

  test(
    "the emulator's own Map gives each row to a child that runs the deployed functions",
    async () => {
      const { text, fates } = ordersFile('row-by-row', 2);
      const key = 'row-by-row/orders.csv';
      await lake().put(key, text);
      const run = {
        runId: 'orders-row-by-row',
        dataset: 'orders',
        asOf: new Date().toISOString(),
        object: { bucket: lake().bucketOf('raw'), key, size: text.length, etag: 'any' },
      };
      const machineArn = lake().machineArnOf('csv-map-comma');
      const { status, itemCounts, answers } = await runRowChildren(miniStack(), region, machineArn, run);
      expect(status).toBe('SUCCEEDED');
      expect(itemCounts).toMatchObject({ total: fates.rowsIn, succeeded: fates.rowsIn, failed: 0 });
      expect(answers.map(({ first, rows }) => [first, rows])).toEqual(answers.map((_, row) => [row, 1]));
      const sum = (fate: 'accepted' | 'filtered' | 'quarantined'): number =>
        answers.reduce((rows, answer) => rows + answer[fate], 0);
      expect({
        accepted: sum('accepted'),
        filtered: sum('filtered'),
        quarantined: sum('quarantined'),
      }).toEqual({
        // No batch knows the others' rows.
        accepted: fates.accepted + fates.duplicates,
        filtered: fates.filtered,
        quarantined: fates.quarantined,
      });
      expect((await lake().curatedKeys(stagingPrefix(run.runId))).toSorted()).toEqual(
        answers.map(({ part }) => part).toSorted(),
      );
    },
    restMs,
  );

  test('the catalogue has the partition of the rows, which it had forgotten', async () => {
    const days = on.last.all.map(({ input }) => input.asOf.slice(0, 10).split('-').map(Number).join('/'));
    expect((await on.lake.partitionsOf('orders')).toSorted()).toEqual([...new Set(days)].toSorted());
  });

  test('who listens to the topic of runs hears once of each', () => {
    expect(on.subjects.toSorted()).toEqual(
      on.last.all.map(({ input }) => `Sluice published: ${input.runId}`).toSorted(),
    );
  });
};

const resultFiles = z.array(z.object({ Key: z.string() }));
/** What a ResultWriter says of its files. */
const resultsManifest = z.object({
  ResultFiles: z.object({ SUCCEEDED: resultFiles, FAILED: resultFiles, PENDING: resultFiles }),
});

const totals = ({ counts }: Extract<Manifest, { status: 'published' }>) => {
  const { rowsIn, accepted, filtered, duplicates, quarantined } = counts;
  return {
    rowsIn,
    accepted,
    filtered: filtered.reduce((sum, { rows }) => sum + rows, 0),
    duplicates,
    quarantined,
  };
};
