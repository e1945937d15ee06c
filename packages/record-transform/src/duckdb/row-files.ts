import { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import type { MalformedCode } from '../outcome.ts';
import { readCsv } from './csv-file.ts';
import type { Source } from './source.ts';

const FLUSH_BYTES = 1024 * 1024;

/** Appends to a new file in large writes. `flushIfFull` is to be awaited now and then: it bounds the memory. */
class LineFile {
  readonly path: string;
  readonly #file: FileHandle;
  #buffer = Buffer.allocUnsafe(2 * FLUSH_BYTES);
  #length = 0;
  #lineStart = 0;
  /** In bytes. */
  longestLine = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** With a header: a first row may begin with the bytes of a byte order mark, and behind a header they are data. */
  static async create(path: string): Promise<LineFile> {
    const file = new LineFile(path, await open(path, 'w'));
    file.text('header');
    file.endLine();
    return file;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  bytes(from: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#buffer.set(from.subarray(start, end), this.#length);
    this.#length += end - start;
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length);
  }

  endLine(): void {
    this.text('\n');
    this.longestLine = Math.max(this.longestLine, this.#length - this.#lineStart);
    this.#lineStart = this.#length;
  }

  async flushIfFull(): Promise<void> {
    if (this.#length >= FLUSH_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    await this.#file.writeFile(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    this.#lineStart = 0;
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** An object's readable rows as a CSV file without surprises: one line end, nothing malformed. */
export class ReadableRows {
  readonly #file: LineFile;

  private constructor(file: LineFile) {
    this.#file = file;
  }

  static async create(path: string): Promise<ReadableRows> {
    return new ReadableRows(await LineFile.create(path));
  }

  /** A row as the bytes of a well-formed CSV row, without its line end. */
  raw(from: Uint8Array, start: number, end: number): void {
    this.#file.bytes(from, start, end);
    this.#file.endLine();
  }

  /** A row of cells; a null is an empty cell without quotes. */
  cells(cells: readonly (string | null)[]): void {
    this.#file.text(cells.map((cell) => (cell === null ? '' : quoted(cell))).join(','));
    this.#file.endLine();
  }

  get path(): string {
    return this.#file.path;
  }

  get longestRow(): number {
    return this.#file.longestLine;
  }

  flushIfFull(): Promise<void> {
    return this.#file.flushIfFull();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** An object's malformed rows, set apart with their reasons. */
export class MalformedRows {
  readonly #file: LineFile;
  #rows = 0;

  private constructor(file: LineFile) {
    this.#file = file;
  }

  static async create(path: string): Promise<MalformedRows> {
    return new MalformedRows(await LineFile.create(path));
  }

  /** `number`: among all rows of the object, from 1. */
  add(number: number, code: MalformedCode, raw: string): void {
    this.#rows += 1;
    this.#file.text(`${number},${number - this.#rows},${code},${quoted(raw)}`);
    this.#file.endLine();
  }

  flushIfFull(): Promise<void> {
    return this.#file.flushIfFull();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** What DuckDB may read once the file is closed. */
  source(): Source['malformed'] {
    const file = readCsv({
      path: this.#file.path,
      delimiter: ',',
      columns: 4,
      emptyIsNull: false,
      longestRow: this.#file.longestLine,
      lineBreakInQuotes: true,
      leaveOutMisfits: false,
    });
    const columns =
      'CAST(c0 AS BIGINT) AS number, CAST(c1 AS BIGINT) AS readable_before, c2 AS code, c3 AS raw';
    return { rows: this.#rows, from: `(SELECT ${columns} FROM ${file})` };
  }
}
