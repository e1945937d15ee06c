import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Manifest, manifest } from '@sluice/step-contracts';
import { z } from 'zod';
import { dev } from '../src/environments/dev.ts';
import { at, resources, stackOf } from './synthesized.ts';

/**
 * DuckDB with the `runs` table of the catalogue over these manifests: its columns have the types that the catalogue
 * declares, and what does not fit is an error.
 */
export const withRuns = async <T>(
  manifests: readonly Manifest[],
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-runs-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const file = join(folder, 'runs.jsonl');
    const lines = manifests.map((one) => JSON.stringify(inLowerCase(manifest.parse(one))));
    await writeFile(file, lines.join('\n'));
    const columns = declaredColumns().map(({ name, type }) => `'${name}': '${duckDbType(type)}'`);
    await connection.run(`CREATE SCHEMA sluice_dev`);
    await connection.run(
      `CREATE TABLE sluice_dev.runs AS FROM read_json('${file}', format = 'newline_delimited', columns = {${columns.join(', ')}})`,
    );
    await connection.run('CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)');
    return await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
};

export const rowsOf = async (connection: DuckDBConnection, sql: string) =>
  (await connection.runAndReadAll(sql)).getRowObjectsJson();

const declaredColumns = () => {
  const runs = resources(stackOf(dev), 'aws_glue_catalog_table').find(({ body }) => body.name === 'runs');
  return z
    .array(z.object({ name: z.string(), type: z.string() }))
    .parse(at(runs?.body, 'storage_descriptor', 'columns'));
};

/** As Hive's JSON SerDe matches the names. */
export const inLowerCase = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inLowerCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inLowerCase(inner)]),
  );
};

/** `array<struct<rule:string,rows:bigint>>` becomes `STRUCT("rule" VARCHAR, "rows" BIGINT)[]`. */
const duckDbType = (hive: string): string => {
  const inside = /^(array|struct)<(.*)>$/.exec(hive);
  if (inside?.[1] === 'array') return `${duckDbType(inside[2] ?? '')}[]`;
  if (inside?.[1] === 'struct') {
    const fields = atTopLevel(inside[2] ?? '').map((field) => {
      const colon = field.indexOf(':');
      return `"${field.slice(0, colon)}" ${duckDbType(field.slice(colon + 1))}`;
    });
    return `STRUCT(${fields.join(', ')})`;
  }
  const scalar = { string: 'VARCHAR', bigint: 'BIGINT', double: 'DOUBLE', boolean: 'BOOLEAN' }[hive];
  if (scalar === undefined) throw new Error(`no type for ${hive}`);
  return scalar;
};

const atTopLevel = (fields: string): string[] => {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  [...fields, ','].forEach((character, index) => {
    if (character === '<') depth += 1;
    if (character === '>') depth -= 1;
    if (character !== ',' || depth > 0) return;
    found.push(fields.slice(start, index));
    start = index + 1;
  });
  return found;
};
