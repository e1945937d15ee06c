import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import { type RowCounts, unaccounted } from '../counts.ts';
import type { Reason, RunContext } from '../outcome.ts';
import { columnsOf } from './fields.ts';
import { countRows, markRows, readMarks, readPlainCsv } from './mark-rows.ts';
import { compileDataset, ROW_NUMBER } from './rows.ts';
import { type EngineLimits, type Session, type StatementProgress, withSession } from './session.ts';
import { openSource, type Source } from './source.ts';
import { identifier, literal } from './sql.ts';

export interface StagedFile {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface StagedObject {
  readonly counts: RowCounts;
  /** Parquet with the dataset's published columns, rows in the object's order. */
  readonly accepted: readonly StagedFile[];
  /** JSON lines `{row, reasons: [{field, code}], record, raw}`; null if no row is quarantined. */
  readonly quarantine: StagedFile | null;
  readonly unknownColumns: readonly string[];
}

export interface StageRequest {
  readonly dataset: Dataset;
  /** The object's key: its extension says the format. */
  readonly key: string;
  /** The object as a local file. */
  readonly path: string;
  readonly context: RunContext;
  /** Where the staged files go; an existing folder. */
  readonly outputDir: string;
  /** For repaired input and what DuckDB spills; an existing folder. */
  readonly scratchDir: string;
  readonly limits: EngineLimits;
  /** A file that the quality scan of the same object left (`writeMarks`), so that its work is not done twice. */
  readonly marks?: string | undefined;
  readonly onProgress?: ((progress: StatementProgress) => void) | undefined;
}

const staged = async (file: string, rows: number): Promise<StagedFile> => ({
  file,
  rows,
  bytes: (await stat(file)).size,
});

/** Malformed rows and faulty ones in one file, by the number that the row has in the object. */
const quarantineSql = (dataset: Dataset, source: Source, file: string): string => {
  const record = dataset.fields.flatMap((field) => [literal(field.from), columnsOf(field).cell]);
  const faulty = `
    SELECT ${ROW_NUMBER} + coalesce(earlier.ordinal, 0) AS "row", reasons, json_object(${record.join(', ')}) AS record,
      CAST(NULL AS VARCHAR) AS raw
    FROM quarantined ASOF LEFT JOIN ${source.malformed.from} AS earlier
      ON quarantined.${ROW_NUMBER} > earlier.readable_before`;
  const malformed = `
    SELECT number, [{'field': CAST(NULL AS VARCHAR), 'code': code}], NULL, raw FROM ${source.malformed.from}`;
  return `COPY (SELECT * FROM (${faulty} UNION ALL ${malformed}) ORDER BY "row") TO ${literal(file)} (FORMAT json)`;
};

const reasonCounts = async (session: Session, source: Source): Promise<RowCounts['reasons']> => {
  const rows = await session.query(`
    SELECT field, code, count(*) AS "rows" FROM (
      SELECT unnest(reasons, recursive := true) FROM quarantined
      UNION ALL SELECT CAST(NULL AS VARCHAR), code FROM ${source.malformed.from}
    ) GROUP BY ALL ORDER BY "rows" DESC, field, code`);
  // The statement wrote nothing but the reasons that the compiler put into it.
  return rows as unknown as readonly (Reason & { rows: number })[];
};

/**
 * Takes every row of an object to its fate: accepted rows to Parquet, faulty and malformed ones to a quarantine
 * file, everything counted. DuckDB parses the object again for each kind of row, since that costs less than
 * keeping the first reading; every count is taken from what was written, so that their sum proves something.
 *
 * @throws {RefusedObject} if the object cannot be read at all
 */
export const stageObject = (request: StageRequest): Promise<StagedObject> => {
  const { scratchDir, limits, onProgress } = request;
  const { pseudonymKey } = request.context;
  return withSession({ scratchDir, limits, pseudonymKey, onProgress }, (session) => stage(session, request));
};

const openMarked = async (session: Session, request: StageRequest): Promise<Source> => {
  const { marks } = request;
  if (marks === undefined) {
    const source = await openSource(session, request);
    await markRows(session, source);
    return source;
  }
  const source = await openSource(session, { ...request, plainCsv: await readPlainCsv(session, marks) });
  await readMarks(session, marks);
  return source;
};

/** The rows of a source that are, or are not, in some of the tables of marks. */
export const rowsOf = (source: Source, join: 'SEMI' | 'ANTI', marks: string): string =>
  `(SELECT * FROM ${source.from} ${join} JOIN (${marks}) AS marks USING (${ROW_NUMBER}))`;

const FAULTY = `SELECT ${ROW_NUMBER} FROM faulty`;
const MARKED = `SELECT ${ROW_NUMBER} FROM duplicate UNION ALL ${FAULTY}`;

const stage = async (session: Session, request: StageRequest): Promise<StagedObject> => {
  const { context, outputDir } = request;
  const source = await openMarked(session, request);
  const { dataset } = source;
  const sql = compileDataset(dataset, context.asOf);
  const clean = rowsOf(source, 'ANTI', MARKED);

  const byRule =
    dataset.rules.length === 0
      ? []
      : await session.query(
          `SELECT rule, count(*) AS "rows" FROM (${sql.ruled(clean)}) WHERE rule IS NOT NULL GROUP BY rule`,
        );

  const acceptedFile = join(outputDir, 'accepted-0.parquet');
  const columns = dataset.columns.map(({ name }) => identifier(name)).join(', ');
  // Sorted, so that the file's bytes do not depend on the number of threads.
  const accepted = await session.copy(
    `COPY (SELECT ${columns} FROM (${sql.accepted(clean)}) ORDER BY ${ROW_NUMBER})
     TO ${literal(acceptedFile)} (FORMAT parquet, COMPRESSION zstd)`,
  );

  await session.run(`CREATE OR REPLACE TEMP TABLE quarantined AS
    ${sql.faulty(rowsOf(source, 'SEMI', FAULTY))}`);
  const quarantineFile = join(outputDir, 'quarantine.jsonl');
  const nothing = source.malformed.rows === 0 && (await countRows(session, 'faulty')) === 0;
  const quarantined = nothing ? 0 : await session.copy(quarantineSql(dataset, source, quarantineFile));

  const counts: RowCounts = {
    rowsIn: source.rowsIn,
    accepted,
    filtered: dataset.rules.flatMap(({ name }) => {
      const rows = Number(byRule.find(({ rule }) => rule === name)?.rows ?? 0);
      return rows > 0 ? [{ rule: name, rows }] : [];
    }),
    duplicates: await countRows(session, 'duplicate'),
    quarantined,
    reasons: quarantined > 0 ? await reasonCounts(session, source) : [],
  };
  const lost = unaccounted(counts);
  if (lost !== 0) {
    throw new Error(
      `${lost} of ${counts.rowsIn} rows of ${request.key} are unaccounted for; nothing may be published`,
    );
  }
  return {
    counts,
    accepted: accepted > 0 ? [await staged(acceptedFile, accepted)] : [],
    quarantine: quarantined > 0 ? await staged(quarantineFile, quarantined) : null,
    unknownColumns: source.unknownColumns,
  };
};
