import { Buffer } from 'node:buffer';
import { RefusedObject } from '../outcome.ts';
import { type CsvProblem, type CsvRow, CsvWindow, cells } from './csv-row.ts';
import { MAX_HEADER_BYTES, MAX_RAW_BYTES, MAX_ROW_BYTES, rowTooLarge } from './row-limits.ts';

/** What the whole object turned out to be: enough to decide whether another CSV reader can be trusted with it. */
export interface CsvSummary {
  /** Data rows, malformed ones included; blank lines and the header are none. */
  readonly rows: number;
  readonly malformed: number;
  readonly blankLines: number;
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

const LF = 10;
const CR = 13;
const QUOTE = 34;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
/** How much of a new chunk is copied behind an unfinished row, to finish it. */
const PIECE_BYTES = 4 * 1024;

// What the scanner is inside of.
const UNQUOTED = 0;
const QUOTED = 1;
/** Behind a closing quote that ends the row. */
const CLOSED = 2;
/** In a row with a broken quote: nothing but the line's end counts. */
const BROKEN = 3;

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
  const delimiter = options.delimiter.charCodeAt(0);
  /** No byte above it means anything. */
  const ceiling = Math.max(delimiter, QUOTE);

  let bytes: Buffer = Buffer.alloc(0);
  let length = 0;
  /** Offset of `bytes[0]` in the object. */
  let base = 0;
  /** An unfinished row is moved here, so that it outlives its chunk. */
  let own: Buffer = Buffer.alloc(0);

  let state = UNQUOTED;
  let at = 0;
  let rowStart = 0;
  let fieldStart = 0;
  let fieldCount = 0;
  let quoted = false;
  let starts = new Int32Array(64);
  let ends = new Int32Array(64);

  let started = false;
  let expected = -1;
  /** Bytes of an unclosed quote's row that were let go beyond `bytes`; -1 while nothing was. */
  let dropped = -1;
  let quoteIsLast = false;

  const window = new CsvWindow();
  const row = {
    bytes: bytes as Uint8Array,
    start: 0,
    end: 0,
    next: 0,
    offset: 0,
    fieldCount: 0,
    fieldStarts: starts,
    fieldEnds: ends,
    quoted: false,
    problem: null as CsvProblem | null,
    truncated: false,
    window,
  };
  let rows = 0;
  let malformed = 0;
  let blankLines = 0;
  let lf = 0;
  let crlf = 0;
  let cr = 0;
  let lineBreakInQuotes = false;
  let hasQuotes = false;
  let hasBom = false;
  let longestRowBytes = 0;
  let headerEnd = 0;

  const grow = (): void => {
    const [oldStarts, oldEnds] = [starts, ends];
    starts = new Int32Array(oldStarts.length * 2);
    ends = new Int32Array(oldStarts.length * 2);
    starts.set(oldStarts);
    ends.set(oldEnds);
  };

  const addField = (from: number, to: number): void => {
    // Of a row with too many fields only their number matters.
    if (fieldCount >= starts.length && expected < 0) grow();
    if (fieldCount < starts.length) {
      starts[fieldCount] = from;
      ends[fieldCount] = to;
    }
    fieldCount += 1;
  };

  const finishHeader = (end: number, next: number, broken: boolean): void => {
    const refuse = (what: string): never => {
      throw new RefusedObject('bad_header', `the header row ${what}`);
    };
    if (end - rowStart > MAX_HEADER_BYTES) refuse('is longer than 1 MiB');
    if (broken) refuse('has a broken quote: close it, and double the quotes inside quoted names');
    if (!window.isValidRow(rowStart, end, length)) refuse('is not valid UTF-8: save the file as UTF-8');
    expected = fieldCount;
    headerEnd = base + next;
    onHeader?.(cells({ ...row, fieldCount, fieldStarts: starts, fieldEnds: ends, quoted }));
  };

