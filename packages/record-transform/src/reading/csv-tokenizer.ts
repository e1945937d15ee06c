import { Buffer } from 'node:buffer';
import { RefusedObject } from '../outcome.ts';
import { type CsvProblem, type CsvRow, CsvWindow, cells } from './csv-row.ts';
import { CsvScanner } from './csv-scanner.ts';
import { MAX_HEADER_BYTES, MAX_RAW_BYTES, MAX_ROW_BYTES, rowTooLarge } from './row-limits.ts';

/** What the whole object turned out to be: enough to decide whether another CSV reader can be trusted with it. */
export interface CsvSummary {
  /** Data rows, malformed ones included; blank lines and the header are none. */
  readonly rows: number;
  readonly malformed: number;
  readonly blankLines: number;
  readonly blankLinesBeforeHeader: number;
  /** `lf` if there was none. */
  readonly lineEnds: 'lf' | 'crlf' | 'cr' | 'mixed';
  readonly lineBreakInQuotes: boolean;
  readonly hasQuotes: boolean;
  readonly hasNul: boolean;
  readonly hasBom: boolean;
  /** Of data rows, without their line ends. */
  readonly longestRowBytes: number;
  /** Offset in the decompressed object at which data begins. */
  readonly headerEnd: number;
}

export interface CsvTokenizer {
  /** The chunk may be reused after the call. */
  push(chunk: Uint8Array): void;
  end(): CsvSummary;
}

export interface CsvTokenizerOptions {
  /** One ASCII character. */
  readonly delimiter: string;
  /** The header's names, before the first row. */
  readonly onHeader?: (names: readonly string[]) => void;
  /** Called for every data row, malformed ones too. Without it only the summary is made. */
  readonly onRow?: (row: CsvRow) => void;
}

const QUOTE = 34;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
/** How much of a new chunk is copied behind an unfinished row, to finish it. */
const PIECE_BYTES = 4 * 1024;

/**
 * RFC 4180 over bytes, in one pass: the first line that is not blank is the header, its number of fields is
 * every row's. Results do not depend on how the object is cut into chunks.
 *
 * A row with a quote inside an unquoted field, or with text behind a closing quote, ends at the next line end
 * after that place, whatever quotes follow in it: a stray quote costs its line and never swallows the next.
 * An unclosed quote makes one row to the end of the object.
 *
 * `push` and `end` throw `RefusedObject`: `bad_header`, `row_too_large`, `empty_object`.
 */
