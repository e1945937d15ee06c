import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { z } from 'zod';
import { dev } from '../src/environments/dev.ts';
import { prod } from '../src/environments/prod.ts';
import { at, type Resource, resources, stackOf } from './synthesized.ts';

const curated = `\${aws_s3_bucket.zones_curated_bucket.bucket}`;

const named = (type: string, name: string, environment = dev): Resource['body'] => {
  const found = resources(stackOf(environment), type).find(({ body }) => body.name === name);
  if (!found) throw new Error(`there is no ${type} ${name}`);
  return found.body;
};
const databaseOf = (table: Resource['body']) => {
  const address = /^\$\{aws_glue_catalog_database\.(\w+)\.name\}$/.exec(String(table.database_name))?.[1];
  return resources(stackOf(dev), 'aws_glue_catalog_database').find(({ name }) => name === address)?.body.name;
};

const columns = z.array(z.object({ name: z.string(), type: z.string(), comment: z.string() }));
/** What `pnpm generate` wrote of a dataset, and publishing's engines are held to. */
const generated = (dataset: string) =>
  z
    .object({ name: z.string(), description: z.string(), columns, partitionKeys: columns })
    .parse(
      JSON.parse(
        readFileSync(
          new URL(`../../packages/datasets/generated/${dataset}.glue.json`, import.meta.url),
          'utf8',
        ),
      ),
    );

describe.each([...datasets.keys()])('the table %s', (dataset) => {
  const table = named('aws_glue_catalog_table', dataset);
  const expected = generated(dataset);

  test('has the columns of its dataset', () => {
    expect(at(table, 'storage_descriptor', 'columns')).toEqual(expected.columns);
  });

  test('has the partition keys of its dataset', () => {
    expect(table.partition_keys).toEqual(expected.partitionKeys);
  });

  test('says what a row is', () => {
    expect(table.description).toBe(expected.description);
  });

  test('lies where publishing puts the rows', () => {
    expect(at(table, 'storage_descriptor', 'location')).toBe(`s3://${curated}/processed/${dataset}/`);
  });

  test('is in the database that is called after the environment, as Glue can', () => {
    expect(databaseOf(table)).toBe('sluice_dev');
  });

  test('is read as Parquet', () => {
    expect(at(table, 'storage_descriptor', 'ser_de_info', 'serialization_library')).toBe(
      'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    );
  });

  test('knows partitions only from publishing', () => {
    const parameters = Object.keys(z.record(z.string(), z.string()).parse(table.parameters));
    expect(parameters.filter((key) => key.startsWith('projection.'))).toEqual([]);
  });
});

test('the manifests of all datasets are one table', () => {
  const runs = named('aws_glue_catalog_table', 'runs');
  expect(at(runs, 'storage_descriptor', 'location')).toBe(`s3://${curated}/runs/`);
});

describe('the view of each record once', () => {
  const view = named('aws_glue_catalog_table', 'orders_unique');
  const [, encoded = ''] = /^\/\* Presto View: (\S+) \*\/$/.exec(String(view.view_original_text)) ?? [];
  const {
    originalSql,
    schema,
    columns: typed,
  } = z
    .object({
      originalSql: z.string(),
      schema: z.string(),
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
    })
    .parse(JSON.parse(Buffer.from(encoded, 'base64').toString()));

  test('has the columns of the table, partitions included', () => {
    const { columns: ofTable, partitionKeys } = generated('orders');
    expect(at(view, 'storage_descriptor', 'columns')).toEqual([...ofTable, ...partitionKeys]);
    expect(typed.map(({ name }) => name)).toEqual([...ofTable, ...partitionKeys].map(({ name }) => name));
    expect([...new Set(typed.map(({ type }) => type))].sort()).toEqual([
      'bigint',
      'double',
      'integer',
      'timestamp(3)',
      'varchar',
    ]);
  });

  test('shows one of the rows with the same key, whatever else they hold', async () => {
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(`CREATE SCHEMA ${schema}`);
    const cells = (id: string, name: string, path: string): string =>
      `(${[...typed.map((one) => (one.name === 'id' ? `'${id}'` : one.name === 'name' ? `'${name}'` : 'NULL')), `'${path}'`].join(', ')})`;
    const names = [...typed.map(({ name }) => name), '$path'].map((name) => `"${name}"`);
    await connection.run(
      `CREATE TABLE ${schema}.orders AS SELECT * FROM (VALUES ${[
        cells('1', 'B', 'b'),
        cells('2', 'A', 'b'),
        cells('1', 'A', 'a'),
        cells('1', 'C', 'a'),
      ].join(', ')}) AS row(${names.join(', ')})`,
    );
    const shown = await connection.runAndReadAll(`SELECT id, name FROM (${originalSql}) ORDER BY id`);
    expect(shown.getRows()).toEqual([
      ['1', 'A'],
      ['2', 'A'],
    ]);
  });

  test('is there for datasets with a key only', () => {
    const views = resources(stackOf(dev), 'aws_glue_catalog_table').filter(
      ({ body }) => body.table_type === 'VIRTUAL_VIEW',
    );
    expect(views.map(({ body }) => body.name)).toEqual(
      [...datasets.values()].filter(({ key }) => key !== null).map(({ name }) => `${name}_unique`),
    );
  });
});

test('prod lets nobody drop a table and its partitions with it', () => {
  const free = resources(stackOf(prod), 'aws_glue_catalog_table').filter(
    ({ body }) => body.table_type !== 'VIRTUAL_VIEW' && at(body, 'lifecycle', 'prevent_destroy') !== true,
  );
  expect(free).toEqual([]);
});
