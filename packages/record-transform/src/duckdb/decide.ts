import { duplicatesStatements } from './duplicates.ts';
import { compileDataset, ROW_NUMBER } from './rows.ts';
import type { Session } from './session.ts';
import type { Source } from './source.ts';
import { literal } from './sql.ts';

const without = (source: Source, table: string): string =>
  `(SELECT * FROM ${source.from} AS source WHERE NOT EXISTS
    (SELECT 1 FROM ${table} AS other WHERE other.${ROW_NUMBER} = source.${ROW_NUMBER}))`;

/**
 * Decides every readable row: makes the tables `duplicate` (row numbers) and `rejected` (row number; rule or reasons;
 * cells of invalid rows), and gives the query of the rest: row number and published columns.
 *
 * `marks` is a Parquet file with the row numbers of duplicates, if somebody has found them already.
 */
export const decideRows = async (
  session: Session,
  source: Source,
  asOf: number,
  marks?: string | undefined,
): Promise<string> => {
  const sql = compileDataset(source.dataset, asOf);
  const duplicates =
    marks === undefined
      ? duplicatesStatements(source.dataset, source.from)
      : [
          `CREATE OR REPLACE TEMP TABLE duplicate AS SELECT ${ROW_NUMBER} FROM read_parquet(${literal(marks)})`,
        ];
  for (const statement of duplicates) await session.run(statement);
  await session.run(`CREATE OR REPLACE TEMP TABLE rejected AS ${sql.rejected(without(source, 'duplicate'))}`);
  await session.run(
    `CREATE OR REPLACE TEMP TABLE other AS
     SELECT ${ROW_NUMBER} FROM rejected UNION ALL SELECT ${ROW_NUMBER} FROM duplicate`,
  );
  return sql.accepted(without(source, 'other'));
};
