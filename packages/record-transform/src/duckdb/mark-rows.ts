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
  /** Rows for quarantine, duplicates left out, malformed rows left out. */
  readonly faulty: number;
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

/**
 * Reads every row once and marks it: makes the tables `duplicate` (rows that equal an earlier one) and `faulty`
 * (rows for quarantine that are no duplicates), both of row numbers, and counts what the quality profile needs.
 *
 * Equal hashes are only candidates for duplicates, and few: they alone are compared by their cells.
 */
export const markRows = async (session: Session, source: Source): Promise<RowMarks> => {
  // No clock is needed: rules and derived fields play no part.
  const { fields, reading } = compileDataset(source.dataset, 0);
  const cells = fields.map(({ field }) => columnsOf(field).cell).join(', ');
  await session.run(`CREATE OR REPLACE TEMP TABLE flags AS
    SELECT ${ROW_NUMBER}, hash(${cells}) AS h, coalesce(${anyFault(fields)}, false) AS faulty, ${flagsOf(fields).join(', ')}
    FROM (${reading(source.from)})`);
  await session.run(
    'CREATE OR REPLACE TEMP TABLE candidate AS SELECT h FROM flags GROUP BY h HAVING count(*) > 1',
  );
  const duplicates = await countRows(session, 'candidate');
  await session.run(
    `CREATE OR REPLACE TEMP TABLE duplicate AS ${
      duplicates === 0
        ? `SELECT ${ROW_NUMBER} FROM flags WHERE false`
        : `SELECT ${ROW_NUMBER} FROM (
           SELECT ${ROW_NUMBER}, row_number() OVER (PARTITION BY ${cells} ORDER BY ${ROW_NUMBER}) AS copy
           FROM ${source.from}
           WHERE ${ROW_NUMBER} IN (SELECT ${ROW_NUMBER} FROM flags WHERE h IN (SELECT h FROM candidate))
         ) WHERE copy > 1`
    }`,
  );
  await session.run(`CREATE OR REPLACE TEMP TABLE faulty AS
    SELECT ${ROW_NUMBER} FROM flags WHERE faulty AND ${ROW_NUMBER} NOT IN (SELECT ${ROW_NUMBER} FROM duplicate)`);
  const figures = fields.flatMap((_, at) => FIGURES.map((figure) => countFlag(figure, at)));
  const [counts = {}] = await session.query(`SELECT count(*) AS readable, ${figures.join(', ')} FROM flags`);
  const expected = source.rowsIn - source.malformed.rows;
  if (counts.readable !== expected) {
    throw new Error(`DuckDB read ${counts.readable} rows where the tokenizer found ${expected}`);
  }
  return {
    fields: fields.map((_, at) => ({
      nulls: Number(counts[`nulls_${at}`]),
      invalid: Number(counts[`invalid_${at}`]),
      numericLooking: Number(counts[`numeric_${at}`]),
    })),
    duplicates: await countRows(session, 'duplicate'),
    faulty: await countRows(session, 'faulty'),
  };
};

export const countRows = async (session: Session, table: string): Promise<number> =>
  Number((await session.query(`SELECT count(*) AS n FROM ${table}`))[0]?.n);

/** Keeps the marks of an object in a Parquet file, so that its transform need not look for them again. */
export const writeMarks = async (session: Session, source: Source, path: string): Promise<void> => {
  const metadata =
    source.plainCsv === null ? '' : `, KV_METADATA {csv: ${literal(JSON.stringify(source.plainCsv))}}`;
  await session.copy(`COPY (
      SELECT ${ROW_NUMBER}, true AS duplicate FROM duplicate UNION ALL SELECT ${ROW_NUMBER}, false FROM faulty ORDER BY 1
    ) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd${metadata})`);
};

/** Makes the tables `duplicate` and `faulty` from such a file. */
export const readMarks = async (session: Session, path: string): Promise<void> => {
  for (const [table, which] of [
    ['duplicate', 'duplicate'],
    ['faulty', 'NOT duplicate'],
  ]) {
    await session.run(`CREATE OR REPLACE TEMP TABLE ${table} AS
      SELECT ${ROW_NUMBER} FROM read_parquet(${literal(path)}) WHERE ${which}`);
  }
};

/** What an earlier scan found out about a plain CSV object, or null: see `Source.plainCsv`. */
export const readPlainCsv = async (session: Session, path: string): Promise<PlainCsv | null> => {
  const [found] = await session.query(
    `SELECT decode(value) AS csv FROM parquet_kv_metadata(${literal(path)}) WHERE decode(key) = 'csv'`,
  );
  // Our own file, written by `writeMarks`.
  return found === undefined ? null : (JSON.parse(String(found.csv)) as PlainCsv);
};
