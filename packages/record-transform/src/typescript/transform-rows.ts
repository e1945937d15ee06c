import type { Dataset } from '@sluice/record-schema';
import type { RowFate, RunContext } from '../outcome.ts';
import { type ByteChunks, decompressed } from '../reading/decompress.ts';
import type { ReadSummary } from '../reading/row-handlers.ts';
import { createRowReader } from '../reading/row-reader.ts';
import { compileRow } from './compile-row.ts';

export interface TransformedRow {
  /** From 1; malformed rows have numbers too, blank lines have none. */
  readonly rowNumber: number;
  readonly outcome: RowFate;
  /** The row as it came, if it is quarantined. */
  readonly raw?: string;
}

/** How much is read before the rows in it are handed on: the bound of what waits in memory. */
const PIECE_BYTES = 64 * 1024;

/**
 * What becomes of each row of an object (CSV or JSON, gzipped or not), in its order. Returns the object's summary.
 *
 * Memory: the rows of 64 KiB, and the raw texts of every row so far, for the duplicates (about the size of the
 * object and 60 bytes a row; a `Set` holds at most 2^24 rows). Larger objects are for the DuckDB engine.
 *
 * Throws `RefusedObject`, maybe after rows: then nothing of the object may be taken.
 */
export async function* transformRows(
  dataset: Dataset,
  object: { readonly key: string; readonly chunks: ByteChunks },
  context: RunContext,
): AsyncGenerator<TransformedRow, ReadSummary, void> {
  const rowFate = compileRow(dataset, context);
  const seen = new Set<string>();
  let batch: TransformedRow[] = [];
  const reader = createRowReader(dataset, object.key, {
    row(cells, rowNumber, raw) {
      // Tells null from text, and where a cell ends; and unlike a sum of texts it is flat.
      const key = JSON.stringify(cells);
      if (seen.has(key)) {
        batch.push({ rowNumber, outcome: { fate: 'duplicate' } });
        return;
      }
      seen.add(key);
      const outcome = rowFate(cells);
      batch.push(
        outcome.fate === 'quarantined' ? { rowNumber, outcome, raw: raw() } : { rowNumber, outcome },
      );
    },
    malformed(code, raw, rowNumber) {
      batch.push({ rowNumber, outcome: { fate: 'quarantined', reasons: [{ field: null, code }] }, raw });
    },
  });
  for await (const chunk of decompressed(object.chunks)) {
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      reader.push(chunk.subarray(from, from + PIECE_BYTES));
      // Not `yield*`, which awaits each row twice.
      for (const row of batch) yield row;
      batch = [];
    }
  }
  const summary = reader.end();
  for (const row of batch) yield row;
  return summary;
}
