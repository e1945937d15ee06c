import { type Dataset, type GlueColumn, glueColumns, gluePartitionKeys } from '@sluice/record-schema';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Of Athena's engine 3, which is Trino: of the rows that are alike in the dataset's key, one. Of copies any would do; by
 * file, then by all columns, it is the same one every time.
 */
const uniqueRowsSql = (dataset: Dataset, key: readonly string[], database: string): string => {
  const columns = viewColumns(dataset).map(({ name }) => quoted(name));
  const copies = `PARTITION BY ${key.map(quoted).join(', ')} ORDER BY ${['"$path"', ...columns].join(', ')}`;
  return `SELECT ${columns.join(', ')} FROM (SELECT ${columns.join(', ')}, row_number() OVER (${copies}) AS "copy" FROM ${quoted(database)}.${quoted(dataset.name)}) WHERE "copy" = 1`;
};

/** Columns of the view, with Hive's types. */
export const viewColumns = (dataset: Dataset): readonly GlueColumn[] => [
  ...glueColumns(dataset),
  ...gluePartitionKeys(dataset),
];

/** Hive's types by the names that Trino has for them; what is not here is called the same. */
const trinoTypes: Readonly<Record<string, string>> = {
  string: 'varchar',
  int: 'integer',
  timestamp: 'timestamp(3)',
};

/** How Athena keeps a view in Glue: the text of a `VIRTUAL_VIEW`, which only engines of Presto's kin can read. */
export const uniqueViewText = (dataset: Dataset, key: readonly string[], database: string): string => {
  const view = {
    originalSql: uniqueRowsSql(dataset, key, database),
    catalog: 'awsdatacatalog',
    schema: database,
    columns: viewColumns(dataset).map(({ name, type }) => ({ name, type: trinoTypes[type] ?? type })),
  };
  return `/* Presto View: ${Buffer.from(JSON.stringify(view)).toString('base64')} */`;
};
