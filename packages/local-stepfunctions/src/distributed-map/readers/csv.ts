import { type Json, setKey } from '../../json.ts';
import type { CsvFormat } from '../distributed-map.ts';
import { MAX_ITEM_BYTES } from '../item-chunk.ts';
import { CsvRowReader } from './csv-row.ts';
import { readerFailed } from './reader-failed.ts';
import { textPieces } from './text-pieces.ts';

/** Bytes that the header may have (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html). */
const MAX_HEADER_BYTES = 10 * 1024;

/** The rows of a CSV file as objects of text. */
export async function* readCsv(
  body: AsyncIterable<Uint8Array>,
  format: CsvFormat,
): AsyncGenerator<readonly Json[], void> {
  const splitter = new RowSplitter(format.delimiter);
  let toItem = format.headers === undefined ? undefined : itemMaker(format.headers);
  for await (const rows of rowsOf(body, splitter)) {
    let data = rows;
    if (toItem === undefined) {
      const [headers, ...rest] = rows;
      if (headers === undefined) continue;
      toItem = itemMaker(headers);
      data = rest;
    }
    if (data.length > 0) yield data.map(toItem);
  }
  if (toItem === undefined) throw readerFailed('The CSV file has no header: it is empty.');
}

async function* rowsOf(
  body: AsyncIterable<Uint8Array>,
  splitter: RowSplitter,
): AsyncGenerator<readonly (readonly string[])[], void> {
  for await (const text of textPieces(body)) {
    const rows = splitter.push(text);
    if (rows.length > 0) yield rows;
  }
  yield splitter.end();
}

/** As AWS does: what a row lacks is empty, what it has too much is cut. */
function itemMaker(headers: readonly string[]): (row: readonly string[]) => Json {
  if (new Set(headers).size < headers.length) throw readerFailed('CSV headers cannot contain duplicates.');
  const bytes = headers.reduce((sum, header) => sum + Buffer.byteLength(header) + 1, -1);
  if (bytes > MAX_HEADER_BYTES) {
    throw readerFailed(
      `The CSV header has ${bytes} bytes, which is more than the maximum of ${MAX_HEADER_BYTES}.`,
    );
  }
  return (row) => {
    const item: Record<string, Json> = {};
    for (const [index, header] of headers.entries()) setKey(item, header, row[index] ?? '');
    return item;
  };
}

const LINE_FEED = 10;

/** Cuts text into rows as it comes. */
export class RowSplitter {
  readonly #delimiter: string;
  readonly #reader: CsvRowReader;
  /** What has not become rows yet. */
  #text = '';

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
    this.#reader = new CsvRowReader(delimiter);
  }

  push(text: string): string[][] {
    this.#text += text;
    return this.#take(false);
  }

  /** The rows of the last line, which may have no line end. */
  end(): string[][] {
    return this.#take(true);
  }

  #take(isLast: boolean): string[][] {
    const text = this.#text;
    const rows: string[][] = [];
    const lineEnds = new LineEnds(text, isLast);
    let position = 0;
    let special = nextSpecial(text, 0);
    while (position < text.length) {
      if (special < position) special = nextSpecial(text, position);
      const end = lineEnds.after(position);
      if (end === undefined) break;
      if (special >= end.start) {
        // A line without a single character is no row.
        if (end.start > position) rows.push(text.slice(position, end.start).split(this.#delimiter));
        position = end.next;
      } else {
        const read = this.#reader.read(text, position, isLast);
        if (read === undefined) break;
        rows.push(read.row);
        position = read.next;
      }
    }
    this.#text = text.slice(position);
    if (this.#text.length > MAX_ITEM_BYTES) {
      throw readerFailed(
        `A row of the CSV file is larger than ${MAX_ITEM_BYTES} bytes, or a quote is never closed.`,
      );
    }
    return rows;
  }
}

const SPECIAL = /["\\]/g;

/** Where the next quote or backslash stands; behind the text if there is none. */
function nextSpecial(text: string, position: number): number {
  SPECIAL.lastIndex = position;
  return SPECIAL.exec(text)?.index ?? text.length;
}

interface LineEnd {
  /** Of the line end, which is the end of the line. */
  readonly start: number;
  /** Of the next line. */
  readonly next: number;
}

/** Finds where lines end: with CR LF, LF or CR. */
class LineEnds {
  readonly #text: string;
  readonly #isLast: boolean;
  /** The next from `#from` on, -1 if there is none. */
  #carriageReturn: number;
  #from = 0;

  constructor(text: string, isLast: boolean) {
    this.#text = text;
    this.#isLast = isLast;
    this.#carriageReturn = text.indexOf('\r');
  }

  /** Undefined if the line may go on behind the text. */
  after(position: number): LineEnd | undefined {
    const text = this.#text;
    const isKnown = this.#carriageReturn < 0 || this.#carriageReturn >= position;
    if (position < this.#from || !isKnown) {
      this.#carriageReturn = text.indexOf('\r', position);
      this.#from = position;
    }
    const feed = text.indexOf('\n', position);
    const carriage = this.#carriageReturn;
    if (carriage < 0 || (feed >= 0 && feed < carriage)) {
      if (feed >= 0) return { start: feed, next: feed + 1 };
      return this.#isLast ? { start: text.length, next: text.length } : undefined;
    }
    if (carriage === text.length - 1) {
      // A line feed may follow.
      return this.#isLast ? { start: carriage, next: carriage + 1 } : undefined;
    }
    return { start: carriage, next: carriage + (text.charCodeAt(carriage + 1) === LINE_FEED ? 2 : 1) };
  }
}
