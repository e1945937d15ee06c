import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Manifest, manifest } from '@sluice/step-contracts';
import { z } from 'zod';

const main = createRequire(import.meta.url).resolve('@sluice/cli/src/main.ts');

// What `sluice run --json` prints, as far as it is compared.
const ran = z.object({
  manifest,
  files: z.object({ published: z.array(z.string()), quarantine: z.string().nullable() }),
});

/** What the embedded lake makes of a file. */
export interface EmbeddedRun {
  readonly manifest: Manifest;
  /** Paths of Parquet files. */
  readonly published: readonly string[];
  /** The quarantined rows, a line each. */
  readonly quarantine: string;
}

/** Runs a file of orders on this machine, by DuckDB, in a lake of its own below a folder. */
export const runEmbedded = async (
  folder: string,
  text: string,
  asOf: string,
  extension: 'csv' | 'jsonl' = 'csv',
): Promise<EmbeddedRun> => {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `orders.${extension}`);
  await writeFile(file, text);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      ...[main, 'run', file, '--dataset', 'orders', '--as-of', asOf, '--lake', join(folder, 'lake')],
      ...['--engine', 'duckdb', '--json'],
    ],
    // Jest's own options are not for this process.
    { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' }, maxBuffer: 2 ** 26 },
  );
  const { manifest: written, files } = ran.parse(JSON.parse(stdout));
  return {
    manifest: written,
    published: files.published.map((path) => join(folder, path)),
    quarantine: files.quarantine === null ? '' : await readFile(join(folder, files.quarantine), 'utf8'),
  };
};

/** What two engines have to agree about. Files are cut and compressed by each in its own way. */
export const comparableManifest = (manifest: Manifest): unknown => {
  if (manifest.status !== 'published') return manifest.status;
  const { runId: _run, object: _object, engine: _engine, files: cut, quarantine, ...rest } = manifest;
  return {
    ...rest,
    rows: cut.reduce((sum, { rows }) => sum + rows, 0),
    quarantine: quarantine && { rows: quarantine.rows, bytes: quarantine.bytes },
  };
};

/** The rows of Parquet files, each as the JSON text that DuckDB makes of it, sorted. */
export const rowsOf = async (paths: readonly string[]): Promise<string[]> => {
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  try {
    const list = paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(', ');
    // Partitions are folders, and those of the two lakes differ in nothing else.
    const reader = await connection.runAndReadAll(
      `SELECT to_json(lake) AS row FROM read_parquet([${list}], hive_partitioning = false) AS lake ORDER BY row`,
    );
    return reader.getRows().map(([row]) => String(row));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};
