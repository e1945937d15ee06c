import type { Dataset, SourceFormat } from '@sluice/record-schema';
import {
  checkContent,
  createCsvTokenizer,
  decompressed,
  formatOfKey,
  HEAD_BYTES,
  matchHeader,
  RefusedObject,
  readParquetFooter,
} from '@sluice/record-transform/reading';

/** Gives the bytes from `start` to `end`, `end` not included, or to the object's end. */
export type ReadRange = (start: number, end?: number) => Promise<AsyncIterable<Uint8Array>>;

export interface ObjectHead {
  readonly format: SourceFormat;
  /** The column names; null where the head does not tell them (JSON, gzipped Parquet). */
  readonly columns: readonly string[] | null;
}

/**
 * Reads as much of an object as tells its format and its columns.
 *
 * @throws {RefusedObject} if it cannot be what its name says, or lacks columns
 */
export const readObjectHead = async (
  dataset: Dataset,
  object: { readonly key: string; readonly size: number },
  readRange: ReadRange,
): Promise<ObjectHead> => {
  const format = formatOfKey(dataset, object.key);
  const start = new HeadOf(decompressed(await readRange(0)));
  try {
    checkContent(format, await start.bytes(HEAD_BYTES));
    switch (format) {
      case 'csv':
        return { format, columns: await csvColumns(dataset, start.all()) };
      case 'json':
        await checkNotBlank(start.all());
        return { format, columns: null };
      case 'parquet':
        return { format, columns: await parquetColumns(object, readRange) };
    }
  } finally {
    await start.close();
  }
};

const saysGzipped = (key: string): boolean => key.toLowerCase().endsWith('.gz');

/**
 * Whether an object is gzipped or called so, in any case of letters. Step Functions' reader may go by either.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
 */
export const mayBeGzipped = async (key: string, readRange: ReadRange): Promise<boolean> => {
  if (saysGzipped(key)) return true;
  const start: Uint8Array[] = [];
  for await (const chunk of await readRange(0, 2)) start.push(chunk);
  const [first, second] = Buffer.concat(start);
  return first === 0x1f && second === 0x8b;
};

/** The beginning of a stream, looked at without being used up. */
class HeadOf {
  readonly #chunks: AsyncGenerator<Uint8Array>;
  #head: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncGenerator<Uint8Array>) {
    this.#chunks = chunks;
  }

  /** Fewer only if there are no more. */
  async bytes(count: number): Promise<Uint8Array> {
    while (this.#head.length < count) {
      const next = await this.#chunks.next();
      if (next.done) break;
      this.#head = Buffer.concat([this.#head, next.value]);
    }
    return this.#head;
  }

  async *all(): AsyncGenerator<Uint8Array> {
    yield this.#head;
    for (;;) {
      const next = await this.#chunks.next();
      if (next.done) return;
      yield next.value;
    }
  }

  /** Lets go of the socket or the file. */
  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}

const csvColumns = async (
  dataset: Dataset,
  chunks: AsyncIterable<Uint8Array>,
): Promise<readonly string[]> => {
  const header: string[] = [];
  const tokenizer = createCsvTokenizer({
    delimiter: dataset.source.delimiter,
    onHeader: (names) => header.push(...names),
  });
  for await (const chunk of chunks) {
    tokenizer.push(chunk);
    if (header.length > 0) return header;
  }
  // An object without a header is refused here.
  tokenizer.end();
  return header;
};

const checkNotBlank = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  // White space of JSON, and the bytes of a BOM.
  const blank = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
  for await (const chunk of chunks) if (chunk.some((byte) => !blank.has(byte))) return;
  throw new RefusedObject('empty_object', 'the object is empty: it holds nothing but blanks');
};

const parquetColumns = async (
  { key, size }: { readonly key: string; readonly size: number },
  readRange: ReadRange,
): Promise<readonly string[] | null> => {
  if (saysGzipped(key)) return null;
  const footer = await readParquetFooter(size, async (start, end) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await readRange(start, end)) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
  return footer.columns;
};

/** Whether exactly the declared columns are there, and which others are. Throws `RefusedObject` as `matchHeader` does. */
export const judgeColumns = (
  dataset: Dataset,
  columns: readonly string[] | null,
): { readonly headerKnown: boolean; readonly unknownColumns: readonly string[] } => {
  // Without a header there is nothing for discovery to learn that the scan will not find.
  if (columns === null) return { headerKnown: true, unknownColumns: [] };
  const { positions, unknownColumns } = matchHeader(dataset, columns);
  return { headerKnown: unknownColumns.length === 0 && !positions.includes(-1), unknownColumns };
};
