import { columnsOf, type FieldSql } from './fields.ts';
import { anyFault, compileDataset, isInvalid, ROW_NUMBER } from './rows.ts';
import type { Session } from './session.ts';
import type { PlainCsv, Source } from './source.ts';
import { literal } from './sql.ts';

/** What the cells of one field are; malformed rows are not among them. */
export interface FieldFigures {
  readonly nulls: number;
  readonly invalid: number;
  /** Of text fields; otherwise 0. */
  readonly numericLooking: number;
}

export interface RowMarks {
  /** In the order of the dataset's fields. */
  readonly fields: readonly FieldFigures[];
  readonly duplicates: number;
}

/** Flags of so many fields go into one BIGINT. */
const FLAGS_PER_MASK = 62;

const mask = (flags: readonly string[]): string =>
  flags
    .map((flag, at) => (flag === 'false' ? '0' : `CAST(${flag} AS BIGINT) * ${2n ** BigInt(at)}`))
    .join(' + ');

const numericLooking = ({ field }: FieldSql): string => {
  if (field.type !== 'text') return 'false';
  const { cell, isNull } = columnsOf(field);
  // A number begins with a digit, a sign, a point or a blank: mostly the pattern need not look at all.
  return `CASE WHEN ${cell} < ':' OR ${cell} >= ${literal('\u00a0')}
    THEN NOT ${isNull} AND sluice_is_number(sluice_lazy_trim(${cell})) ELSE false END`;
};

const FIGURES = ['nulls', 'invalid', 'numeric'] as const;

const flagsOf = (fields: readonly FieldSql[]) => {
  const groups = Array.from({ length: Math.ceil(fields.length / FLAGS_PER_MASK) }, (_, at) =>
    fields.slice(at * FLAGS_PER_MASK, (at + 1) * FLAGS_PER_MASK),
  );
  return groups.flatMap((group, at) => [
    `${mask(group.map(({ field }) => columnsOf(field).isNull))} AS nulls${at}`,
    `${mask(group.map(isInvalid))} AS invalid${at}`,
    `${mask(group.map(numericLooking))} AS numeric${at}`,
  ]);
};

const countFlag = (figure: string, at: number): string => {
  const bit = 2n ** BigInt(at % FLAGS_PER_MASK);
  return `count(*) FILTER (${figure}${Math.floor(at / FLAGS_PER_MASK)} & ${bit} <> 0) AS ${figure}_${at}`;
};

/** Rows that need a second look: faulty ones, and those whose hash occurs twice. They are few, and kept whole. */
const SUSPECTS = `
  SELECT rowid + 1 AS ${ROW_NUMBER}, faulty, h IN (SELECT h FROM candidate) AS twin FROM flags
  WHERE faulty OR h IN (SELECT h FROM candidate)`;

/**
 * Reads every row and marks it: makes the tables `duplicate` (numbers of rows that equal an earlier one) and
 * `quarantined` (faulty rows that are no duplicates, with their cells, and malformed rows, with their text; each with
 * its place in the object and its reasons), and counts what the quality profile needs. Equal hashes are only candidates for duplicates: those rows are compared by their cells.
 */
