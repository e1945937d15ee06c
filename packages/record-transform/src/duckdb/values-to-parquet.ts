import type { Dataset, ValueType } from '@sluice/record-schema';
import { sqlType } from './expressions.ts';
import { type EngineLimits, openSession } from './session.ts';
import { identifier, literal } from './sql.ts';

/** Turns rows that the TypeScript engine accepted into the files that the DuckDB engine would have written. */
export interface ParquetWriter {
  /** From lines of `[value, …]`, in the order of the dataset's columns; how many rows were written. */
  write(valuesFile: string, parquetFile: string): Promise<number>;
  close(): void;
}

/** A published value as this engine's text of it; see `Value`. */
const valueSql = (type: ValueType, text: string): string =>
  type.type === 'timestamp'
    ? `make_timestamp(CAST(${text} AS BIGINT) * 1000)`
    : `CAST(${text} AS ${sqlType(type)})`;

/** A row is at most what a state may be given, 256 KiB; its published values may be somewhat longer. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** A third of what DuckDB would choose: it holds a group of rows as texts and as values, most of the memory that this takes. */
const ROWS_PER_GROUP = 40_960;

export const openParquetWriter = async (
  dataset: Dataset,
  scratchDir: string,
  limits: EngineLimits,
): Promise<ParquetWriter> => {
  const session = await openSession(scratchDir, limits);
  const columns = dataset.columns.map(
    ({ name, valueType }, at) => `${valueSql(valueType, `json[${at + 1}]`)} AS ${identifier(name)}`,
  );
  return {
    write: (valuesFile, parquetFile) =>
      session.copy(
        `COPY (SELECT ${columns.join(', ')}
          FROM read_json(${literal(valuesFile)}, format = 'newline_delimited', records = false,
            columns = {json: 'VARCHAR[]'}, maximum_object_size = ${MAX_LINE_BYTES}))
        TO ${literal(parquetFile)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROWS_PER_GROUP})`,
      ),
    close: session.close,
  };
};
