import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sparkState } from '@sluice/transform-spark/environment';
import { writeOrders } from '../bench/orders-file.ts';
import { openOrCreateLake } from '../src/lake/open-lake.ts';
import type { FinishedRun } from '../src/run/run-file.ts';
import { codeSpansOf } from './failures/failure.ts';
import { AS_OF } from './orders.ts';
import { litterOf, newFolder, sluice } from './sluice.ts';
import { canMount, mountDisk } from './spark-faults/disks.ts';
import { type Kill, type SparkFault, sparkFaults } from './spark-faults/faults.ts';
import { contentsOf, runBySpark } from './spark-faults/lake.ts';
import { hasCome } from './spark-faults/moments.ts';
import { kill, victims } from './spark-faults/processes.ts';

const spark = await sparkState({ env: process.env });
if (spark.state === 'impossible') console.warn(`SKIPPED: the faults of Spark; ${spark.missing}`);
const describeWithSpark = spark.state === 'impossible' && !process.env.CI ? describe.skip : describe;

const allOfThem = process.env.SLUICE_SPARK_FAULTS === 'all';
if (allOfThem && !canMount) console.warn('SKIPPED: full and read-only disks, which only root may mount');

const ROWS_BYTES = 1e6;
// Some ten seconds, twice or three times; on a machine that has much else to do, minutes.
const TIMEOUT_MS = 900_000;

/** An object, and what a run of it that nobody disturbs leaves. */
interface Calm {
  readonly file: string;
  readonly contents: Awaited<ReturnType<typeof contentsOf>>;
}

let folder: Awaited<ReturnType<typeof newFolder>>;
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

const calmly = async (file: string): Promise<Calm> => {
  const lake = at(`calm ${basename(file)}`);
  await runBySpark(lake, file);
  return { file, contents: await contentsOf(lake) };
};

const kept = new Map<string, Promise<Calm>>();
const once = (name: string, make: (file: string) => Promise<unknown>): (() => Promise<Calm>) => {
  return () => {
    const made = kept.get(name) ?? make(at(name)).then(() => calmly(at(name)));
    kept.set(name, made);
    return made;
  };
};
const csv = once('orders.csv', (file) => writeOrders(file, ROWS_BYTES));
/** An array is one task's work, and goes through Python. */
const json = once('orders.json', (file) => {
  const order = (id: number) => ({
    id: `J${id}`,
    name: 'ann',
    email: 'ann@example.com',
    amount: '5',
    quantity: '1',
    price: '5',
    status: 'ACTIVE',
    created_date: '2025-06-01 10:00:00',
    region_code: '01',
  });
  return writeFile(file, JSON.stringify(Array.from({ length: 20_000 }, (_, id) => order(id % 19_000))));
});

const killedWhile = async (
  lake: string,
  { victim, moment, times }: Kill,
  run: Promise<unknown>,
): Promise<number> => {
  const killed = new Set<number>();
  let over = false;
  void run.finally(() => {
    over = true;
  });
  while (!over && killed.size < times) {
    const found = hasCome(lake, moment) ? victims(victim).filter((pid) => !killed.has(pid)) : [];
    for (const pid of found.slice(0, times - killed.size)) {
      kill(pid);
      killed.add(pid);
    }
    await setTimeout(5);
  }
  return killed.size;
};

const failureOf = ({ execution }: FinishedRun): string =>
  `${execution.status} ${execution.failure?.error} ${execution.failure?.cause}`;

/** Nothing is half-published, and running it again leaves what a run leaves that nobody disturbs. */
const expectSafe = async (
  lake: string,
  calm: Calm,
  fault: Pick<SparkFault, 'sees'>,
  run: FinishedRun,
): Promise<void> => {
  if (fault.sees === null) {
    expect(failureOf(run)).toBe('SUCCEEDED undefined undefined');
  } else {
    for (const words of codeSpansOf(fault.sees)) expect(failureOf(run)).toContain(words);
    expect(failureOf(run)).toMatch(/^FAILED \S+ [^\n]+$/);
    expect(await contentsOf(lake)).toMatchObject({ published: 'none', manifests: {} });
    expect(victims('jvm')).toEqual([]);
    await runBySpark(lake, calm.file);
  }
  expect(await contentsOf(lake)).toEqual(calm.contents);
  expect(await litterOf(lake)).toEqual([]);
};

const kills = sparkFaults.filter(
  (fault): fault is SparkFault & { how: Kill } => typeof fault.how !== 'string',
);

const faultNamed = (how: SparkFault['how']): SparkFault => {
  const found = sparkFaults.find((fault) => fault.how === how);
  if (!found) throw new Error(`no such fault: ${how}`);
  return found;
};
const sparkRun = (file: string, lake: string): string[] => [
  ...['run', file, '--dataset', 'orders', '--as-of', AS_OF, '--engine', 'spark', '--lake', lake],
];

