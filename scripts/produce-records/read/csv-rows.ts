import { Readable } from 'node:stream';
import { parse } from 'fast-csv';
import { EXIT, ProduceError } from '../produce-error.ts';
import { type Line, linesOf } from './lines.ts';

// Twice what a stream takes in a record by default. fast-csv reads an open row anew with each block that comes, so what
// it may wait for has to be small.
const MAX_ROW_BYTES = 2 * 1024 * 1024;
const MAX_ONE_BY_ONE = 64;

/**
 * The rows of a CSV text by fast-csv, cells as Latin-1: a letter is a byte. All of CSV's own marks are ASCII, so what
 * lies between them stays the bytes that it is, and each row's UTF-8 can be judged alone.
 *
 * When fast-csv fails, it throws away the rows of the block before the fault, and its message holds text of the input.
 * So lines are kept until their rows are out; those that are left then are read once more, one by one.
 */
export async function* csvRows(
  chunks: AsyncIterable<Buffer>,
  delimiter: string,
  label: string,
): AsyncGenerator<readonly string[], void> {
  const ahead = new LinesAhead(label);
  const parser = newParser(delimiter);
  const source = Readable.from(ahead.blocksOf(chunks), { highWaterMark: 1 });
  let inputFault: unknown = null;
  source.once('error', (error) => {
    inputFault = error;
    parser.destroy(error);
  });
  source.pipe(parser);
  try {
    for await (const cells of parser) {
      const row = ahead.rowOf(cells);
      if (row !== null) yield row;
    }
    return;
  } catch {
    if (inputFault !== null) throw inputFault;
  } finally {
    source.destroy();
  }
  yield* ahead.rowsBeforeFault(newParser(delimiter));
}

const newParser = (delimiter: string) =>
  parse<string[], string[]>({ headers: false, delimiter, encoding: 'latin1' });

/** Lines that fast-csv has been given, and whose rows are not out yet. */
class LinesAhead {
  readonly #label: string;
  #lines: Line[] = [];
  #first = 0;
  #bytes = 0;
  /** Of the first one ahead. */
  #lineNumber = 1;

  constructor(label: string) {
    this.#label = label;
  }

  async *blocksOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    for await (const lines of linesOf(chunks, MAX_ROW_BYTES)) {
      this.#lines = [...this.#lines.slice(this.#first), ...lines];
      this.#first = 0;
      for (const line of lines) this.#bytes += line.bytes.length;
      if (this.#bytes > 2 * MAX_ROW_BYTES || lines.some((line) => line.cut)) {
        throw this.#fault('a row of more than 2 MiB; is there a quote that never closes?');
      }
      yield Buffer.concat(lines.map((line) => line.bytes));
    }
    // fast-csv passes over blanks at the end of a text, which are a row where there is one column.
    yield Buffer.from('\n');
  }

  /** Null for a line without a single character, which is no row. */
  rowOf(cells: readonly string[]): readonly string[] | null {
    let lines = 1;
    for (const cell of cells) {
      for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) lines += 1;
    }
    const first = this.#lines[this.#first];
    for (let taken = 0; taken < lines && this.#first < this.#lines.length; taken += 1) {
      this.#bytes -= this.#lines[this.#first]?.bytes.length ?? 0;
      this.#first += 1;
    }
    this.#lineNumber += lines;
    if (cells.length > 0) return cells;
    // To fast-csv a line of blanks is empty, too.
    const blanks = first?.bytes.toString('latin1').replace(/[\r\n]+$/, '') ?? '';
    return blanks === '' ? null : [blanks];
  }

  /** Throws what is wrong behind them. */
  async *rowsBeforeFault(parser: ReturnType<typeof newParser>): AsyncGenerator<readonly string[], never> {
    let fault: Error | null = null;
    parser.on('error', (error) => {
      fault = error;
    });
    const write = (bytes: Buffer) => new Promise<void>((resolve) => parser.write(bytes, () => resolve()));
    const lines = this.#lines.slice(this.#first).map((line) => line.bytes);
    let openFor = 0;
    while (lines.length > 0 && fault === null) {
      // A quote that never closes: its row need not be looked at again and again.
      await write(Buffer.concat(lines.splice(0, openFor < MAX_ONE_BY_ONE ? 1 : openFor)));
      openFor += 1;
      for (let cells = parser.read(); cells !== null; cells = parser.read()) {
        openFor = 0;
        const row = this.rowOf(cells);
        if (row !== null) yield row;
      }
    }
    parser.destroy();
    throw this.#fault(
      fault === null ? 'a quote never closes' : 'text behind a closing quote, or a quote that never closes',
    );
  }

  #fault(what: string): ProduceError {
    return new ProduceError(
      `${this.#label}: bad CSV at line ${this.#lineNumber}: ${what}; what is before it is sent`,
      EXIT.fault,
    );
  }
}
