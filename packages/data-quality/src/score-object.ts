import { join } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import {
  columnsOf,
  compileDataset,
  duplicatesStatements,
  type EngineLimits,
  type FieldSql,
  literal,
  openSource,
  ROW_NUMBER,
  type Session,
  type Source,
  type StatementProgress,
  withSession,
} from '@sluice/record-transform';
import { judge, type Verdict } from './judge.ts';
import type { Profile } from './profile.ts';

export interface ScoreRequest {
  readonly dataset: Dataset;
  /** The object's key: its extension says the format. */
  readonly key: string;
  /** The object as a local file. */
  readonly path: string;
  /** An existing folder; what is left in it is the caller's to remove. */
  readonly scratchDir: string;
  readonly limits: EngineLimits;
  readonly onProgress?: (progress: StatementProgress) => void;
}

export interface ScoredObject {
  readonly profile: Profile;
  readonly verdict: Verdict;
  /** Row numbers of the duplicates (Parquet, in the scratch folder), so that the transform need not seek them again. */
  readonly marks: { readonly path: string } | null;
}

/** The three figures of a column, in this order. */
const figures = ({ field, faults }: FieldSql): readonly string[] => {
  const names = columnsOf(field);
  const invalid = faults.filter(({ code }) => code !== 'missing').map(({ when }) => when);
  const counted = (condition: string): string => `count(*) FILTER (WHERE ${condition})`;
  return [
    counted(names.isNull),
    invalid.length > 0 ? counted(invalid.join(' OR ')) : '0',
    // A number begins with a digit, a sign, a point or a blank: the pattern need not look at the rest.
    field.type === 'text'
      ? counted(
          `CASE WHEN NOT ${names.isNull} AND (${names.cell} < ':' OR ${names.cell} >= ${literal('\u00a0')})
           THEN sluice_is_number(sluice_lazy_trim(${names.cell})) ELSE false END`,
        )
      : '0',
  ];
};

const profileOf = async (session: Session, source: Source): Promise<Profile> => {
  // No clock is needed to profile: rules and derived fields play no part.
  const { fields, reading } = compileDataset(source.dataset, 0);
  const columns = fields.flatMap((field, at) =>
    figures(field).map((sql, figure) => `${sql} AS f${at}_${figure}`),
  );
  const [counts = {}] = await session.query(
    `SELECT count(*) AS readable, ${columns.join(',\n')} FROM (${reading(source.from)})`,
  );
  const malformed = source.malformed.rows;
  if (counts.readable !== source.rowsIn - malformed) {
    throw new Error(`DuckDB read ${counts.readable} rows where there are ${source.rowsIn - malformed}`);
  }
  const [duplicates] = await session.query('SELECT count(*) AS n FROM duplicate');
  return {
    rowsIn: source.rowsIn,
    malformed,
    duplicates: Number(duplicates?.n),
    columns: fields.map(({ field }, at) => ({
      name: field.name,
      type: field.type,
      nulls: Number(counts[`f${at}_0`]) + malformed,
      invalid: Number(counts[`f${at}_1`]),
      ...(field.type === 'text' && { numericLooking: Number(counts[`f${at}_2`]) }),
    })),
  };
};

/**
 * Profiles one object and judges it. A fault throws: it is a failure of the run, never a score.
 *
 * @throws {RefusedObject} if the object cannot be read at all
 */
export const scoreObject = ({
  scratchDir,
  limits,
  onProgress,
  ...request
}: ScoreRequest): Promise<ScoredObject> =>
  withSession({ scratchDir, limits, onProgress }, async (session) => {
    const source = await openSource(session, { ...request, scratchDir });
    for (const statement of duplicatesStatements(source.dataset, source.from)) await session.run(statement);
    const profile = await profileOf(session, source);
    const path = join(scratchDir, 'duplicates.parquet');
    await session.copy(
      `COPY (SELECT ${ROW_NUMBER} FROM duplicate ORDER BY 1) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    return { profile, verdict: judge(request.dataset, profile), marks: { path } };
  });