const testAtLength = (name: string, body: () => Promise<void>, ms: number): void => {
  if (allOfThem) test(name, body, ms);
};
const testOnDisk: typeof testAtLength = (name, body, ms) => {
  if (allOfThem) (canMount ? test : test.skip)(name, body, ms);
};

describeWithSpark('a run by Spark', () => {
  test.each(kills.filter(({ always }) => always || allOfThem))(
    '$what: nothing is half-published, and the lake is the same when it is run again',
    async ({ what, how, sees }) => {
      const calm = await (how.victim === 'worker' ? json : csv)();
      const lake = at(what);
      const running = runBySpark(lake, calm.file);
      const killed = await killedWhile(lake, how, running);
      expect(killed).toBeGreaterThanOrEqual(Math.min(how.times, 4));
      await expectSafe(lake, calm, { sees }, await running);
    },
    TIMEOUT_MS,
  );

  testOnDisk(
    'on a full disk ends in one line, and the lake is the same when there is room',
    async () => {
      const calm = await csv();
      const lake = at('full');
      // Enough for the object, and not for what Spark makes of it.
      const disk = mountDisk(lake, `size=${(await stat(calm.file)).size + 800_000}`);
      try {
        const run = await runBySpark(lake, calm.file);
        disk.change('size=1g');
        await expectSafe(lake, calm, faultNamed('disk-full'), run);
      } finally {
        disk.unmount();
      }
    },
    TIMEOUT_MS,
  );

  testOnDisk(
    'whose staging folder cannot be written to ends in one line, and the lake is the same when it can',
    async () => {
      const calm = await csv();
      const lake = at('read-only');
      const { run } = await runBySpark(at('for its id'), calm.file, {}, 'duckdb');
      await openOrCreateLake(lake);
      const disk = mountDisk(join(lake, 'curated/staging', run.runId), 'ro');
      const failed = await runBySpark(lake, calm.file).finally(disk.unmount);
      await expectSafe(lake, calm, faultNamed('read-only-staging'), failed);
    },
    TIMEOUT_MS,
  );

  test(
    'of a gzip stream whose checksum is wrong, known at its end only, is refused as DuckDB refuses it',
    async () => {
      const zipped = gzipSync(await readFile((await csv()).file));
      const [checksum = 0] = zipped.subarray(-8);
      zipped.writeUInt8(checksum ^ 1, zipped.length - 8);
      const file = at('damaged.csv.gz');
      await writeFile(file, zipped);
      let stages = 0;
      const sparkProgress = (): void => {
        stages += 1;
      };
      const { manifest } = await runBySpark(at('damaged, by spark'), file, { sparkProgress });
      expect(manifest).toMatchObject({ status: 'rejected', code: 'corrupt_gzip' });
      expect(stages).toBeGreaterThan(0);
      await runBySpark(at('damaged, by duckdb'), file, {}, 'duckdb');
      expect(await contentsOf(at('damaged, by spark'))).toEqual(await contentsOf(at('damaged, by duckdb')));
    },
    TIMEOUT_MS,
  );

  testAtLength(
    'beside another of the same object leaves the same lake as one',
    async () => {
      const calm = await csv();
      const lake = at('two');
      const args = sparkRun(calm.file, lake);
      const ended = await Promise.all([sluice(args), sluice(args)]);
      expect(ended.map(({ code }) => code)).toEqual([0, 0]);
      expect(await contentsOf(lake)).toEqual(calm.contents);
      expect(await litterOf(lake)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'whose Spark is killed says in one line what to type',
    async () => {
      const { file } = await csv();
      const onStart = async (): Promise<void> => {
        for (;;) {
          const [driver] = victims('driver');
          if (driver !== undefined) return kill(driver);
          await setTimeout(5);
        }
      };
      const { code, stderr } = await sluice(sparkRun(file, at('told')), { onStart });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^sluice: .* failed: Spark was ended by SIGKILL, .* then: sluice run .*--engine spark --lake .*told'?$/m,
      );
    },
    TIMEOUT_MS,
  );

  testAtLength(
    'whose command is killed takes Spark with it, and the lake is the same when it is run again',
    async () => {
      const calm = await csv();
      const lake = at('command killed');
      const args = sparkRun(calm.file, lake);
      const when = async (): Promise<void> => {
        while (!hasCome(lake, 'while accepted rows are written')) await setTimeout(5);
      };
      expect(await sluice(args, { stop: { signal: 'SIGKILL', when } })).toMatchObject({ signal: 'SIGKILL' });
      expect(await contentsOf(lake)).toMatchObject({ published: 'none', manifests: {} });
      await runBySpark(lake, calm.file);
      expect(await contentsOf(lake)).toEqual(calm.contents);
      expect(await litterOf(lake)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
