import { tmpdir } from 'node:os';
import type { Dataset } from '@sluice/record-schema';
import { openSession, type Session } from '../src/duckdb/session.ts';
import { identifier, literal } from '../src/duckdb/sql.ts';
import type { Value } from '../src/index.ts';

/** Published columns in the form of `Value`, told without loss. */

const readable = (name: string, type: string): string => {
  const column = identifier(name);
  switch (type) {
    case 'timestamp':
      return `epoch_ms(${column})`;
    case 'date':
      return `CAST(${column} AS VARCHAR)`;
    case 'decimal':
      // DuckDB leaves out the zero before the point if there are no digits for it.
      return `regexp_replace(CAST(${column} AS VARCHAR), '^(-?)\\.', '\\10.')`;
    case 'text':
      // As bytes: the client drops a byte order mark that begins a text.
      return `encode(${column})`;
    default:
      return column;
  }
};

const told = (value: unknown): Value =>
  value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : (value as Value); // `readable` leaves no other type

/** The published columns, to be selected from rows of DuckDB's own. */
export const readableColumns = ({ columns }: Dataset): readonly string[] =>
  columns.map(({ name, valueType }, at) => `${readable(name, valueType.type)} AS v${at}`);

/** A row that has been selected by `readableColumns`. */
export const valuesOf = ({ columns }: Dataset, row: Readonly<Record<string, unknown>>): readonly Value[] =>
  columns.map((_, at) => told(row[`v${at}`]));

let session: Promise<Session> | undefined;

/** One session for a whole suite. */
export const sharedSession = (): Promise<Session> => {
  session ??= openSession(tmpdir(), { memoryMb: 500, threads: 2 });
  return session;
};

const readParquet = (files: readonly string[]): string => `read_parquet([${files.map(literal).join(', ')}])`;

/** The rows of Parquet files with a dataset's published columns. */
export const readPublished = async (
  dataset: Dataset,
  files: readonly string[],
): Promise<readonly (readonly Value[])[]> => {
  if (files.length === 0) return [];
  const open = await sharedSession();
  const rows = await open.query(`SELECT ${readableColumns(dataset).join(', ')} FROM ${readParquet(files)}`);
  return rows.map((row) => valuesOf(dataset, row));
};

/**
 * The columns of a Parquet file: name, physical type, repetition, and what a reader takes them for. The annotations behind
 * that are not compared to the letter, since DuckDB still writes the older ones of the format (`INT_64`, `UTF8`), and the
 * bytes of a decimal beyond 18 digits neither: DuckDB writes 16, Spark as many as the digits need.
 */
export const parquetColumns = async (file: string): Promise<readonly string[]> => {
  const open = await sharedSession();
  const columns = await open.query(
    `SELECT column_name, column_type, type, repetition_type, CASE WHEN type = 'INT64' AND column_type LIKE 'TIME%' THEN CAST(logical_type AS VARCHAR) END AS unit
     FROM (SELECT row_number() OVER () AS place, * FROM (DESCRIBE FROM ${readParquet([file])}))
     JOIN (SELECT row_number() OVER () AS place, name, type, repetition_type, logical_type
           FROM parquet_schema(${literal(file)}) WHERE coalesce(num_children, 0) = 0)
     USING (place) ORDER BY place`,
  );
  return columns.map((column) => JSON.stringify(column));
};
