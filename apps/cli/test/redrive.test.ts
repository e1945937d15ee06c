import { renameSync } from 'node:fs';
import { appendFile, cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import { stagedName } from '@sluice/step-contracts';
import type { WorkflowName } from '@sluice/workflows';
import { messyOrders } from '../src/demo/messy-orders.ts';
import { listRuns } from '../src/lake/find-run.ts';
import { openLake, openOrCreateLake } from '../src/lake/open-lake.ts';
import { withRunLock } from '../src/lake/run-lock.ts';
import { type FinishedRun, runFile } from '../src/run/run-file.ts';
import type { RunView } from '../src/run/run-view.ts';
import type { RunWatcher } from '../src/run/run-watcher.ts';
import { AS_OF, HEADER, smallOrders } from './orders.ts';
import { nobodyWatches, redriveInProcess, runInProcess } from './run-in-process.ts';
import { type Ended, litterOf, newFolder, sluice, zonesOf } from './sluice.ts';

// Many batches for those who count them, three for the rest.
const ROWS = { many: 10_000, few: 1_200 } as const;
type Size = keyof typeof ROWS;

let folder: Awaited<ReturnType<typeof newFolder>>;
const at = (name: string): string => join(folder.path, name);
const fileOf = (size: Size): string => at(`${size}.csv`);

beforeAll(async () => {
  folder = await newFolder();
  for (const [size, rows] of Object.entries(ROWS))
    await writeFile(at(`${size}.csv`), Buffer.concat([...messyOrders(rows)]));
  for (const [size, workflow] of [
    ['many', 'csv-map'],
    ['few', 'csv-map'],
    ['few', 'etl'],
  ] as const)
    await runInProcess(at(`calm ${size} ${workflow}`), 'orders', fileOf(size), AS_OF, workflow);
}, 60_000);
afterAll(() => folder.remove());

/** The zones without what a Map Run answered: it has times in it. */
const lakeOf = async (lake: string): Promise<object> =>
  Object.fromEntries(Object.entries(await zonesOf(lake)).filter(([path]) => !path.includes('map-results')));

const calm = (size: Size, workflow: WorkflowName): Promise<object> => lakeOf(at(`calm ${size} ${workflow}`));

/** Takes orders into a new lake, until the process is killed at a failpoint. */
const killedAt = async (point: string, size: Size, workflow: WorkflowName): Promise<string> => {
  const lake = at(`${workflow} ${size} ${point} ${Math.random()}`);
  const args = ['run', fileOf(size), '--dataset', 'orders', '--as-of', AS_OF, '--workflow', workflow];
  const { signal } = await sluice([...args, '--lake', lake], { env: { SLUICE_FAILPOINT: point } });
  expect([point, signal]).toEqual([point, 'SIGKILL']);
  return lake;
};

const redrive = (lake: string, env: Record<string, string> = {}): Promise<Ended> =>
  sluice(['redrive', 'orders', '--json', '--lake', lake], { env });

const viewIn = ({ stdout }: Ended): RunView => JSON.parse(stdout);

const journalOf = async (lake: string): Promise<string> => {
  const names = (await readdir(join(lake, 'executions'))).filter((name) => name.endsWith('.journal'));
  expect(names).toHaveLength(1);
  return join(lake, 'executions', names[0] ?? '');
};

describe('a run that was killed in the midst of its batches', () => {
  let killed: string;
  beforeAll(async () => {
    killed = await killedAt('process:staged:12', 'many', 'csv-map');
  }, 30_000);

  test('goes on with those that were not done, and leaves the lake that it would have left', async () => {
    const lake = at('goes on');
    await cp(killed, lake, { recursive: true });
    const hook = fileURLToPath(new URL('trace-failpoints.ts', import.meta.url));
    const trace = at('goes on.trace');
    const ended = await redrive(lake, { NODE_OPTIONS: `--import ${hook}`, SLUICE_TRACE: trace });
    expect(ended.code).toBe(0);
    const { execution } = viewIn(ended);
    const { total = 0, doneBefore = 0, ranAgain = 0 } = execution?.redrive?.batches ?? {};
    expect(doneBefore).toBeGreaterThan(0);
    expect(doneBefore + ranAgain).toBe(total);
    expect(ended.stderr).toContain(
      `redrive 1: ${ranAgain} of ${total} batches ran again, ${doneBefore} had been done`,
    );
    const judged = (await readFile(trace, 'utf8')).match(/^process:judged$/gm);
    expect(judged).toHaveLength(ranAgain);
    expect(await lakeOf(lake)).toEqual(await calm('many', 'csv-map'));
    expect(await litterOf(lake)).toEqual([]);
  }, 30_000);

  test('can be killed and redriven again', async () => {
    const lake = at('again');
    await cp(killed, lake, { recursive: true });
    expect(await redrive(lake, { SLUICE_FAILPOINT: 'process:staged:3' })).toMatchObject({
      signal: 'SIGKILL',
    });
    const { execution } = await redriveInProcess(lake, 'orders');
    expect(execution).toMatchObject({ status: 'SUCCEEDED', redrive: { count: 2 } });
    expect(await lakeOf(lake)).toEqual(await calm('many', 'csv-map'));
  }, 30_000);

  test('is listed and shown, and says how it goes on', async () => {
    const [runs, show] = await Promise.all([
      sluice(['runs', '--lake', killed]),
      sluice(['show', 'orders', '--lake', killed]),
    ]);
    expect(runs.stdout).toMatch(/^orders-[0-9a-f]{8} +failed +incoming\/orders\/many\.csv/m);
    expect(show.stdout).toContain('not finished');
    expect(show.stdout).toMatch(/Go on where it stopped +sluice redrive orders-[0-9a-f]{8} --lake/);
  }, 30_000);

  test.each([
    [
      'is cut off in the midst of a line',
      async (path: string) => truncate(path, (await stat(path)).size - 40),
    ],
    ['ends in what a power cut leaves', (path: string) => appendFile(path, Buffer.alloc(300))],
    [
      'was lost but for its first line',
      async (path: string) => truncate(path, (await readFile(path)).indexOf('\n') + 1),
    ],
    [
      'was cut off in its second line',
      async (path: string) => truncate(path, (await readFile(path)).indexOf('\n') + 20),
    ],
  ])(
    'goes on although its journal %s',
    async (damage, harm) => {
      const lake = at(damage);
      await cp(killed, lake, { recursive: true });
      await harm(await journalOf(lake));
      expect((await redriveInProcess(lake, 'orders')).execution.status).toBe('SUCCEEDED');
      expect(await lakeOf(lake)).toEqual(await calm('many', 'csv-map'));
    },
    30_000,
  );

  test('has left no row in its journal', async () => {
    const journal = await readFile(await journalOf(killed), 'utf8');
    const emails = (await readFile(fileOf('many'), 'utf8')).match(/[\w.]+@[\w.]+/g) ?? [];
    expect(emails.length).toBeGreaterThan(1000);
    expect(emails.filter((email) => journal.includes(email))).toEqual([]);
  });

  test('can be run anew instead, with a journal of its own that goes with it', async () => {
    const lake = at('anew');
    await cp(killed, lake, { recursive: true });
    const { execution } = await runInProcess(lake, 'orders', fileOf('many'), AS_OF, 'csv-map');
    expect(execution.redrive).toBeNull();
    expect(await lakeOf(lake)).toEqual(await calm('many', 'csv-map'));
    await expect(redriveInProcess(lake, 'orders')).rejects.toThrow(/nothing to redrive: .* has succeeded/);
    expect((await readdir(join(lake, 'executions'))).filter((name) => !name.endsWith('.json'))).toEqual([]);
  }, 30_000);
});

describe('wherever a run was killed', () => {
  test.each([
    ['csv-map', 'state:ProcessCsvRows:entered'],
    ['csv-map', 'process:judged'],
    ['csv-map', 'collect:cleared'],
    ['csv-map', 'publish:copied'],
    ['csv-map', 'state:Succeeded:entered'],
    ['etl', 'score:scored'],
    ['etl', 'state:TransformObject:exited'],
    ['etl', 'publish:opened'],
  ] as const)(
    '%s at %s, it leaves the same lake when it is redriven',
    async (workflow, point) => {
      const lake = await killedAt(point, 'few', workflow);
      const { execution, manifest } = await redriveInProcess(lake, 'orders');
      expect([execution.status, manifest?.status]).toEqual(['SUCCEEDED', 'published']);
      expect(await lakeOf(lake)).toEqual(await calm('few', workflow));
    },
    30_000,
  );
});

/** Runs the orders in this process, for somebody who interferes. */
const runWatched = async (
  lake: string,
  size: Size,
  signal: AbortSignal,
  watcher: Partial<RunWatcher>,
): Promise<FinishedRun> => {
  const dataset = datasets.get('orders');
  if (!dataset) throw new Error('no orders');
  return runFile({
    lake: await openOrCreateLake(lake),
    dataset,
    workflow: 'csv-map',
    file: fileOf(size),
    asOf: AS_OF,
    signal,
    watcher: { ...nobodyWatches, ...watcher },
  });
};

test('a run that was stopped goes on with the batches that were not done', async () => {
  const lake = at('stopped');
  const stop = new AbortController();
  const { execution: stopped } = await runWatched(lake, 'many', stop.signal, {
    mapRun: (mapRun) => {
      const timer = setInterval(() => {
        if (mapRun.describe().executionCounts.succeeded < 3) return;
        clearInterval(timer);
        stop.abort();
      }, 1);
    },
  });
  expect(stopped.status).toBe('ABORTED');
  const { execution } = await redriveInProcess(lake, 'orders');
  expect(execution.redrive?.batches?.doneBefore).toBeGreaterThanOrEqual(3);
  expect(await lakeOf(lake)).toEqual(await calm('many', 'csv-map'));
}, 30_000);

test('a run whose publishing failed goes on with publishing', async () => {
  const lake = at('unpublished');
  const aside = at('report.json');
  let report = '';
  const failed = await runWatched(lake, 'few', new AbortController().signal, {
    started: ({ runId }) => {
      report = join(lake, 'curated', stagingPrefix(runId), stagedName.report);
    },
    event: ({ stateEnteredEventDetails: entered }) => {
      if (entered?.name === 'UpdateDataCatalog') renameSync(report, aside);
    },
  });
  expect(failed).toMatchObject({
    manifest: null,
    execution: { status: 'FAILED', failure: { error: 'Error' } },
  });
  renameSync(aside, report);
  const { execution } = await redriveInProcess(lake, 'orders');
  expect(execution.redrive).toMatchObject({ count: 1, state: 'UpdateDataCatalog', batches: null });
  expect(execution.states.find(({ state }) => state === 'CollectMapRun')).toMatchObject({ attempts: 1 });
  expect(await lakeOf(lake)).toEqual(await calm('few', 'csv-map'));
}, 30_000);

describe('one line says why', () => {
  const AGAIN = String.raw`sluice run \S+few\.csv --dataset orders --lake \S.* --workflow csv-map --as-of ${AS_OF}`;
  let killed: string;
  beforeAll(async () => {
    killed = await killedAt('process:judged:2', 'few', 'csv-map');
  }, 30_000);

  const copied = async (name: string): Promise<string> => {
    await cp(killed, at(name), { recursive: true });
    return at(name);
  };
  const refusal = (lake: string, prefix = 'orders'): Promise<string> =>
    redriveInProcess(lake, prefix).then(
      () => 'redriven',
      (error: Error) => error.message,
    );

  test('a run that does not exist is not redriven', async () => {
    expect(await refusal(killed, 'nothing')).toMatch(
      /^there is no run "nothing" in .*; list them: sluice runs/,
    );
  });

  test('a refused object has to be mended', async () => {
    const lake = at('refused');
    await writeFile(at('hollow.csv'), `${HEADER}\n,,,,,,,,\n,,,,,,,,\n`);
    await runInProcess(lake, 'orders', at('hollow.csv'), AS_OF, 'csv-map');
    expect(await refusal(lake)).toMatch(/^not redrivable: the object was refused; mend it and run it anew: /);
  }, 30_000);

  test('an error that a redrive cannot mend has to be put right, and the run started anew', async () => {
    const lake = at('unreadable');
    const unclosed = smallOrders.replace('A3,"Smith', 'A3,"Smith" x');
    await writeFile(at('unclosed.csv'), `${unclosed}"never closed\n${smallOrders.slice(HEADER.length + 1)}`);
    await runInProcess(lake, 'orders', at('unclosed.csv'), AS_OF, 'csv-map');
    expect(await refusal(lake)).toMatch(
      /^nothing to redrive: orders-\S+ ended for good, in PipelineFailed; .* sluice run \S+unclosed\.csv /,
    );
  }, 30_000);

  test('another process is at work on it', async () => {
    const lake = await openLake(await copied('busy'));
    const waiting = { signal: new AbortController().signal, onWait: () => undefined };
    const why = await withRunLock(lake, 'orders', 'few.csv', waiting, () => refusal(at('busy')));
    expect(why).toMatch(/^another process is at work on orders-[0-9a-f]{32}; wait until it has ended$/);
    const states = async () => (await listRuns(lake)).map(({ running }) => running);
    expect(await withRunLock(lake, 'orders', 'few.csv', waiting, states)).toEqual([true]);
    expect(await states()).toEqual([false]);
  });

  test('its object is gone, or another one has its name', async () => {
    const lake = await copied('gone');
    const raw = join(lake, 'raw/incoming/orders/few.csv');
    await writeFile(raw, smallOrders);
    expect(await refusal(lake)).toMatch(
      new RegExp(
        String.raw`holds other bytes than orders-\S+ started with; they are a run of their own: ${AGAIN}$`,
      ),
    );
    await rm(raw);
    expect(await refusal(lake)).toMatch(new RegExp(String.raw`few\.csv is gone; land it again: ${AGAIN}$`));
  });

  test.each([
    [
      'orders has changed',
      'origin',
      '0'.repeat(32),
      /^the dataset orders has changed since orders-\S+ started/,
    ],
    ['the key of pseudonyms is another', 'pseudonymKeyId', 'feed', /^PSEUDONYM_KEY is not the one that/],
  ])('%s', async (name, field, value, why) => {
    const lake = await copied(name);
    const path = await journalOf(lake);
    const [first = '', ...rest] = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, [JSON.stringify({ ...JSON.parse(first), [field]: value }), ...rest].join('\n'));
    expect(await refusal(lake)).toMatch(why);
    expect(await refusal(lake)).toMatch(new RegExp(`${AGAIN}$`));
  });

  test('its dataset is gone', async () => {
    const lake = await copied('no dataset');
    const path = await journalOf(lake);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"dataset":"orders"', '"dataset":"ordres"'));
    expect(await refusal(lake)).toBe(
      'the dataset ordres is gone, so nothing is known of its rows; put it back',
    );
  });

  test('there is no journal', async () => {
    const lake = await copied('without');
    const stop = new AbortController();
    const failed = await runWatched(lake, 'few', stop.signal, { event: () => stop.abort() });
    expect(failed.execution.status).toBe('ABORTED');
    await writeFile(await journalOf(lake), '{"journalVersion":2}');
    expect(await refusal(lake)).toMatch(
      /^nothing to redrive: orders-\S+ left no journal, or a broken one; run it anew: sluice run \S+few\.csv /,
    );
  });
});
