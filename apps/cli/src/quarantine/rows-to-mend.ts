import type { Dataset } from '@sluice/record-schema';
import { type CsvRow, createCsvTokenizer } from '@sluice/record-transform/reading';
import { quotedIfNeeded } from './csv-text.ts';
import { LABEL_COLUMN, labelOf } from './row-label.ts';

export interface RowsToMend {
  /** A CSV file in pieces: the object's own header and rows, byte for byte, each behind its label. */
  readonly csv: AsyncGenerator<Uint8Array>;
  /** Rows that were left out, since they cannot be mended so. Complete when `csv` is. */
  readonly leftOut: readonly number[];
}

/** An unclosed quote's row is kept in part only, and whoever mended the part would lose the rest. */
const isWhole = ({ truncated }: CsvRow): boolean => !truncated;

/**
 * Picks rows of a CSV object out, as they came, into a file that a person can mend. `object`: its bytes, decompressed.
 */
export const csvRowsToMend = (
  { source: { delimiter } }: Dataset,
  object: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<number>,
): RowsToMend => {
  const leftOut: number[] = [];
  async function* csv(): AsyncGenerator<Uint8Array> {
    let pieces: Uint8Array[] = [];
    let rows = 0;
    let found = 0;
    let hasHeader = false;
    const lineFeed = Buffer.from('\n');
    const tokenizer = createCsvTokenizer({
      delimiter,
      onHeader(names) {
        const header = [LABEL_COLUMN, ...names]
          .map((name) => quotedIfNeeded(name, delimiter))
          .join(delimiter);
        pieces.push(Buffer.from(`${header}\n`));
        hasHeader = true;
      },
      onRow(row) {
        rows += 1;
        if (!wanted.has(rows)) return;
        found += 1;
        if (!isWhole(row)) {
          leftOut.push(rows);
          return;
        }
        // The tokenizer's bytes are reused.
        const bytes = Buffer.from(row.bytes.subarray(row.start, row.end));
        pieces.push(Buffer.from(`${labelOf(rows, bytes)}${delimiter}`), bytes, lineFeed);
      },
    });
    for await (const chunk of object) {
      tokenizer.push(chunk);
      if (pieces.length > 0) yield Buffer.concat(pieces);
      pieces = [];
      if (hasHeader && found === wanted.size) return;
    }
    tokenizer.end();
    if (pieces.length > 0) yield Buffer.concat(pieces);
  }
  return { csv: csv(), leftOut };
};
