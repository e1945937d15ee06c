import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import { type RowCounts, unaccounted } from '../counts.ts';
import type { Reason, RunContext } from '../outcome.ts';
import { columnsOf } from './fields.ts';
import { type ObjectRequest, type OpenObject, openObject, type ReadObject } from './open-object.ts';
import { CLEAN_ROWS, countRows } from './read-rows.ts';
import { compileDataset, ROW_NUMBER } from './rows.ts';
import { type Session, setPseudonymKey } from './session.ts';
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

export interface StageRequest extends ObjectRequest {
  readonly context: RunContext;
  /** Where the staged files go; an existing folder. */
  readonly outputDir: string;
  /** How the object is opened; by default it is read anew, and nothing is kept. */
  readonly open?: OpenObject | undefined;
}

const staged = async (file: string, rows: number): Promise<StagedFile> => ({
  file,
  rows,
  bytes: (await stat(file)).size,
});

const quarantineSql = (dataset: Dataset, file: string): string => {
  const record = dataset.fields.flatMap((field) => [literal(field.from), columnsOf(field).cell]);
  return `COPY (
      SELECT "row", reasons, CASE WHEN raw IS NULL THEN json_object(${record.join(', ')}) END AS record, raw
      FROM quarantined ORDER BY "row"
    ) TO ${literal(file)} (FORMAT json)`;
};

const reasonCounts = async (session: Session): Promise<RowCounts['reasons']> => {
  const rows = await session.query(`
    SELECT field, code, count(*) AS "rows"
    FROM (SELECT unnest(reasons, recursive := true) FROM quarantined)
    GROUP BY ALL ORDER BY "rows" DESC, field, code`);
  // The statement wrote nothing but the reasons that the compiler put into it.
  return rows as unknown as readonly (Reason & { rows: number })[];
};

/**
 * Takes every row of an object to its fate: accepted rows to Parquet, faulty and malformed ones to a quarantine file,
 * everything counted, and every count taken from what was written, so that their sum proves something.
 *
 * @throws {RefusedObject} if the object cannot be read at all
 */
export const stageObject = ({ open = openObject, ...request }: StageRequest): Promise<StagedObject> =>
  open(request, (object) => stage(object, request));

const stage = async (
  { session, source, marks }: ReadObject,
  { context, key, outputDir }: Omit<StageRequest, 'open'>,
): Promise<StagedObject> => {
  if (context.pseudonymKey !== undefined) await setPseudonymKey(session, context.pseudonymKey);
  const { dataset } = source;
  const sql = compileDataset(dataset, context.asOf);

  const byRule =
    dataset.rules.length === 0
      ? []
      : await session.query(
          `SELECT rule, count(*) AS "rows" FROM (${sql.ruled(CLEAN_ROWS)}) WHERE rule IS NOT NULL GROUP BY rule`,
        );

  const acceptedFile = join(outputDir, 'accepted-0.parquet');
  const columns = dataset.columns.map(({ name }) => identifier(name)).join(', ');
  // Sorted, so that the file's bytes do not depend on the number of threads.
  const accepted = await session.copy(
    `COPY (SELECT ${columns} FROM (${sql.accepted(CLEAN_ROWS)}) ORDER BY ${ROW_NUMBER})
     TO ${literal(acceptedFile)} (FORMAT parquet, COMPRESSION zstd)`,
  );

  const quarantineFile = join(outputDir, 'quarantine.jsonl');
  const isAny = (await countRows(session, 'quarantined')) > 0;
  const quarantined = !isAny ? 0 : await session.copy(quarantineSql(dataset, quarantineFile));

  const counts: RowCounts = {
    rowsIn: source.rowsIn,
    accepted,
    filtered: dataset.rules.flatMap(({ name }) => {
      const rows = Number(byRule.find(({ rule }) => rule === name)?.rows ?? 0);
      return rows > 0 ? [{ rule: name, rows }] : [];
    }),
    duplicates: marks.duplicates,
    quarantined,
    reasons: quarantined > 0 ? await reasonCounts(session) : [],
  };
  const lost = unaccounted(counts);
  if (lost !== 0) {
    throw new Error(
      `${lost} of ${counts.rowsIn} rows of ${key} are unaccounted for; nothing may be published`,
    );
  }
  return {
    counts,
    accepted: accepted > 0 ? [await staged(acceptedFile, accepted)] : [],
    quarantine: quarantined > 0 ? await staged(quarantineFile, quarantined) : null,
    unknownColumns: source.unknownColumns,
  };
};
