import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSource } from '../src/duckdb/open-source.ts';
import { CLEAN_ROWS, readRows } from '../src/duckdb/read-rows.ts';
import { compileDataset, ROW_NUMBER } from '../src/duckdb/rows.ts';
import { openSession, type Session, setPseudonymKey } from '../src/duckdb/session.ts';
import { identifier } from '../src/duckdb/sql.ts';
import { type Reason, RefusedObject, type RowFate, type Value } from '../src/index.ts';
import type { ConformanceEngine } from './conformance-engine.ts';

/** A published value in the form of `Value`: what DuckDB would write, told without loss. */
const readable = (name: string, type: string): string => {
  const column = identifier(name);
  switch (type) {
    case 'timestamp':
      return `epoch_ms(${column})`;
    case 'date':
      return `CAST(${column} AS VARCHAR)`;
    case 'decimal':
      // DuckDB leaves out the zero before the point if there are no digits for it.
      return `regexp_replace(CAST(${column} AS VARCHAR), '^(-?)\\.', '\\10.')`;
    case 'text':
      // As bytes: the client drops a byte order mark that begins a text.
      return `encode(${column})`;
    default:
      return column;
  }
};

const told = (value: unknown): Value =>
  value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : (value as Value); // `readable` leaves no other type

let session: Promise<Session> | undefined;

const fatesOf = async (
  open: Session,
  source: Awaited<ReturnType<typeof openSource>>,
  asOf: number,
): Promise<RowFate[]> => {
  const { columns } = source.dataset;
  const sql = compileDataset(source.dataset, asOf);
  await readRows(open, source);
  const fates = new Map<number, RowFate>();
  for (const { n } of await open.query(`SELECT ${ROW_NUMBER} AS n FROM duplicate`)) {
    fates.set(Number(n), { fate: 'duplicate' });
  }
  const malformed = new Map<number, RowFate>();
  for (const { n, row, reasons } of await open.query(
    `SELECT ${ROW_NUMBER} AS n, "row", reasons FROM quarantined`,
  )) {
    const fate: RowFate = { fate: 'quarantined', reasons: reasons as readonly Reason[] };
    if (n === null) malformed.set(Number(row), fate);
    else fates.set(Number(n), fate);
  }
  for (const { n, rule } of await open.query(
    `SELECT ${ROW_NUMBER} AS n, rule FROM (${sql.ruled(CLEAN_ROWS)})`,
  )) {
    if (rule !== null) fates.set(Number(n), { fate: 'filtered', rule: String(rule) });
  }
  const values = columns.map(({ name, valueType }, at) => `${readable(name, valueType.type)} AS v${at}`);
  for (const row of await open.query(
    `SELECT ${[`${ROW_NUMBER} AS n`, ...values].join(', ')} FROM (${sql.accepted(CLEAN_ROWS)})`,
  )) {
    fates.set(Number(row.n), { fate: 'accepted', values: columns.map((_, at) => told(row[`v${at}`])) });
  }
  const rows: RowFate[] = [];
  let readableRow = 0;
  for (let row = 1; row <= source.rowsIn; row += 1) {
    const fate = malformed.get(row) ?? fates.get(++readableRow);
    if (!fate) throw new Error(`row ${row} has no fate`);
    rows.push(fate);
  }
  return rows;
};

/** The statements that the transform runs, over one session for the whole suite. */
export const duckdbEngine: ConformanceEngine = {
  name: 'DuckDB',
  run: async (dataset, { key, bytes }, { asOf, pseudonymKey }) => {
    const scratchDir = mkdtempSync(join(tmpdir(), 'sluice-duckdb-'));
    try {
      session ??= openSession(tmpdir(), { memoryMb: 500, threads: 2 });
      const open = await session;
      if (pseudonymKey !== undefined) await setPseudonymKey(open, pseudonymKey);
      const path = join(scratchDir, 'object');
      writeFileSync(path, bytes);
      const source = await openSource(open, { dataset, key, path, scratchDir });
      return { rows: await fatesOf(open, source, asOf), unknownColumns: source.unknownColumns };
    } catch (error) {
      if (error instanceof RefusedObject) return { refused: error.code };
      throw error;
    } finally {
      rmSync(scratchDir, { recursive: true, force: true });
    }
  },
};
