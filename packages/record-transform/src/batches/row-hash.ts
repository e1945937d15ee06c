import { hash } from 'node:crypto';
import type { Dataset } from '@sluice/record-schema';

/** 128 bits: of a billion rows, two that differ have equal hashes with a chance of 1 to 10^20. */
export const HASH_BYTES = 16;

/** The hash of a row's text, a character a byte. SHA-256, so that nobody can make two rows that hide each other. */
export const hashOfText = (text: string | Uint8Array): string =>
  hash('sha256', text, 'binary').slice(0, HASH_BYTES);

/**
 * A row as one text, the same for two rows if, and only if, they are duplicates: the cells of the declared fields as CSV
 * with no more quotes than needed. Columns that the object does not have (null) are left out. A row that was read from
 * CSV without quotes, of exactly the declared fields in their order, is such a text as it stands.
 */
export const rowText = (dataset: Dataset): ((cells: readonly (string | null)[]) => string) => {
  const { delimiter } = dataset.source;
  const special = new RegExp(`["\r\n${delimiter.replace(/[\\\]^-]/g, '\\$&')}]`);
  return (cells) => {
    let text = '';
    let isFirst = true;
    for (const cell of cells) {
      if (cell === null) continue;
      if (isFirst) isFirst = false;
      else text += delimiter;
      text += special.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    }
    return text;
  };
};
