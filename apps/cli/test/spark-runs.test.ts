import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sparkState } from '@sluice/transform-spark/environment';
import { messyOrders } from '../src/demo/messy-orders.ts';
import type { RunView } from '../src/run/run-view.ts';
import { AS_OF } from './orders.ts';
import { type Ended, litterOf, newFolder, type ProcessOptions, sluice, zonesOf } from './sluice.ts';

let folder: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  folder = await newFolder();
  await writeFile(join(folder.path, 'orders.csv'), Buffer.concat([...messyOrders(3000)]));
});
afterAll(() => folder.remove());

const run = (engine: string, lake: string, options: ProcessOptions = {}): Promise<Ended> =>
  sluice(
    [
      'run',
      'orders.csv',
      '--dataset',
      'orders',
      '--as-of',
      AS_OF,
      '--engine',
      engine,
      '--lake',
      lake,
      '--json',
    ],
    { cwd: folder.path, ...options },
  );

interface Left {
  readonly rows: readonly unknown[];
  readonly quarantine: string;
  readonly counts: unknown;
  readonly quality: unknown;
  readonly unknownColumns: unknown;
}

/** What of a lake is the same whichever engine made it, and in whatever order it wrote the rows. */
const leftIn = async (lake: string, view: RunView): Promise<Left> => {
  const { manifest } = view;
  if (manifest?.status !== 'published') throw new Error(`the run was ${view.status}`);
  const asked = await sluice(['query', 'SELECT * FROM orders ORDER BY ALL', '--lake', lake, '--json'], {
    cwd: folder.path,
  });
  return {
    rows: JSON.parse(asked.stdout).rows ?? JSON.parse(asked.stdout),
    quarantine: await readFile(join(folder.path, view.files.quarantine ?? ''), 'utf8'),
    counts: manifest.counts,
    quality: manifest.quality,
    unknownColumns: manifest.unknownColumns,
  };
};

const spark = await sparkState({ env: process.env });
if (spark.state === 'impossible') console.warn(`SKIPPED: runs by Spark; ${spark.missing}`);
const describeWithSpark = spark.state === 'impossible' && !process.env.CI ? describe.skip : describe;

describeWithSpark('messy orders', () => {
  let views: Record<'duckdb' | 'spark', RunView>;
  let said: string;
  // A first use fetches Spark, which takes as long as the network does.
  beforeAll(async () => {
    const [duckdb, spark] = [await run('duckdb', 'by-duckdb'), await run('spark', 'by-spark')];
    expect([duckdb.code, spark.code]).toEqual([0, 0]);
    views = { duckdb: JSON.parse(duckdb.stdout), spark: JSON.parse(spark.stdout) };
    said = spark.stderr;
  }, 900_000);

  test('are the same rows, quarantine, counts and quality by Spark as by DuckDB', async () => {
    const [duckdb, spark] = [await leftIn('by-duckdb', views.duckdb), await leftIn('by-spark', views.spark)];
    expect(spark).toEqual(duckdb);
    expect(spark.rows.length).toBeGreaterThan(1000);
  }, 60_000);

  test('go through Spark first and are scored by what it saw', () => {
    const states = views.spark.execution?.states.map(({ state }) => state) ?? [];
    expect(states).toEqual(expect.arrayContaining(['ChooseEngine', 'RunETLJob', 'ScoreStagedRows']));
    expect(states).not.toContain('TransformObject');
  });

  test('leave nothing beside the lake, and no staged object', async () => {
    const lake = join(folder.path, 'by-spark');
    expect(await litterOf(lake)).toEqual([]);
    expect(Object.keys(await zonesOf(lake)).filter((path) => path.includes('staging/'))).toEqual([]);
  });

  test('say which engine took them, and why', async () => {
    const engine = { engine: 'spark', because: 'it was asked for' };
    expect(views.spark.execution?.engine).toEqual(engine);
    expect(said).toContain('spark: it was asked for');
    const { runId, files } = views.spark;
    const shown = await sluice(['show', runId, '--lake', 'by-spark', '--json'], { cwd: folder.path });
    expect(JSON.parse(shown.stdout).execution.engine).toEqual(engine);
    expect(await readFile(join(folder.path, files.report ?? ''), 'utf8')).toContain(
      'spark: it was asked for',
    );
  });
});

describe('without a Java', () => {
  const env = { PATH: '/nowhere', JAVA_HOME: '' };

  test('--engine spark is one line, exit code 2, and nothing is written', async () => {
    const ended = await run('spark', 'no-java', { env });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      /^sluice: Spark 3\.5 runs on Java 8, 11 or 17, and no Java was found; install [^\n]+\n$/,
    );
    expect(await readdir(folder.path)).not.toContain('no-java');
  });

  test('a file that is not there is told of first', async () => {
    const ended = await sluice(['run', 'gone.csv', '--dataset', 'orders', '--engine', 'spark'], {
      cwd: folder.path,
      env,
    });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('gone.csv');
  });

  test('a run that does not ask for Spark is as always', async () => {
    expect(await run('auto', 'auto', { env })).toMatchObject({ code: 0 });
  });
});

test.each([
  [['--engine', 'sparc'], 'there is no engine "sparc"; did you mean spark?'],
  [['--engine', 'spark', '--workflow', 'csv-map'], '--engine is for --workflow etl'],
])('%j is a mistake in the command line', async (options, message) => {
  const ended = await sluice(['run', 'orders.csv', '--dataset', 'orders', ...options], { cwd: folder.path });
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toContain(message);
});
