import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import type { MalformedCode } from '../outcome.ts';

/** In this order of precedence. */
export type CsvProblem = Extract<MalformedCode, 'malformed_quote' | 'invalid_utf8' | 'wrong_field_count'>;

/** A row as the tokenizer sees it. One object for all rows: valid during the callback only. */
export interface CsvRow {
  /** Holds the whole row (the kept part of it, if `truncated`). */
  readonly bytes: Uint8Array;
  /** The row without its line end, within `bytes`. */
  readonly start: number;
  readonly end: number;
  /** After the line end, within `bytes`. */
  readonly next: number;
  /** Of `start`, in the decompressed object. */
  readonly offset: number;
  readonly fieldCount: number;
  /** Boundaries of the fields within `bytes`, without their quotes; meaningless if there is a `problem`. */
  readonly fieldStarts: Int32Array;
  readonly fieldEnds: Int32Array;
  /** Whether a field of the row is quoted. */
  readonly quoted: boolean;
  readonly problem: CsvProblem | null;
  /** Between the header and the row. */
  readonly blankLines: number;
  /** Only an unclosed quote's row is ever cut, to its first 64 KiB. */
  readonly truncated: boolean;
  readonly window: CsvWindow;
}

const WINDOW_BYTES = 64 * 1024;
const BACKSLASH = 92;

/**
 * A stretch of whole rows that is checked, and decoded if somebody asks for a cell, at once: a native call per
 * row would cost more than finding the row. Cells are slices of the window's text, so a cell that is kept keeps
 * its window (64 KiB) in memory.
 */
export class CsvWindow {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #latin1: string | null = null;
  #valid = true;
  isAscii = true;
  hasNul = false;
  /** Of the window that holds the last checked row. */
  #hasBackslash = false;

  /** Forgets the window: the bytes have moved. */
  reset(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = 0;
    this.#latin1 = null;
  }

  /** Makes the window hold the row, and says whether the row is valid UTF-8. `length`: how many bytes are filled. */
  isValidRow(start: number, end: number, length: number): boolean {
    if (end > this.#end) this.#move(start, end, length);
    return this.#valid || isUtf8(this.#bytes.subarray(start, end));
  }

  #move(start: number, rowEnd: number, length: number): void {
    const bytes = this.#bytes;
    let end = Math.max(rowEnd, Math.min(length, start + WINDOW_BYTES));
    // A character that the window's end would split belongs to a later window.
    while (end > rowEnd && (bytes[end - 1] ?? 0) >= 0x80) end -= 1;
    const stretch = bytes.subarray(start, end);
    this.#start = start;
    this.#end = end;
    this.#latin1 = null;
    this.isAscii = isAscii(stretch);
    this.#valid = this.isAscii || isUtf8(stretch);
    this.hasNul ||= stretch.includes(0);
    this.#hasBackslash = stretch.includes(BACKSLASH);
  }

  /** Whether `start` to `end`, which the last checked row must hold, has a backslash. */
  hasBackslash(start: number, end: number): boolean {
    return this.#hasBackslash && this.#bytes.subarray(start, end).includes(BACKSLASH);
  }

  /** The text of `start` to `end`, which the last checked row must hold. */
  text(start: number, end: number): string {
    const bytes = this.#bytes;
    if (!this.isAscii) {
      for (let at = start; at < end; at += 1) {
        if ((bytes[at] ?? 0) >= 0x80) return bytes.toString('utf8', start, end);
      }
    }
    // One character a byte, so that offsets in the bytes are offsets in the string.
    this.#latin1 ??= bytes.toString('latin1', this.#start, this.#end);
    return this.#latin1.slice(start - this.#start, end - this.#start);
  }
}

/** The text of field `at`, unquoted. Only for rows without a `problem`. */
export const cell = (row: CsvRow, at: number): string => {
  // Rows without a problem have as many boundaries as fields, and callers ask for the header's positions.
  const text = row.window.text(row.fieldStarts[at] as number, row.fieldEnds[at] as number);
  return row.quoted && text.includes('"') ? text.replaceAll('""', '"') : text;
};

/** The texts of all fields, unquoted. Only for rows without a `problem`. */
export const cells = (row: CsvRow): string[] => {
  const texts = new Array<string>(row.fieldCount);
  for (let at = 0; at < row.fieldCount; at += 1) texts[at] = cell(row, at);
  return texts;
};

/** The row as it came, without its line end; bytes that are no UTF-8 become U+FFFD. */
export const rawText = (row: CsvRow): string =>
  Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.length).toString('utf8', row.start, row.end);
