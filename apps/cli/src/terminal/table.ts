import type { Paint } from './terminal.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

// Marks that combine with the letter before take no column; East Asian letters and most pictures take two.
const NO_COLUMN = /^[\p{Mark}\p{Cf}]$/u;
const TWO_COLUMNS =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** How many columns of a terminal the text takes. */
export const widthOf = (text: string): number => {
  let width = 0;
  for (const letter of text) width += NO_COLUMN.test(letter) ? 0 : TWO_COLUMNS.test(letter) ? 2 : 1;
  return width;
};

const fill = (text: string, width: number, align: Column['align']): string => {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? blanks + text : text + blanks;
};

/** Columns under their titles, with a rule below the titles and no frame. */
export const table = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { dim, bold }: Pick<Paint, 'dim' | 'bold'>,
): string => {
  const widths = columns.map(({ title }, at) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), widthOf(title)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, at) => fill(cells[at] ?? '', widths[at] ?? 0, align))
      .join('  ')
      .trimEnd();
  return [
    bold(line(columns.map(({ title }) => title))),
    dim(widths.map((width) => '─'.repeat(width)).join('  ')),
    ...rows.map(line),
  ]
    .map((one) => `${one}\n`)
    .join('');
};