export const createCsvTokenizer = (options: CsvTokenizerOptions): CsvTokenizer => {
  const { onHeader, onRow } = options;
  const scanner = new CsvScanner(options.delimiter);
  const window = new CsvWindow();
  /** Offset of the scanner's first byte in the object. */
  let base = 0;
  /** An unfinished row is moved here, so that it outlives its chunk. */
  let own: Buffer = Buffer.alloc(0);

  let started = false;
  let expected = -1;
  /** Bytes of an unclosed quote's row that were let go beyond `bytes`; -1 while nothing was. */
  let dropped = -1;
  let quoteIsLast = false;

  const row = {
    bytes: scanner.bytes as Uint8Array,
    start: 0,
    end: 0,
    next: 0,
    offset: 0,
    fieldCount: 0,
    fieldStarts: scanner.starts,
    fieldEnds: scanner.ends,
    quoted: false,
    problem: null as CsvProblem | null,
    blankLines: 0,
    truncated: false,
    window,
  };
  let rows = 0;
  let malformed = 0;
  let hasBom = false;
  let longestRowBytes = 0;
  let headerEnd = 0;
  let blankLinesBeforeHeader = 0;

  const finishHeader = (end: number, next: number, broken: boolean): void => {
    const refuse = (what: string): never => {
      throw new RefusedObject('bad_header', `the header row ${what}`);
    };
    const { rowStart, length, fieldCount, starts, ends, quoted } = scanner;
    if (end - rowStart > MAX_HEADER_BYTES) refuse('is longer than 1 MiB');
    if (broken) refuse('has a broken quote: close it, and double the quotes inside quoted names');
    if (!window.isValidRow(rowStart, end, length)) refuse('is not valid UTF-8: save the file as UTF-8');
    expected = fieldCount;
    scanner.grows = false;
    headerEnd = base + next;
    blankLinesBeforeHeader = scanner.blankLines;
    onHeader?.(cells({ ...row, fieldCount, fieldStarts: starts, fieldEnds: ends, quoted }));
  };

  const finishRow = (end: number, next: number, broken: boolean): void => {
    if (expected < 0) {
      finishHeader(end, next, broken);
      return;
    }
    const { rowStart, fieldCount } = scanner;
    const size = end - rowStart;
    if (size > MAX_ROW_BYTES) throw rowTooLarge(rows + 1, base + rowStart);
    rows += 1;
    if (size > longestRowBytes) longestRowBytes = size;
    const valid = window.isValidRow(rowStart, end, scanner.length);
    const problem = broken
      ? 'malformed_quote'
      : !valid
        ? 'invalid_utf8'
        : fieldCount !== expected
          ? 'wrong_field_count'
          : null;
    if (problem !== null) malformed += 1;
    if (!onRow) return;
    row.bytes = scanner.bytes;
    row.start = rowStart;
    row.end = end;
    row.next = next;
    row.offset = base + rowStart;
    row.fieldCount = fieldCount;
    row.fieldStarts = scanner.starts;
    row.fieldEnds = scanner.ends;
    row.quoted = scanner.quoted;
    row.problem = problem;
    row.blankLines = scanner.blankLines - blankLinesBeforeHeader;
    onRow(row);
  };

  /** The object has ended inside quotes: one row, of which the first bytes are kept. */
  const finishUnclosed = (): void => {
    const { bytes, length, rowStart, fieldStart } = scanner;
    const size = length - rowStart + Math.max(dropped, 0);
    // The row is refused if it left the quotes anywhere beyond the limit, as if it had ended there.
    if (expected >= 0 && fieldStart - 1 - rowStart > MAX_ROW_BYTES)
      throw rowTooLarge(rows + 1, base + rowStart);
    let end = length;
    if (size > MAX_RAW_BYTES) {
      const cut = rowStart + MAX_RAW_BYTES;
      end = cut;
      // A character that the cut would split is left out; it has at most four bytes.
      while (end > cut - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
      row.truncated = true;
    }
    finishRow(end, length, true);
    longestRowBytes = Math.max(longestRowBytes, size);
  };

  const scan = (final: boolean): void => {
    if (scanner.scan(final, finishRow) === 'unclosed') {
      finishUnclosed();
      return;
    }
    const { at, rowStart } = scanner;
    if (
      expected < 0 ? at - rowStart > MAX_HEADER_BYTES : at - rowStart > MAX_ROW_BYTES && !scanner.isInQuotes
    )
      finishRow(at, at, false);
  };

  const restart = (from: Buffer, filled: number): void => {
    base += scanner.rowStart;
    scanner.restart(from, filled, 0);
    window.reset(from);
  };

  /** Moves the unfinished row to the front of `own`. */
  const carry = (): void => {
    const { bytes, length, rowStart } = scanner;
    const size = length - rowStart;
    const fits = own.length >= size + PIECE_BYTES;
    if (fits && bytes === own && rowStart === 0) return;
    const to = fits ? own : Buffer.allocUnsafeSlow(Math.max(64 * 1024, 2 * (size + PIECE_BYTES)));
    bytes.copy(to, 0, rowStart, length);
    own = to;
    base += rowStart;
    scanner.move(own);
    window.reset(own);
  };

  /** An open quote beyond the largest row is followed only to see whether it closes, which refuses the object. */
  const follow = (chunk: Uint8Array): void => {
    if (chunk.length === 0) return;
    let i = 0;
    if (quoteIsLast) {
      if (chunk[0] !== QUOTE) throw rowTooLarge(rows + 1, base);
      i = 1;
      quoteIsLast = false;
    }
    for (i = chunk.indexOf(QUOTE, i); i >= 0; i = chunk.indexOf(QUOTE, i + 2)) {
      if (i + 1 === chunk.length) quoteIsLast = true;
      else if (chunk[i + 1] !== QUOTE) throw rowTooLarge(rows + 1, base);
    }
    dropped += chunk.length;
  };

  const push = (chunk: Uint8Array): void => {
    if (dropped >= 0) {
      follow(chunk);
      return;
    }
    const whole = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let taken = 0;
    while (taken < whole.length) {
      const carried = scanner.length;
      if (carried === 0) {
        restart(whole.subarray(taken), whole.length - taken);
        taken = whole.length;
      } else {
        const piece = whole.subarray(taken, taken + PIECE_BYTES);
        own.set(piece, carried);
        scanner.length += piece.length;
        taken += piece.length;
      }
      if (!started && !skipBom(false)) {
        carry();
        continue;
      }
      scan(false);
      const left = scanner.length - scanner.rowStart;
      if (left === 0) {
        restart(own, 0);
      } else if (carried > 0 && scanner.rowStart >= carried) {
        // What is left of the piece is still in the chunk, and can be scanned there without a copy.
        taken -= left;
        restart(own, 0);
      } else {
        carry();
        if (left > MAX_ROW_BYTES && scanner.isInQuotes) {
          quoteIsLast = scanner.at < left;
          dropped = 0;
          follow(whole.subarray(taken));
          return;
        }
      }
    }
  };

  /** False if more bytes are needed to tell. */
  const skipBom = (final: boolean): boolean => {
    const { bytes, length } = scanner;
    const head = Math.min(length, BOM.length);
    const mayBe = bytes.subarray(0, head).equals(BOM.subarray(0, head));
    if (mayBe && head < BOM.length && !final) return false;
    started = true;
    hasBom = mayBe && head === BOM.length;
    if (hasBom) scanner.restart(bytes, length, BOM.length);
    return true;
  };

  const end = (): CsvSummary => {
    if (dropped >= 0) {
      if (quoteIsLast) throw rowTooLarge(rows + 1, base);
      finishUnclosed();
    } else {
      if (!started) skipBom(true);
      scan(true);
    }
    if (expected < 0) throw new RefusedObject('empty_object', 'the object is empty: it has no header row');
    const { lf, crlf, cr, blankLines, lineBreakInQuotes, hasQuotes } = scanner;
    const kinds = Number(lf > 0) + Number(crlf > 0) + Number(cr > 0);
    return {
      rows,
      malformed,
      blankLines,
      blankLinesBeforeHeader,
      lineEnds: kinds > 1 ? 'mixed' : crlf > 0 ? 'crlf' : cr > 0 ? 'cr' : 'lf',
      lineBreakInQuotes,
      hasQuotes,
      hasNul: window.hasNul,
      hasBom,
      longestRowBytes,
      headerEnd,
    };
  };

  return { push, end };
};
