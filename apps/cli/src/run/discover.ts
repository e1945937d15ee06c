import { DuckDBInstance } from '@duckdb/node-api';
import type { ObjectStore } from '@sluice/lake-storage';
import type { Dataset, SourceFormat } from '@sluice/record-schema';
import { literal } from '@sluice/record-transform';
import { formatOfKey } from '@sluice/record-transform/reading';
import type { RunInput } from '@sluice/step-contracts';
import { oneLine } from '../cli-error.ts';
import type { Discovery } from '../lake/execution-record.ts';

/** How many rows the sniffer looks at. */
const SAMPLE_ROWS = 20_480;

interface SniffedColumn {
  readonly name: string;
  readonly type: string;
}

const sniffSql = ({ source }: Dataset, format: SourceFormat, path: string): string => {
  switch (format) {
    case 'csv':
      return `SELECT unnest(Columns, recursive := true) FROM sniff_csv(${literal(path)}, delim = ${literal(source.delimiter)},
        quote = '"', escape = '"', header = true, strict_mode = false, ignore_errors = true, sample_size = ${SAMPLE_ROWS})`;
    case 'json':
      return `SELECT column_name AS name, column_type AS type
        FROM (DESCRIBE SELECT * FROM read_json_auto(${literal(path)}, sample_size = ${SAMPLE_ROWS}))`;
    case 'parquet':
      return `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM read_parquet(${literal(path)}))`;
  }
};

const sniff = async (sql: string): Promise<SniffedColumn[]> => {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    const rows = (await connection.runAndReadAll(sql)).getRows();
    return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};

/**
 * Does a crawler's work on one machine: DuckDB infers the object's columns, which are compared with the dataset's.
 * An object that the sniffer cannot make sense of is discovered without types: whether its rows can be read is for
 * scoring to say, which reads all of them.
 */
export const discoverObject = async (
  store: ObjectStore,
  dataset: Dataset,
  { bucket, key, etag }: RunInput['object'],
  scratchDir: string,
): Promise<Discovery> => {
  const file = await store.asLocalFile({ bucket, key }, scratchDir, { ifMatch: etag });
  if (!file) throw new Error(`The object ${bucket}/${key} has vanished; run it again.`);
  try {
    return await discover(dataset, formatOfKey(dataset, key), file.path);
  } finally {
    await file[Symbol.asyncDispose]();
  }
};

const discover = async (dataset: Dataset, format: SourceFormat, path: string): Promise<Discovery> => {
  const declared = new Map(dataset.fields.map((field) => [field.from, field.type]));
  try {
    const columns = await sniff(sniffSql(dataset, format, path));
    const names = new Set(columns.map(({ name }) => name));
    return {
      columns: columns.map(({ name, type }) => ({
        name,
        inferred: type,
        declared: declared.get(name) ?? null,
      })),
      missing: [...declared.keys()].filter((name) => !names.has(name)),
      note: null,
    };
  } catch (error) {
    return { columns: [], missing: [], note: `the sniffer gave up: ${oneLine(error).slice(0, 200)}` };
  }
};
