import { hash } from 'node:crypto';

/** The first column of rows that are given out to be mended: which row of the object each of them is. */
export const LABEL_COLUMN = 'sluice_row';

/**
 * `r17-3fa29c1b`: a row's number in its object, from 1, and eight digits of the hash of its bytes without their line
 * end, so that a row is never taken for another one that has moved to its place. The letter keeps spreadsheets from
 * reading it as a number or a day.
 */
export const labelOf = (row: number, bytes: Uint8Array): string =>
  `r${row}-${hash('sha256', bytes, 'hex').slice(0, 8)}`;

interface Labelled {
  readonly label: string;
  readonly row: number;
  /** What stands behind the label and the delimiter. */
  readonly rest: Uint8Array;
}

/** Takes the label off a row; null if it has none. A program may have put it into quotes. */
export const labelled = (bytes: Uint8Array, delimiter: string): Labelled | null => {
  // The longest label is far shorter.
  const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  const [cell = '', , label, row] = /^("?)(r([1-9]\d{0,14})-[0-9a-f]{8})\1/.exec(start) ?? [];
  if (label === undefined || start.charAt(cell.length) !== delimiter) return null;
  return { label, row: Number(row), rest: bytes.subarray(cell.length + 1) };
};
