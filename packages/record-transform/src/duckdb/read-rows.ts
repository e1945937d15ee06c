import { columnsOf, type FieldSql } from './fields.ts';
import { anyFault, compileDataset, isInvalid, ROW_NUMBER } from './rows.ts';
import type { Session } from './session.ts';
import type { Source } from './source.ts';
import { identifier, literal } from './sql.ts';

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

// A blank keeps the columns of ours apart from the dataset's own.
const HASH = identifier('row hash');
const IS_FAULTY = identifier('is faulty');
const maskName = (figure: string, group: number): string => identifier(`${figure} ${group}`);

/** Flags of so many fields go into one BIGINT. */
const FLAGS_PER_MASK = 62;

const mask = (flags: readonly string[]): string =>
  flags
    .map((flag, at) => `CASE WHEN ${flag} THEN CAST(${2n ** BigInt(at)} AS BIGINT) ELSE 0 END`)
    .join(' + ');

const numericLooking = ({ field }: FieldSql): string => {
  if (field.type !== 'text') return 'false';
  const { cell, isNull } = columnsOf(field);
  // A number begins with a digit, a sign, a point or a blank: mostly the pattern need not look at all.
  return `CASE WHEN ${cell} < ':' OR ${cell} >= ${literal('\u00a0')}
    THEN NOT ${isNull} AND sluice_looks_numeric(${cell}) ELSE false END`;
};

/** The table `readable` keeps the object's order; its rowid counts from 0. */
const NUMBERED_ROWS = `(SELECT rowid + 1 AS ${ROW_NUMBER}, * FROM readable)`;

const FIGURES = ['nulls', 'invalid', 'numeric'] as const;

const flagsOf = (fields: readonly FieldSql[]) => {
  const groups = Array.from({ length: Math.ceil(fields.length / FLAGS_PER_MASK) }, (_, at) =>
    fields.slice(at * FLAGS_PER_MASK, (at + 1) * FLAGS_PER_MASK),
  );
  return groups.flatMap((group, at) => [
    `${mask(group.map(({ field }) => columnsOf(field).isNull))} AS ${maskName('nulls', at)}`,
    `${mask(group.map(isInvalid))} AS ${maskName('invalid', at)}`,
    `${mask(group.map(numericLooking))} AS ${maskName('numeric', at)}`,
  ]);
};

const countFlag = (figure: string, at: number): string => {
  const bit = 2n ** BigInt(at % FLAGS_PER_MASK);
  return `count(*) FILTER (${maskName(figure, Math.floor(at / FLAGS_PER_MASK))} & ${bit} <> 0) AS ${figure}_${at}`;
};

/**
 * Reads every row of a source, once, into the table `readable`: its cells and what is to be said of them. Then marks rows:
 * the table `duplicate` (numbers of rows that equal an earlier one) and the table `quarantined` (faulty rows that are
 * no duplicates, with their cells, and malformed rows, with their text; each with its place in the object and its
 * reasons). Gives what the quality profile needs.
 *
 * Equal hashes are only candidates for duplicates: those rows are compared by their cells.
 */
export const readRows = async (session: Session, source: Source): Promise<RowMarks> => {
  // No clock is needed: rules and derived fields play no part.
  const { fields, reading, faulty } = compileDataset(source.dataset, 0);
  const cells = fields.map(({ field }) => columnsOf(field).cell).join(', ');
  await session.run(`CREATE OR REPLACE TEMP TABLE readable AS
    SELECT ${cells}, hash(${cells}) AS ${HASH}, coalesce(${anyFault(fields)}, false) AS ${IS_FAULTY}, ${flagsOf(fields).join(', ')}
    FROM (${reading(source.cells)})`);
  const figures = fields.flatMap((_, at) => FIGURES.map((figure) => countFlag(figure, at)));
  const [counts = {}] = await session.query(
    `SELECT count(*) AS readable, ${figures.join(', ')} FROM readable`,
  );
  const expected = source.rowsIn - source.malformed.rows;
  if (counts.readable !== expected) {
    throw new Error(`DuckDB read ${counts.readable} rows where the tokenizer found ${expected}`);
  }
  await session.run(`CREATE OR REPLACE TEMP TABLE duplicate AS
    SELECT ${ROW_NUMBER} FROM (
      SELECT ${ROW_NUMBER}, row_number() OVER (PARTITION BY ${cells} ORDER BY ${ROW_NUMBER}) AS copy
      FROM ${NUMBERED_ROWS} WHERE ${HASH} IN (SELECT ${HASH} FROM readable GROUP BY ${HASH} HAVING count(*) > 1)
    ) WHERE copy > 1`);
  await session.run(`CREATE OR REPLACE TEMP TABLE quarantined AS
    SELECT ${ROW_NUMBER}, ${ROW_NUMBER} + coalesce(ordinal, 0) AS "row", reasons, CAST(NULL AS VARCHAR) AS raw, ${cells}
    FROM (${faulty(`(FROM ${NUMBERED_ROWS} ANTI JOIN duplicate USING (${ROW_NUMBER}) WHERE ${IS_FAULTY})`)}) AS faulty_row
    ASOF LEFT JOIN (
      SELECT readable_before, max(number) - readable_before AS ordinal FROM ${source.malformed.from} GROUP BY readable_before
    ) AS earlier
      ON faulty_row.${ROW_NUMBER} > earlier.readable_before
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

/** The rows that are neither faulty nor duplicates. */
export const CLEAN_ROWS = `(FROM ${NUMBERED_ROWS} ANTI JOIN duplicate USING (${ROW_NUMBER}) WHERE NOT ${IS_FAULTY})`;

export const countRows = async (session: Session, table: string): Promise<number> =>
  Number((await session.query(`SELECT count(*) AS n FROM ${table}`))[0]?.n);