export const markRows = async (session: Session, source: Source): Promise<RowMarks> => {
  // No clock is needed: rules and derived fields play no part.
  const { fields, reading, faulty } = compileDataset(source.dataset, 0);
  const cells = fields.map(({ field }) => columnsOf(field).cell).join(', ');
  // Without a row number, so that DuckDB reads in parallel; a table keeps the order, and its rowid counts from 0.
  await session.run(`CREATE OR REPLACE TEMP TABLE flags AS
    SELECT hash(${cells}) AS h, coalesce(${anyFault(fields)}, false) AS faulty, ${flagsOf(fields).join(', ')}
    FROM (${reading(source.cells)})`);
  const figures = fields.flatMap((_, at) => FIGURES.map((figure) => countFlag(figure, at)));
  const [counts = {}] = await session.query(`SELECT count(*) AS readable, ${figures.join(', ')} FROM flags`);
  const expected = source.rowsIn - source.malformed.rows;
  if (counts.readable !== expected) {
    throw new Error(`DuckDB read ${counts.readable} rows where the tokenizer found ${expected}`);
  }
  await session.run(
    'CREATE OR REPLACE TEMP TABLE candidate AS SELECT h FROM flags GROUP BY h HAVING count(*) > 1',
  );
  await session.run(`CREATE OR REPLACE TEMP TABLE suspect AS
    SELECT * FROM ${source.numbered} JOIN (${SUSPECTS}) AS suspects USING (${ROW_NUMBER})`);
  await session.run(`CREATE OR REPLACE TEMP TABLE duplicate AS
    SELECT ${ROW_NUMBER} FROM (
      SELECT ${ROW_NUMBER}, row_number() OVER (PARTITION BY ${cells} ORDER BY ${ROW_NUMBER}) AS copy
      FROM suspect WHERE twin
    ) WHERE copy > 1`);
  await session.run(`CREATE OR REPLACE TEMP TABLE quarantined AS
    SELECT ${ROW_NUMBER}, ${ROW_NUMBER} + coalesce(ordinal, 0) AS "row", reasons, CAST(NULL AS VARCHAR) AS raw, ${cells}
    FROM (${faulty(`(SELECT * FROM suspect ANTI JOIN duplicate USING (${ROW_NUMBER}) WHERE faulty)`)}) AS readable
    ASOF LEFT JOIN (SELECT readable_before, number - readable_before AS ordinal FROM ${source.malformed.from}) AS earlier
      ON readable.${ROW_NUMBER} > earlier.readable_before
    UNION ALL BY NAME
    SELECT number AS "row", [{'field': CAST(NULL AS VARCHAR), 'code': code}] AS reasons, raw FROM ${source.malformed.from}`);
  return {
    fields: fields.map((_, at) => ({
      nulls: Number(counts[`nulls_${at}`]),
      invalid: Number(counts[`invalid_${at}`]),
      numericLooking: Number(counts[`numeric_${at}`]),
    })),
    duplicates: await countRows(session, 'duplicate'),
  };
};

export const countRows = async (session: Session, table: string): Promise<number> =>
  Number((await session.query(`SELECT count(*) AS n FROM ${table}`))[0]?.n);

/** Keeps the marks of an object in a Parquet file, so that its transform need not look for them again. */
export const writeMarks = async (session: Session, source: Source, path: string): Promise<void> => {
  const metadata =
    source.plainCsv === null ? '' : `, KV_METADATA {csv: ${literal(JSON.stringify(source.plainCsv))}}`;
  await session.copy(`COPY (
      SELECT *, false AS duplicate FROM quarantined
      UNION ALL BY NAME SELECT ${ROW_NUMBER}, true AS duplicate FROM duplicate ORDER BY ${ROW_NUMBER}
    ) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd${metadata})`);
};

/** Makes the tables `duplicate` and `quarantined` from such a file. */
export const readMarks = async (session: Session, path: string): Promise<void> => {
  const from = `read_parquet(${literal(path)})`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE duplicate AS SELECT ${ROW_NUMBER} FROM ${from} WHERE duplicate`,
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE quarantined AS SELECT * EXCLUDE (duplicate) FROM ${from} WHERE NOT duplicate`,
  );
};

/** What an earlier scan found out about a plain CSV object, or null: see `Source.plainCsv`. */
export const readPlainCsv = async (session: Session, path: string): Promise<PlainCsv | null> => {
  const [found] = await session.query(
    `SELECT decode(value) AS csv FROM parquet_kv_metadata(${literal(path)}) WHERE decode(key) = 'csv'`,
  );
  // Our own file, written by `writeMarks`.
  return found === undefined ? null : (JSON.parse(String(found.csv)) as PlainCsv);
};
