import { type DuckDBConnection, DuckDBInstance, type Json, StatementType } from '@duckdb/node-api';
import { literal } from '@sluice/record-transform';
import { CliError, oneLine } from '../cli-error.ts';
import type { Lake } from '../lake/open-lake.ts';
import { lakeViews } from './views.ts';

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Values in the order of the columns. Numbers that JSON cannot hold exactly, and moments, are texts. */
  readonly rows: readonly (readonly Json[])[];
  /** There are more rows than were asked for. */
  readonly cut: boolean;
}

/**
 * Answers one SELECT over the lake's views. The database is empty and in memory, nothing but a SELECT is taken, and the
 * only files within reach are those behind the views.
 *
 * @throws {CliError} with what DuckDB has to say of the statement
 */
export const queryLake = async (
  lake: Lake,
  sql: string,
  maxRows: number,
  scratchDir: string,
): Promise<Answer> => {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: '1GiB',
    temp_directory: scratchDir,
  });
  const connection = await instance.connect();
  try {
    const { statements, files } = await lakeViews(lake);
    await connection.run("SET TimeZone = 'UTC'");
    // Binding a view reads its files, so the files come first.
    for (const statement of statements) await connection.run(statement);
    await connection.run(`SET allowed_paths = [${files.map(literal).join(', ')}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    return await answer(connection, sql, maxRows);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};

const INTEGERS = /^U?(BIG|HUGE)INT$/;

/** As a number, if that is exact; large integers come as texts. */
const exactly = (value: Json): Json =>
  typeof value === 'string' && Number.isSafeInteger(Number(value)) ? Number(value) : value;

const answer = async (connection: DuckDBConnection, sql: string, maxRows: number): Promise<Answer> => {
  try {
    const extracted = await connection.extractStatements(sql);
    if (extracted.count !== 1)
      throw new CliError('query takes one SELECT; put one statement, no more and no less');
    const prepared = await extracted.prepare(0);
    try {
      if (prepared.statementType !== StatementType.SELECT) {
        throw new CliError('query reads, it does not write or configure: it takes a SELECT only');
      }
      const result = await prepared.stream();
      const rows: Json[][] = [];
      const names = result.deduplicatedColumnNames();
      const columns = result.columnTypes().map((type, at) => ({ name: names[at] ?? '', type: String(type) }));
      for await (const chunk of result.yieldRowsJson()) {
        for (const row of chunk) {
          if (rows.length === maxRows) return { columns, rows, cut: true };
          rows.push(
            row.map((value, at) => (INTEGERS.test(columns[at]?.type ?? '') ? exactly(value) : value)),
          );
        }
      }
      return { columns, rows, cut: false };
    } finally {
      prepared.destroySync();
    }
  } catch (error) {
    throw error instanceof CliError ? error : sqlError(error);
  }
};

/** DuckDB goes on with the statement and a caret below the place; the first lines say what is wrong. */
const sqlError = (error: unknown): CliError => {
  const text = error instanceof Error ? error.message : String(error);
  const [told = ''] = text.split(/\n\s*\n|\nLINE \d+:/);
  const place = /\nLINE (\d+):/.exec(text)?.[1];
  const plain = oneLine(told.replace(/^Failed to extract statements: /, ''));
  if (plain.startsWith('Permission Error')) {
    return new CliError(
      `query reads the lake's tables and nothing else (${plain}); see them: sluice query "SHOW TABLES"`,
    );
  }
  return new CliError(`the SQL is not right${place === undefined ? '' : `, line ${place}`}: ${plain}`);
};
