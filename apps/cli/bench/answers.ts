import { isDeepStrictEqual } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { qualityProfile, type RowCounts } from '@sluice/step-contracts';
import { z } from 'zod';

/** What both say of the columns; the types of the fields are only ours to know. */
export const figures = z.object({
  ...qualityProfile.shape,
  columns: z.array(qualityProfile.shape.columns.element.omit({ type: true })),
});

/** What a run says of the rows, and where it put them. */
export interface Answer {
  readonly counts: RowCounts;
  readonly profile: z.output<typeof figures>;
  readonly score: number;
  /** Path of a Parquet file, or a glob of several. */
  readonly accepted: string;
}

const inOneOrder = ({ reasons, ...counts }: RowCounts) => ({
  ...counts,
  reasons: reasons.map((one) => JSON.stringify([one.field, one.code, one.rows])).sort(),
});

const acceptedRowsDiffer = async (ours: string, theirs: string): Promise<string | null> => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rowsOf = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
  try {
    const table = (path: string): string => `read_parquet('${path}', hive_partitioning = false)`;
    const columns = async (path: string): Promise<string> =>
      JSON.stringify(
        await rowsOf(`SELECT column_name, column_type FROM (DESCRIBE FROM ${table(path)}) ORDER BY ALL`),
      );
    const [left, right] = [await columns(ours), await columns(theirs)];
    if (left !== right) return `columns: ${left} and ${right}`;
    // The columns of the second in the order of the first.
    const names = (await rowsOf(`SELECT column_name FROM (DESCRIBE FROM ${table(ours)})`)).map(
      ([name]) => `"${name}"`,
    );
    const of = (path: string): string => `SELECT ${names.join(', ')} FROM ${table(path)}`;
    for (const [one, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const [row] = await rowsOf(`${of(one)} EXCEPT ALL ${of(other)} LIMIT 1`);
      if (row) return `accepted rows: only in ${one}: ${JSON.stringify(row)}`;
    }
    return null;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};

/** The first thing on which two answers differ, for people; null if they are the same in every count and value. */
export const differenceOf = async (ours: Answer, theirs: Answer): Promise<string | null> => {
  for (const [what, left, right] of [
    ['counts', inOneOrder(ours.counts), inOneOrder(theirs.counts)],
    ['profile', ours.profile, theirs.profile],
    ['score', ours.score, theirs.score],
  ] as const) {
    if (!isDeepStrictEqual(left, right))
      return `${what}: ${JSON.stringify(left)} and ${JSON.stringify(right)}`;
  }
  return acceptedRowsDiffer(ours.accepted, theirs.accepted);
};
