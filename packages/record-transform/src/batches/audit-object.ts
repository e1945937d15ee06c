import type { Dataset } from '@sluice/record-schema';
import type { MalformedCode } from '../outcome.ts';
import { type CsvRow, cell, rawText } from '../reading/csv-row.ts';
import { createCsvTokenizer } from '../reading/csv-tokenizer.ts';
import { type MatchedHeader, matchHeader } from '../reading/header.ts';
import { hashOfText, rowText } from './row-hash.ts';

interface AuditedHeader {
  readonly unknownColumns: readonly string[];
  /** Of a row that has nothing but empty cells. */
  readonly blankHash: string;
}

/** What an object's lines are, in their order. */
export interface AuditHandlers {
  /**
   * A row that can be read, and the hash of its text. If a backslash is anywhere in it, which other readers take for an
   * escape: also the cells of the declared fields, null where the object has no such column.
   */
  readonly readable: (hash: string, cells: readonly (string | null)[] | null) => void;
  readonly malformed: (code: MalformedCode, raw: string) => void;
  /** A line without a character, behind the header. */
  readonly blankLine: () => void;
  /** Awaited between the chunks. */
  readonly afterChunk: () => Promise<void>;
}

const isGzip = (chunk: Uint8Array): boolean => chunk[0] === 0x1f && chunk[1] === 0x8b;

const cellsOf = (row: CsvRow, { positions }: MatchedHeader): (string | null)[] =>
  Array.from(positions, (at) => (at < 0 ? null : cell(row, at)));

/** The hashes of rows; of rows without quotes whose columns are the declared ones, without looking into them. */
const rowHashes = (dataset: Dataset, names: readonly string[], header: MatchedHeader) => {
  const { positions } = header;
  const text = rowText(dataset);
  const isAsDeclared =
    names.length === positions.length && positions.every((position, field) => position === field);
  return (row: CsvRow): string => {
    if (isAsDeclared && !row.quoted) return hashOfText(row.bytes.subarray(row.start, row.end));
    return hashOfText(text(cellsOf(row, header)));
  };
};

/**
 * Reads a CSV object as the semantics want it read, to hold another reader's rows against it: one pass over its bytes,
 * without judging a cell.
 *
 * @throws {RefusedObject} maybe after rows; an `Error` if the object is gzipped, which that other reader cannot read
 */
export const auditObject = async (
  dataset: Dataset,
  chunks: AsyncIterable<Uint8Array>,
  handlers: AuditHandlers,
): Promise<AuditedHeader> => {
  let unknownColumns: readonly string[] = [];
  let blankHash = '';
  let audit: (row: CsvRow) => void = () => undefined;
  let blankLines = 0;
  const skipTo = (lines: number): void => {
    for (; blankLines < lines; blankLines += 1) handlers.blankLine();
  };
  const tokenizer = createCsvTokenizer({
    delimiter: dataset.source.delimiter,
    onHeader(names) {
      const header = matchHeader(dataset, names);
      ({ unknownColumns } = header);
      const hashOf = rowHashes(dataset, names, header);
      audit = (row) => {
        const hasBackslash = row.window.hasBackslash(row.start, row.end);
        handlers.readable(hashOf(row), hasBackslash ? cellsOf(row, header) : null);
      };
      blankHash = hashOfText(rowText(dataset)(Array.from(header.positions, (at) => (at < 0 ? null : ''))));
    },
    onRow(row) {
      skipTo(row.blankLines);
      if (row.problem === null) audit(row);
      else handlers.malformed(row.problem, rawText(row));
    },
  });
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst && isGzip(chunk)) throw new Error('the object is gzipped; run it through etl');
    isFirst = false;
    tokenizer.push(chunk);
    await handlers.afterChunk();
  }
  const summary = tokenizer.end();
  skipTo(summary.blankLines - summary.blankLinesBeforeHeader);
  await handlers.afterChunk();
  return { unknownColumns, blankHash };
};
