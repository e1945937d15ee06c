import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Manifest } from '@sluice/step-contracts';
import { AppliedLake, type EndedRun } from './emulated/applied-lake.ts';
import { testCsvMap } from './emulated/csv-map.ts';
import { testDoors } from './emulated/doors.ts';
import { rowsOf, runEmbedded } from './emulated/embedded-lake.ts';
import { type EmulatedStack, emulatedStack } from './emulated/emulated-stack.ts';
import { emulatedDev } from './emulated/environments.ts';
import { leftovers } from './emulated/leftovers.ts';
import { hollowOrders, notOrders, ordersFile, ordersWithExtra } from './emulated/orders-files.ts';
import { testRefusals } from './emulated/refusals.ts';
import { staleIn, unexpected } from './emulated/restless.ts';
import { permissionsOfRoles } from './emulated/role-statements.ts';
import { describeWithSpark, hasJava, testSpark } from './emulated/spark.ts';
import { staleUnused, superfluous } from './emulated/unused.ts';
import { describeWithTerraform } from './terraform-cli.ts';

const terraformMs = 480_000;
const restMs = 180_000;

// S3 encodes all of these in its messages, each in another way.
const oddKey = 'incoming/orders/día 1+2 & 3/ørders (ü) 100%.csv';

const files = {
  good: { key: 'incoming/orders/2026/good.csv', ...ordersFile('good', 60) },
  odd: { key: oddKey, ...ordersFile('odd', 3) },
  first: { key: 'incoming/orders/overwritten.csv', ...ordersFile('first', 2) },
  second: { key: 'incoming/orders/overwritten.csv', ...ordersFile('second', 4) },
  redelivered: { key: 'incoming/orders/redelivered.csv', ...ordersFile('redelivered', 5) },
  killed: { key: 'incoming/orders/killed.csv', ...ordersFile('killed', 3000) },
};
const extra = { key: 'incoming/orders/extra.csv', text: ordersWithExtra('extra') };
const refused = {
  'incoming/orders/not-orders.csv': notOrders,
  'incoming/orders/hollow.csv': hollowOrders,
  'incoming/orders/empty.csv': '',
};
const folderMarker = 'incoming/orders/2026/';
const large = { key: 'incoming/orders/large.csv', text: `id,name\n${'a,b\n'.repeat(1_100_000)}` };
const unknownDataset = 'incoming/invoices/2026.csv';

