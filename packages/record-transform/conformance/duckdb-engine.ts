import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSource } from '../src/duckdb/open-source.ts';
import { CLEAN_ROWS, readRows } from '../src/duckdb/read-rows.ts';
import { compileDataset, ROW_NUMBER } from '../src/duckdb/rows.ts';
import { type Session, setPseudonymKey } from '../src/duckdb/session.ts';
import { type Reason, RefusedObject, type RowFate } from '../src/index.ts';
import type { ConformanceEngine } from './conformance-engine.ts';
import { readableColumns, sharedSession, valuesOf } from './published-rows.ts';

const fatesOf = async (
  open: Session,
  source: Awaited<ReturnType<typeof openSource>>,
  asOf: number,
): Promise<RowFate[]> => {
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
  const values = readableColumns(source.dataset);
  for (const row of await open.query(
    `SELECT ${[`${ROW_NUMBER} AS n`, ...values].join(', ')} FROM (${sql.accepted(CLEAN_ROWS)})`,
  )) {
    fates.set(Number(row.n), { fate: 'accepted', values: valuesOf(source.dataset, row) });
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
      const open = await sharedSession();
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
