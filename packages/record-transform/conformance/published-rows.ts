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
 * The columns of a Parquet file: name, physical and logical type, repetition. The length of a decimal's bytes is left
 * out: DuckDB writes 16 of any that are beyond 18 digits, Spark as many as the digits need.
 */
export const parquetColumns = async (file: string): Promise<readonly string[]> => {
  const open = await sharedSession();
  const columns = await open.query(
    `SELECT name, type, repetition_type, converted_type, scale, precision, CAST(logical_type AS VARCHAR) AS logical
     FROM parquet_schema(${literal(file)}) WHERE num_children IS NULL OR num_children = 0`,
  );
  return columns.map((column) => JSON.stringify(column));
};
