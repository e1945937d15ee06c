import type { Dataset, ValueType } from '@sluice/record-schema';
import { sqlType } from './expressions.ts';
import { type EngineLimits, openSession } from './session.ts';
import { identifier, literal } from './sql.ts';

/** A published value as this engine's text of it; see `Value`. */
const valueSql = (type: ValueType, text: string): string =>
  type.type === 'timestamp'
    ? `make_timestamp(CAST(${text} AS BIGINT) * 1000)`
    : `CAST(${text} AS ${sqlType(type)})`;

/** A row is at most what a state may be given, 256 KiB; its published values may be somewhat longer. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** A third of what DuckDB would choose: it holds a group of rows as texts and as values, most of the memory that this takes. */
const ROWS_PER_GROUP = 40_960;

/**
 * Turns rows that the TypeScript engine accepted into a file as the DuckDB engine would have written it, from lines of
 * `[value, …]` in the order of the dataset's columns. Says how many rows were written.
 *
 * Each file has a session of its own: one that has written keeps what memory it may have.
 */
export const valuesToParquet = async (
  dataset: Dataset,
  files: { readonly values: string; readonly parquet: string; readonly scratchDir: string },
  limits: EngineLimits,
): Promise<number> => {
  const columns = dataset.columns.map(
    ({ name, valueType }, at) => `${valueSql(valueType, `json[${at + 1}]`)} AS ${identifier(name)}`,
  );
  const session = await openSession(files.scratchDir, limits);
  try {
    return await session.copy(
      `COPY (SELECT ${columns.join(', ')}
        FROM read_json(${literal(files.values)}, format = 'newline_delimited', records = false,
          columns = {json: 'VARCHAR[]'}, maximum_object_size = ${MAX_LINE_BYTES}))
      TO ${literal(files.parquet)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROWS_PER_GROUP})`,
    );
  } finally {
    session.close();
  }
};
