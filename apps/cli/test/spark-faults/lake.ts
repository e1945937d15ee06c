import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { datasets } from '@sluice/datasets';
import { literal } from '@sluice/record-transform';
import { manifest } from '@sluice/step-contracts';
import { openOrCreateLake } from '../../src/lake/open-lake.ts';
import { type EngineWish, enginesOf } from '../../src/run/choose-engine.ts';
import { type FinishedRun, runFile } from '../../src/run/run-file.ts';
import type { RunWatcher } from '../../src/run/run-watcher.ts';
import { AS_OF } from '../orders.ts';
import { nobodyWatches } from '../run-in-process.ts';
import { zonesOf } from '../sluice.ts';

/** `sluice run FILE --dataset orders --engine spark`, without a process of its own: Spark's are children of this one. */
export const runBySpark = async (
  lake: string,
  file: string,
  watcher: Partial<RunWatcher> = {},
  engine: EngineWish = 'spark',
): Promise<FinishedRun> => {
  const dataset = datasets.get('orders');
  if (!dataset) throw new Error('no dataset orders');
  return runFile({
    workflow: 'etl',
    lake: await openOrCreateLake(lake),
    dataset,
    file,
    asOf: AS_OF,
    engines: enginesOf(engine, process.env, (line) => process.stderr.write(`${line}\n`)),
    signal: new AbortController().signal,
    watcher: { ...nobodyWatches, ...watcher },
  });
};

/** The rows that a lake has published, in no order: how many there are, and a sum over all that is in them. */
const publishedRows = async (lake: string, files: readonly string[]): Promise<string> => {
  if (files.length === 0) return 'none';
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const table = `read_parquet([${files.map((name) => literal(join(lake, name))).join(', ')}])`;
    const rows = await connection.runAndReadAll(
      `SELECT count(*), sum(hash(one)), (SELECT list((column_name, column_type)) FROM (DESCRIBE FROM ${table})) FROM ${table} one`,
    );
    return JSON.stringify(rows.getRowsJson()[0]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};

/**
 * What is in a lake, to be compared with what is in another. Spark's Parquet is other bytes each time, since its rows
 * come in any order; so its rows are compared, and with the manifest what is said of them.
 */
export const contentsOf = async (lake: string): Promise<Readonly<Record<string, unknown>>> => {
  const zones = await zonesOf(lake);
  const parquet = Object.keys(zones).filter((name) => name.endsWith('.parquet') && zones[name] !== 'folder');
  const others = Object.entries(zones).filter(([name]) => !/\.parquet$|\/runs\//.test(name));
  const manifests = Object.keys(zones).filter((name) => /\/runs\/.*\.json$/.test(name));
  const said = await Promise.all(
    manifests.map(async (name) => {
      const made = manifest.parse(JSON.parse(await readFile(join(lake, name), 'utf8')));
      return made.status === 'published'
        ? [name, { counts: made.counts, quality: made.quality, files: made.files.length }]
        : [name, made];
    }),
  );
  return {
    published: await publishedRows(lake, parquet),
    manifests: Object.fromEntries(said),
    others: Object.fromEntries(others),
  };
};