describeWithTerraform('dev, on an emulated AWS', (miniStack) => {
  let stack: EmulatedStack;
  let lake: AppliedLake;
  let folder: string;
  let runs: readonly EndedRun[];

  const runsOf = (key: string): EndedRun[] => runs.filter(({ input }) => input.object.key === key);
  const runOf = ({ key, text }: { readonly key: string; readonly text: string }): EndedRun => {
    const [run, ...others] = runsOf(key).filter(({ input }) => input.object.size === Buffer.byteLength(text));
    if (!run || others.length > 0) throw new Error(`${key} has ${others.length + (run ? 1 : 0)} runs.`);
    return run;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-end-to-end-'));
    stack = await emulatedStack(emulatedDev, miniStack());
    lake = new AppliedLake(miniStack(), emulatedDev);
    await stack.apply();
  }, terraformMs);
  afterAll(async () => {
    lake?.close();
    await stack?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  describe('files are put into the raw bucket, and', () => {
    let topic: Awaited<ReturnType<AppliedLake['listenToRuns']>>;

    const published = async (run: EndedRun) => {
      const manifest = await lake.manifestOf(run.input);
      if (manifest.status !== 'published') throw new Error(`${run.input.object.key} was not published.`);
      return manifest;
    };

    afterAll(() => topic?.stop());
    beforeAll(async () => {
      topic = await lake.listenToRuns();
      // The bucket's own test message is taken first.
      await lake.untilAtRest(0, restMs);
      // The first batch of messages is lost to a dying function, and comes again.
      miniStack().killNextInvocation(lake.functionOf('start-pipeline'), 0);
      await lake.put(files.redelivered.key, files.redelivered.text);
      await lake.put(files.first.key, files.first.text);
      await lake.put(files.second.key, files.second.text);
      await lake.put(files.good.key, files.good.text);
      await lake.put(files.odd.key, files.odd.text);
      await lake.put(extra.key, extra.text);
      for (const [key, text] of Object.entries(refused)) await lake.put(key, text);
      await lake.put(folderMarker, '');
      await lake.put(unknownDataset, 'id\n1\n');
      runs = await lake.untilAtRest(9, restMs);
    }, restMs);

    test('each version of each object has one run, which ends as the object deserves', () => {
      const ends = runs.map(({ input, status, error }) => `${input.object.key} ${error ?? status}`);
      expect(ends.toSorted()).toEqual(
        [
          `${files.redelivered.key} SUCCEEDED`,
          `${files.first.key} SUCCEEDED`,
          `${files.second.key} SUCCEEDED`,
          `${files.good.key} SUCCEEDED`,
          `${files.odd.key} SUCCEEDED`,
          `${extra.key} SUCCEEDED`,
          'incoming/orders/not-orders.csv ValidationFailed',
          'incoming/orders/empty.csv ValidationFailed',
          'incoming/orders/hollow.csv QualityBelowThreshold',
        ].toSorted(),
      );
    });

    test('a batch of messages whose function was killed comes again', async () => {
      const killed = (await lake.linesOf('start-pipeline')).filter((line) => line === 'Runtime.ExitError');
      expect(killed).toHaveLength(1);
      expect(runsOf(files.redelivered.key)).toHaveLength(1);
    });

    test.each(Object.entries(files).filter(([name]) => name !== 'killed'))(
      'the curated zone has of %s exactly the rows that the embedded lake publishes',
      async (_name, file) => {
        await expectSameAsEmbedded(file);
      },
      60_000,
    );

    /** The published rows, what became of the others, and the manifest, against the embedded lake and the file's maker. */
    const expectSameAsEmbedded = async (file: (typeof files)[keyof typeof files]): Promise<void> => {
      const run = runOf(file);
      const manifest = await published(run);
      const { runId, asOf } = run.input;
      const embedded = await runEmbedded(join(folder, runId), file.text, asOf);
      expect(comparable(manifest)).toEqual(comparable(embedded.manifest));

      const { rowsIn, accepted, filtered, duplicates, quarantined } = manifest.counts;
      const filteredRows = filtered.reduce((sum, { rows }) => sum + rows, 0);
      expect({ rowsIn, accepted, filtered: filteredRows, duplicates, quarantined }).toEqual(file.fates);

      const keys = manifest.files.map(({ key }) => key);
      await lake.download(keys, join(folder, runId));
      const rows = await rowsOf(keys.map((key) => join(folder, runId, key)));
      expect(rows).toHaveLength(file.fates.accepted);
      expect(rows).toEqual(await rowsOf(embedded.published));
      expect(await lake.curatedText(String(manifest.quarantine?.key))).toBe(embedded.quarantine);
    };

    test('an object that was overwritten while its message waited is published in both versions', () => {
      const versions = runsOf(files.first.key).map(({ input }) => input.object.versionId);
      expect(new Set(versions).size).toBe(2);
    });

    test('nothing lies in the curated zone but what the manifests name', async () => {
      const named = await Promise.all(
        runs.map(async ({ input }) => [
          `runs/orders/${input.runId}.json`,
          ...keysIn(await lake.manifestOf(input)),
        ]),
      );
      expect((await lake.curatedKeys('')).toSorted()).toEqual(named.flat().toSorted());
    });

    test('the catalogue has the partition of every published file, once', async () => {
      const days = runs.map(({ input }) => input.asOf.slice(0, 10).split('-').map(Number).join('/'));
      expect((await lake.partitionsOf('orders')).toSorted()).toEqual([...new Set(days)].toSorted());
    });

    test.each([
      ['incoming/orders/not-orders.csv', 'validation', 'missing_column'],
      ['incoming/orders/empty.csv', 'validation', 'empty_object'],
      ['incoming/orders/hollow.csv', 'quality', 'quality_below_threshold'],
    ] as const)('%s is in quarantine whole, and the manifest says why', async (key, gate, code) => {
      const manifest = await lake.manifestOf(runOf({ key, text: refused[key] }).input);
      expect(manifest).toMatchObject({ status: 'rejected', gate, code });
      if (manifest.status !== 'rejected') return;
      expect(await lake.curatedText(String(manifest.quarantined?.key))).toBe(refused[key]);
    });

    test('a column that nobody declared sends its run through the crawler, and is named in the manifest', async () => {
      const run = runOf(extra);
      const states = run.history.map(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name);
      expect(states).toContain('RunDataDiscovery');
      expect(states.filter((name) => name === 'CheckCrawlerStatus').length).toBeGreaterThan(0);
      expect((await published(run)).unknownColumns).toEqual(['coupon']);
    });

    test('who listens to the topic of runs hears of each end, and twice of each that is not good', async () => {
      const messages = await topic.heard();
      const subjects = messages.flatMap(({ Subject = '' }) =>
        Subject.startsWith('Sluice ') ? [Subject] : [],
      );
      const ends = runs.map(
        ({ input, status }) => `Sluice ${status === 'SUCCEEDED' ? 'published' : 'rejected'}: ${input.runId}`,
      );
      expect(subjects.toSorted()).toEqual(ends.toSorted());

      const notices = messages.flatMap(
        ({ Message }) => /The run (\S+) ended as FAILED/.exec(Message)?.[1] ?? [],
      );
      const failed = runs.filter(({ status }) => status === 'FAILED').map(({ input }) => input.runId);
      expect(notices.toSorted()).toEqual(failed.toSorted());
    });

    test('the metrics add up to the manifests', async () => {
      const manifests = await Promise.all(runs.map(({ input }) => lake.manifestOf(input)));
      const counts = manifests.flatMap((manifest) =>
        manifest.status === 'published' ? [manifest.counts] : [],
      );
      const total = (count: 'rowsIn' | 'accepted' | 'duplicates' | 'quarantined'): number =>
        counts.reduce((sum, { [count]: rows }) => sum + rows, 0);
      const publishing = await lake.logOf('publish-run');
      expect({
        runsPublished: sumOf('RunsPublished', publishing),
        runsRejected: sumOf('RunsRejected', publishing),
        rowsIn: sumOf('RowsIn', publishing),
        accepted: sumOf('RowsAccepted', publishing),
        duplicates: sumOf('RowsDuplicate', publishing),
        quarantined: sumOf('RowsQuarantined', publishing),
      }).toEqual({
        runsPublished: counts.length,
        runsRejected: 3,
        rowsIn: total('rowsIn'),
        accepted: total('accepted'),
        duplicates: total('duplicates'),
        quarantined: total('quarantined'),
      });
    });

    test('a folder marker is passed over', async () => {
      const ignored = (await lake.logOf('start-pipeline')).map(({ reason }) => reason);
      expect(ignored).toContain('folder_marker');
    });

    test('an object of a dataset that nobody has defined ends in the dead letters, and nothing else does', async () => {
      const dead = await lake.takeDeadLetters('arrivals-dead-letters');
      expect(dead.map((body) => JSON.parse(body).Records[0].s3.object.key)).toEqual([unknownDataset]);
    });

    test(
      'an arrival that is told twice starts nothing and changes nothing',
      async () => {
        const before = await lake.curatedKeys('');
        await lake.repeatArrival(runOf(files.odd).input);
        await lake.untilOutcome('start-pipeline', 'execution_exists', restMs);
        expect(await lake.untilAtRest(9, restMs)).toHaveLength(9);
        expect(await lake.curatedKeys('')).toEqual(before);
      },
      restMs,
    );

    test(
      'a run whose function was killed at work is tried again, and publishes the same rows',
      async () => {
        miniStack().killNextInvocation(lake.functionOf('transform-object'), 100);
        await lake.put(files.killed.key, files.killed.text);
        runs = await lake.untilAtRest(10, restMs);
        const run = runOf(files.killed);
        const failures = run.history.flatMap(
          ({ taskFailedEventDetails }) => taskFailedEventDetails?.error ?? [],
        );
        expect(failures).toEqual(['Runtime.ExitError']);
        expect(run.status).toBe('SUCCEEDED');
        await expectSameAsEmbedded(files.killed);
        expect(await lake.curatedKeys(`staging/`)).toEqual([]);
      },
      restMs,
    );
  });

  test(
    'an object that is too large for a Lambda is taken by csv-map, once, as far as the emulator can',
    async () => {
      const before = (await lake.untilAtRest(0, restMs)).length;
      await lake.put(large.key, large.text);
      const [run, ...others] = await lake.untilAtRest(1, restMs, 'csv-map-comma');
      expect(others).toEqual([]);
      expect(run?.input.object).toMatchObject({ key: large.key, size: large.text.length });
      const states = run?.history.flatMap(
        ({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? [],
      );
      // There it stops: the emulator takes the backslashes in an intrinsic function's text at their word.
      expect(states).toEqual(['ValidateInput', 'CheckValidation', 'CheckFormat', 'LocateVersion']);
      expect(run?.status).toBe('FAILED');
      expect(await lake.untilAtRest(0, restMs)).toHaveLength(before);
      expect(await lake.curatedKeys('runs/orders/')).not.toContain(`runs/orders/${run?.input.runId}.json`);
    },
    restMs,
  );

  describe('through csv-map, run by the states service,', () => {
    testCsvMap({ miniStack, lake: () => lake, environment: emulatedDev, folder: () => folder });
  });

  describeWithSpark('an object that is too large for a Lambda, and no CSV,', () => {
    testSpark({ miniStack, lake: () => lake, environment: emulatedDev, folder: () => folder });
  });

  describe('records are sent and posted, and', () => {
    testDoors({
      miniStack,
      stack: () => stack,
      lake: () => lake,
      environment: emulatedDev,
      folder: () => folder,
    });
  });

  test('the runs have used every permission of every role, as far as the emulator asks for it', async () => {
    const granted = await permissionsOfRoles(miniStack());
    const used = await miniStack().usedPermissions();
    expect(superfluous(granted, used).filter((line) => hasJava || !isOfSpark(line))).toEqual([]);
    expect(staleUnused(granted, used)).toEqual([]);
  });

  describe('its policies hold:', () => {
    testRefusals({ miniStack, lake: () => lake, environment: emulatedDev });
  });

  test(
    'after all that, a second plan changes nothing but what the emulator answers wrongly',
    async () => {
      const differences = await stack.differences();
      expect(unexpected(differences)).toEqual([]);
      expect(staleIn(stack.types, differences)).toEqual([]);
    },
    terraformMs,
  );

  test(
    'destroying it leaves nothing, full buckets or not',
    async () => {
      // The emulator does not encode keys where the provider lists what it has to delete.
      await lake.deleteForGood(runOf(files.odd).input.object);
      await stack.destroy();
      expect(await stack.madeResources()).toEqual([]);
      expect(await leftovers(miniStack(), emulatedDev.region)).toEqual([]);
    },
    terraformMs,
  );
});

/** What nobody uses where Spark cannot run. */
const isOfSpark = (line: string): boolean =>
  / may RunJobs: |-transform-spark may |-score-quality may /.test(line);

/** A manifest without what names the object, which differs between two lakes. */
const comparable = (manifest: Manifest): unknown => {
  if (manifest.status !== 'published') return manifest.status;
  const { runId: _run, object: _object, files: published, quarantine, ...rest } = manifest;
  return {
    ...rest,
    files: published.map(({ rows, bytes }) => ({ rows, bytes })),
    quarantine: quarantine && { rows: quarantine.rows, bytes: quarantine.bytes },
  };
};

/** The keys of everything in the curated zone that a manifest names. */
const keysIn = (manifest: Manifest): string[] =>
  manifest.status === 'published'
    ? [...manifest.files, ...(manifest.quarantine ? [manifest.quarantine] : [])].map(({ key }) => key)
    : [...(manifest.quarantined ? [manifest.quarantined.key] : [])];

const sumOf = (metric: string, log: Awaited<ReturnType<AppliedLake['logOf']>>): number =>
  log
    .filter((line) => '_aws' in line)
    .flatMap((line) => line[metric] ?? [])
    .reduce<number>((sum, value) => sum + Number(value), 0);
