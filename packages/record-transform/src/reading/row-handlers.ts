import type { MalformedCode } from '../outcome.ts';

export interface RowHandlers {
  /**
   * A row that can be read. `cells`: raw texts in the order of the dataset's fields, null for a JSON null or an
   * absent key or column; one array for all rows. `raw`: the row as it came. Both are valid during the call only.
   */
  row(cells: readonly (string | null)[], rowNumber: number, raw: () => string): void;
  /** A row that cannot be read. Bytes that are no UTF-8 are U+FFFD in `raw`. */
  malformed(code: MalformedCode, raw: string, rowNumber: number): void;
}

export interface ReadSummary {
  /** Data rows, malformed ones included. */
  readonly rows: number;
  readonly malformed: number;
  /** Undeclared columns; of JSON, the first hundred. */
  readonly unknownColumns: readonly string[];
}

export interface RowReader {
  /** The chunk may be reused after the call. */
  push(chunk: Uint8Array): void;
  end(): ReadSummary;
}
