import type { Dataset } from '@sluice/record-schema';
import { maskRow } from '../report/masked-row.ts';
import type { QuarantinedRow } from '../report/report-input.ts';
import { shownText } from '../report/shown-text.ts';
import { count } from '../terminal/figures.ts';
import { table, widthOf } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

const CELL_LIMIT = 80;
const RAW_LIMIT = 240;
const MASKED = '•••';

interface ShownCell {
  readonly field: string;
  /** A faulty value is what the reader is looking for. */
  readonly faulty: boolean;
  readonly text: string;
}

const shown = (value: string | null): string =>
  value === null ? 'NULL' : JSON.stringify(shownText(value, CELL_LIMIT));

const revealedCells = ({ fields }: Dataset, { record }: QuarantinedRow): { field: string; text: string }[] =>
  record === null ? [] : fields.map(({ name, from }) => ({ field: name, text: shown(record[from] ?? null) }));

const maskedCells = (dataset: Dataset, row: QuarantinedRow): { field: string; text: string }[] =>
  maskRow(dataset, row).cells.map(({ field, cell }) => ({
    field,
    text: cell.kind === 'masked' ? MASKED : shown(cell.kind === 'null' ? null : cell.text),
  }));

/** What the row holds, the faulty values first. */
const cellsOf = (dataset: Dataset, row: QuarantinedRow, reveal: boolean): ShownCell[] => {
  const faulty = new Set(row.reasons.map(({ field }) => field));
  return (reveal ? revealedCells(dataset, row) : maskedCells(dataset, row))
    .map((cell) => ({ ...cell, faulty: faulty.has(cell.field) }))
    .sort((a, b) => Number(b.faulty) - Number(a.faulty));
};

/** A row's text on one line. Of a row of no dataset nobody knows what is personal. */
export const rawOf = (dataset: Dataset | null, row: QuarantinedRow, reveal: boolean): string => {
  if (row.raw === null) return '';
  if (reveal) return shownText(row.raw, RAW_LIMIT);
  const raw = dataset && maskRow(dataset, row).raw;
  return raw?.kind === 'text' ? raw.text : '(withheld; see it with --reveal)';
};

export const reasonsOf = ({ reasons }: QuarantinedRow): string =>
  reasons.map(({ field, code }) => (field === null ? code : `${field} ${code}`)).join(', ');

/** Rows as a table: number, reasons, and as much of the record as the terminal is wide. */
export const rowTable = (
  dataset: Dataset,
  rows: readonly QuarantinedRow[],
  reveal: boolean,
  { paint, width }: Pick<Terminal, 'paint' | 'width'>,
): string => {
  const numbers = rows.map(({ row }) => count(row));
  const reasons = rows.map(reasonsOf);
  const widest = (texts: readonly string[], title: string): number =>
    texts.reduce((most, text) => Math.max(most, widthOf(text)), title.length);
  const room = Math.max(40, width - widest(numbers, 'row') - widest(reasons, 'reasons') - 4);
  return table(
    [{ title: 'row', align: 'right' }, { title: 'reasons' }, { title: 'record' }],
    rows.map((row, at) => {
      const cells = cellsOf(dataset, row, reveal);
      const record =
        cells.length > 0
          ? cells.map(({ field, text }) => `${field} ${text}`).join('  ')
          : rawOf(dataset, row, reveal);
      return [numbers[at] ?? '', reasons[at] ?? '', shownText(record, room - 1)];
    }),
    paint,
  );
};

/** A row as JSON. What is masked is named in `masked`, and null in `record` and `raw`. */
export const rowDocument = (dataset: Dataset | null, row: QuarantinedRow, reveal: boolean) => {
  if (reveal) return { ...row, masked: [] };
  if (!dataset) return { row: row.row, reasons: row.reasons, record: null, raw: null, masked: ['raw'] };
  const { cells, raw } = maskRow(dataset, row);
  const masked = cells.filter(({ cell }) => cell.kind === 'masked').map(({ field }) => field);
  const hidden = new Set(masked);
  const record =
    row.record === null
      ? null
      : Object.fromEntries(
          dataset.fields.map(({ name, from }) => [
            from,
            hidden.has(name) ? null : (row.record?.[from] ?? null),
          ]),
        );
  const withheld = raw?.kind === 'withheld';
  return {
    row: row.row,
    reasons: row.reasons,
    record,
    raw: withheld ? null : row.raw,
    masked: withheld ? ['raw'] : masked,
  };
};
