import { readFileSync } from 'node:fs';
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

test('prod lets nobody drop a table and its partitions with it', () => {
  const free = resources(stackOf(prod), 'aws_glue_catalog_table').filter(
    ({ body }) => at(body, 'lifecycle', 'prevent_destroy') !== true,
  );
  expect(free).toEqual([]);
});
