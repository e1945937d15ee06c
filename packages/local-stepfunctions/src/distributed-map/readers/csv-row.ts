import { readerFailed } from './reader-failed.ts';

/** Cuts rows with quotes or backslashes into cells, as AWS's guide tells ("How Step Functions parses input CSV files"). */
export class CsvRowReader {
  readonly #delimiter: string;
  readonly #blank: RegExp;
  /** What stands for itself in a cell without quotes. */
  readonly #plain: RegExp;

  constructor(delimiter: string) {
    const escaped = `\\${delimiter}`;
    this.#delimiter = delimiter;
    this.#blank = new RegExp(`(?:(?!${escaped})[^\\S\\r\\n])*`, 'y');
    this.#plain = new RegExp(`[^${escaped}\\r\\n"\\\\]*`, 'y');
  }

  /** The row that starts there; undefined if it may go on behind the text. */
  read(text: string, start: number, isLast: boolean): CsvRow | undefined {
    const row: string[] = [];
    let position = start;
    for (;;) {
      const first = behind(this.#blank, text, position);
      const isQuoted = text[first] === '"';
      const cell = isQuoted ? this.#quoted(text, first + 1, isLast) : this.#bare(text, position);
      if (cell === undefined || (cell.end >= text.length && !isLast)) return undefined;
      row.push(cell.value);
      if (text[cell.end] !== this.#delimiter) {
        const isCarriageReturn = text[cell.end] === '\r';
        // A line feed may follow.
        if (isCarriageReturn && cell.end === text.length - 1 && !isLast) return undefined;
        const isTwo = isCarriageReturn && text[cell.end + 1] === '\n';
        return { row, next: Math.min(cell.end + (isTwo ? 2 : 1), text.length) };
      }
      position = cell.end + 1;
    }
  }

  #bare(text: string, start: number): Cell {
    let value = '';
    let position = start;
    for (;;) {
      const end = behind(this.#plain, text, position);
      value += text.slice(position, end);
      const sign = text[end];
      if (sign !== '"' && sign !== '\\') return { value, end };
      const { meant, next } = sign === '"' ? repeatedQuote(text, end) : this.#escape(text, end);
      value += meant;
      position = next;
    }
  }

  /** From behind the quote that opens it. */
  #quoted(text: string, start: number, isLast: boolean): Cell | undefined {
    let value = '';
    let position = start;
    for (;;) {
      const end = behind(QUOTED, text, position);
      value += text.slice(position, end);
      if (end === text.length) {
        if (isLast) throw readerFailed(`Parse Error: missing closing: '"'`);
        return undefined;
      }
      if (text[end] === '"' && text[end + 1] !== '"') return { value, end: this.#behindQuote(text, end + 1) };
      const { meant, next } = text[end] === '"' ? repeatedQuote(text, end) : this.#escape(text, end);
      value += meant;
      position = next;
    }
  }

  #behindQuote(text: string, start: number): number {
    const end = behind(this.#blank, text, start);
    const sign = text[end];
    if (sign === undefined || sign === this.#delimiter || sign === '\n' || sign === '\r') return end;
    throw readerFailed(`Parse Error: expected: '${this.#delimiter}' OR new line`);
  }

  /** "Backslashes only work with other backslashes, double quotation marks, and the configured field separator": */
  #escape(text: string, at: number): { readonly meant: string; readonly next: number } {
    const sign = text[at + 1];
    return sign === '\\' || sign === '"' || sign === this.#delimiter
      ? { meant: sign, next: at + 2 }
      : // "… followed by any other character is silently removed."
        { meant: '', next: at + 1 };
  }
}

interface CsvRow {
  readonly row: string[];
  /** Of the next row. */
  readonly next: number;
}

interface Cell {
  readonly value: string;
  /** Of the delimiter or line end behind it. */
  readonly end: number;
}

const QUOTED = /[^"\\]*/y;

/** Where what the pattern, which may match nothing, matches at the position ends. */
function behind(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  pattern.test(text);
  return pattern.lastIndex;
}

/** "You can preserve double quotes by repeating them", in a cell without quotes too; a single one stands there for itself. */
function repeatedQuote(text: string, at: number): { readonly meant: string; readonly next: number } {
  return { meant: '"', next: text[at + 1] === '"' ? at + 2 : at + 1 };
}
