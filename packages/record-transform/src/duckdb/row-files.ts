import { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import type { MalformedCode } from '../outcome.ts';

const FLUSH_BYTES = 1024 * 1024;

/** Appends bytes to a new file in large writes. `flushIfFull` is to be awaited now and then: it bounds the memory. */
class BufferedFile {
  readonly #file: FileHandle;
  #buffer = Buffer.allocUnsafe(2 * FLUSH_BYTES);
  #length = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  bytes(from: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start + 1);
    this.#buffer.set(from.subarray(start, end), this.#length);
    this.#length += end - start;
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length);
  }

  async flushIfFull(): Promise<void> {
    if (this.#length >= FLUSH_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    await this.#file.writeFile(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#file.close();
  }
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/**
 * The rows of an object as two files that DuckDB reads without surprises: readable rows as plain CSV (one line
 * end, a header to skip, no malformed row; an unquoted empty cell is null where `cells` wrote it), malformed ones apart.
 */
export interface RowFiles {
  /** A readable row, as the bytes of a well-formed CSV row. */
  raw(from: Uint8Array, start: number, end: number): void;
  /** A readable row. */
  cells(cells: readonly (string | null)[]): void;
  malformed(code: MalformedCode, raw: string): void;
  flushIfFull(): Promise<void>;
  /** Both files are complete after it. */
  close(): Promise<void>;
  /** Rows so far, malformed ones too. */
  readonly rows: number;
  readonly malformedRows: number;
  /** At most so many bytes has a readable row, and a line of the malformed ones. */
  readonly longestRow: number;
  readonly longestMalformed: number;
}

export const createRowFiles = async (readablePath: string, malformedPath: string): Promise<RowFiles> => {
  const readable = new BufferedFile(await open(readablePath, 'w'));
  const broken = new BufferedFile(await open(malformedPath, 'w'));
  // A first row may begin with the bytes of a byte order mark; behind a header they are data to DuckDB too.
  readable.text('readable\n');
  broken.text('malformed\n');
  let rows = 0;
  let malformedRows = 0;
  let longestRow = 0;
  let longestMalformed = 0;
  return {
    raw(from, start, end) {
      rows += 1;
      if (end - start > longestRow) longestRow = end - start;
      readable.bytes(from, start, end);
      readable.text('\n');
    },
    cells(cells) {
      rows += 1;
      const line = cells.map((cell) => (cell === null ? '' : quoted(cell))).join(',');
      if (line.length * 3 > longestRow) longestRow = line.length * 3;
      readable.text(`${line}\n`);
    },
    malformed(code, raw) {
      rows += 1;
      malformedRows += 1;
      const readableBefore = rows - malformedRows;
      const line = `${rows},${readableBefore},${malformedRows},${code},${quoted(raw)}\n`;
      longestMalformed = Math.max(longestMalformed, line.length * 3);
      broken.text(line);
    },
    async flushIfFull() {
      await readable.flushIfFull();
      await broken.flushIfFull();
    },
    get rows() {
      return rows;
    },
    get malformedRows() {
      return malformedRows;
    },
    get longestMalformed() {
      return longestMalformed;
    },
    get longestRow() {
      return longestRow;
    },
    async close() {
      await readable.close();
      await broken.close();
    },
  };
};