  const finishRow = (end: number, next: number, broken: boolean): void => {
    if (expected < 0) {
      finishHeader(end, next, broken);
      return;
    }
    const size = end - rowStart;
    if (size > MAX_ROW_BYTES) throw rowTooLarge(rows + 1, base + rowStart);
    rows += 1;
    if (size > longestRowBytes) longestRowBytes = size;
    const valid = window.isValidRow(rowStart, end, length);
    const problem = broken
      ? 'malformed_quote'
      : !valid
        ? 'invalid_utf8'
        : fieldCount !== expected
          ? 'wrong_field_count'
          : null;
    if (problem !== null) malformed += 1;
    if (!onRow) return;
    row.bytes = bytes;
    row.start = rowStart;
    row.end = end;
    row.next = next;
    row.offset = base + rowStart;
    row.fieldCount = fieldCount;
    row.fieldStarts = starts;
    row.fieldEnds = ends;
    row.quoted = quoted;
    row.problem = problem;
    onRow(row);
  };

  /** The object has ended inside quotes: one row, of which the first bytes are kept. */
  const finishUnclosed = (): void => {
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

  /** Scans `bytes` from `at` to `length`; what is undecided at the end is left for the next chunk. */
  const scan = (final: boolean): void => {
    const block = bytes;
    const n = length;
    const n4 = n - 4;
    let i = at;
    lines: for (;;) {
      // `block[i] as number` below: i < n in each place.
      let c = 0;
      for (;;) {
        if (state === UNQUOTED) {
          const to = ends;
          const from = starts;
          const room = to.length;
          let count = fieldCount;
          let begin = fieldStart;
          let open = false;
          while (i < n) {
            // Four bytes a round where none means anything: twice as fast as one by one.
            while (i < n4) {
              if ((block[i] as number) <= ceiling) break;
              if ((block[i + 1] as number) <= ceiling) {
                i += 1;
                break;
              }
              if ((block[i + 2] as number) <= ceiling) {
                i += 2;
                break;
              }
              if ((block[i + 3] as number) <= ceiling) {
                i += 3;
                break;
              }
              i += 4;
            }
            c = block[i] as number;
            if (c > ceiling) {
              i += 1;
            } else if (c === delimiter) {
              if (count >= room) break;
              from[count] = begin;
              to[count] = i;
              count += 1;
              i += 1;
              begin = i;
            } else if (c === LF || c === CR) {
              break;
            } else if (c === QUOTE) {
              hasQuotes = true;
              if (i !== begin) {
                state = BROKEN;
                break;
              }
              open = true;
              break;
            } else {
              i += 1;
            }
          }
          fieldCount = count;
          fieldStart = begin;
          if (open) {
            i += 1;
            fieldStart = i;
            quoted = true;
            state = QUOTED;
          } else if (i >= n) {
            if (!final || n === rowStart) break lines;
            addField(fieldStart, n);
            break;
          } else if (state === UNQUOTED) {
            if (c === LF || c === CR) {
              if (c === CR && i + 1 === n && !final) break lines;
              if (i > rowStart) addField(fieldStart, i);
              break;
            }
            // A delimiter beyond the room for boundaries.
            addField(fieldStart, i);
            i += 1;
            fieldStart = i;
          }
        } else if (state === QUOTED) {
          while (i < n) {
            c = block[i] as number;
            if (c > QUOTE) {
              i += 1;
            } else if (c === QUOTE) {
              if (i + 1 < n && block[i + 1] === QUOTE) i += 2;
              else break;
            } else {
              if (c === LF || c === CR) lineBreakInQuotes = true;
              i += 1;
            }
          }
          if (i >= n) {
            if (final) {
              at = i;
              finishUnclosed();
              return;
            }
            break lines;
          }
          if (i + 1 === n && !final) break lines;
          c = i + 1 < n ? (block[i + 1] as number) : LF;
          if (c === delimiter) {
            addField(fieldStart, i);
            i += 2;
            fieldStart = i;
            state = UNQUOTED;
          } else if (c === LF || c === CR) {
            addField(fieldStart, i);
            i += 1;
            state = CLOSED;
          } else {
            i += 1;
            state = BROKEN;
          }
        } else if (state === CLOSED) {
          if (i + 1 === n && block[i] === CR && !final) break lines;
          break;
        } else {
          while (i < n) {
            c = block[i] as number;
            if (c === LF || c === CR) break;
            i += 1;
          }
          if (!final && (i >= n || (c === CR && i + 1 === n))) break lines;
          break;
        }
      }

      let next = i;
      if (i < n) {
        next = i + 1;
        if (block[i] === LF) {
          lf += 1;
        } else if (next < n && block[next] === LF) {
          next += 1;
          crlf += 1;
        } else {
          cr += 1;
        }
      }
      if (i === rowStart) blankLines += 1;
      else finishRow(i, next, state === BROKEN);
      state = UNQUOTED;
      quoted = false;
      fieldCount = 0;
      i = next;
      rowStart = next;
      fieldStart = next;
    }
    at = i;
    const limit = expected < 0 ? MAX_HEADER_BYTES : MAX_ROW_BYTES;
    if (i - rowStart > limit && (expected < 0 || state !== QUOTED)) finishRow(i, i, false);
  };

  const restart = (from: Buffer, filled: number, offset: number): void => {
    bytes = from;
    length = filled;
    base = offset;
    at = rowStart = fieldStart = fieldCount = 0;
    state = UNQUOTED;
    quoted = false;
    window.reset(from);
  };

  /** Moves the unfinished row to the front of `own`. */
  const carry = (): void => {
    const size = length - rowStart;
    if (bytes === own && rowStart === 0 && own.length >= size + PIECE_BYTES) return;
    if (own.length < size + PIECE_BYTES) {
      const wider = Buffer.allocUnsafeSlow(Math.max(64 * 1024, 2 * (size + PIECE_BYTES)));
      bytes.copy(wider, 0, rowStart, length);
      own = wider;
    } else {
      bytes.copy(own, 0, rowStart, length);
    }
    for (let field = 0; field < Math.min(fieldCount, starts.length); field += 1) {
      starts[field] = (starts[field] ?? 0) - rowStart;
      ends[field] = (ends[field] ?? 0) - rowStart;
    }
    base += rowStart;
    at -= rowStart;
    fieldStart -= rowStart;
    rowStart = 0;
    bytes = own;
    length = size;
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

  const append = (piece: Uint8Array): void => {
    own.set(piece, length);
    length += piece.length;
  };

  const push = (chunk: Uint8Array): void => {
    if (dropped >= 0) {
      follow(chunk);
      return;
    }
    const whole = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let taken = 0;
    while (taken < whole.length) {
      const carried = length;
      if (carried === 0) {
        restart(whole.subarray(taken), whole.length - taken, base);
        taken = whole.length;
      } else {
        const piece = whole.subarray(taken, taken + PIECE_BYTES);
        append(piece);
        taken += piece.length;
      }
      if (!started && !skipBom(false)) {
        carry();
        continue;
      }
      scan(false);
      if (rowStart >= length) {
        restart(bytes, 0, base + rowStart);
      } else if (carried > 0 && rowStart >= carried) {
        // What is left of the piece is still in the chunk, and can be scanned there without a copy.
        taken -= length - rowStart;
        restart(bytes, 0, base + rowStart);
      } else {
        carry();
        if (length > MAX_ROW_BYTES && state === QUOTED && expected >= 0) {
          const rest = whole.subarray(taken);
          quoteIsLast = at < length;
          dropped = 0;
          follow(rest);
          return;
        }
      }
    }
  };

  /** False if more bytes are needed to tell. */
  const skipBom = (final: boolean): boolean => {
    const head = Math.min(length, BOM.length);
    const mayBe = bytes.subarray(0, head).equals(BOM.subarray(0, head));
    if (mayBe && head < BOM.length && !final) return false;
    started = true;
    hasBom = mayBe && head === BOM.length;
    if (hasBom) at = rowStart = fieldStart = BOM.length;
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
    const kinds = Number(lf > 0) + Number(crlf > 0) + Number(cr > 0);
    return {
      rows,
      malformed,
      blankLines,
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
