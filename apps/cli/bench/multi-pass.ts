import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import type { RowCounts } from '@sluice/step-contracts';
import { sparkEnvironment } from '@sluice/transform-spark/environment';
import { defaultDriverMemoryMb } from '@sluice/transform-spark/spark-process';
import { z } from 'zod';
import { type Measured, measureProcess } from './measured-process.ts';
import { AS_OF } from './orders-file.ts';

const script = fileURLToPath(new URL('multi_pass.py', import.meta.url));
const jobCounts = z.object({ rowsIn: z.number(), duplicates: z.number(), written: z.number() });

/** Both JVMs'. */
export const DRIVER_MEMORY = `${defaultDriverMemoryMb()}m`;

/** Runs multi_pass.py over a file as a process of its own. */
export const multiPassJob = async (
  file: string,
  folder: string,
): Promise<{ measured: Measured; counts: z.output<typeof jobCounts> }> => {
  const output = join(folder, 'multi-pass');
  await rm(output, { recursive: true, force: true });
  const { python } = await sparkEnvironment({ env: process.env });
  const options = [
    ...['--master', `local[${availableParallelism()}]`, '--driver-memory', DRIVER_MEMORY],
    ...[
      'spark.ui.enabled=false',
      'spark.sql.session.timeZone=UTC',
      'spark.driver.host=127.0.0.1',
      `spark.local.dir=${folder}`,
    ].flatMap((one) => ['--conf', one]),
  ];
  console.error('  multi-pass …');
  const measured = await measureProcess('env', [
    `PYSPARK_SUBMIT_ARGS=${options.join(' ')} pyspark-shell`,
    ...[python, script, file, AS_OF, output],
  ]);
  return { measured, counts: jobCounts.parse(JSON.parse(measured.stdout.trim().split('\n').at(-1) ?? '')) };
};

/**
 * What the job has to count, from what `sluice run` made of the same file. It has no quarantine: rows with an unreadable
 * number or no id are published by it if they pass its filter, and so are rows that are too long, which it cuts. Those
 * that are too short lack what the filter asks for.
 */
export const jobCountsOf = async (
  { rowsIn, duplicates, accepted }: RowCounts,
  lake: string,
): Promise<z.output<typeof jobCounts>> => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const rows = await connection.runAndReadAll(
      `SELECT count(*)::DOUBLE FROM read_json(?, columns = {
         reasons: 'STRUCT("field" VARCHAR)[]', record: 'STRUCT(status VARCHAR, created_date VARCHAR)', raw: 'VARCHAR'
       }) WHERE raw LIKE '%,and,more' OR (
         record.status IN ('ACTIVE', 'PENDING')
         AND NOT list_contains([one.field FOR one IN reasons], 'created_date')
         AND TRY_CAST(record.created_date AS TIMESTAMP) >= ?::TIMESTAMP - INTERVAL 365 DAYS)`,
      [join(lake, 'curated/quarantine/orders/*.jsonl'), AS_OF.replace('Z', '')],
    );
    return { rowsIn, duplicates, written: accepted + Number(rows.getRows()[0]?.[0]) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};
