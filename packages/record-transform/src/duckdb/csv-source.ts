import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import { RefusedObject } from '../outcome.ts';
import { type CsvRow, rawText } from '../reading/csv-row.ts';
import { type CsvSummary, createCsvTokenizer } from '../reading/csv-tokenizer.ts';
import { openBytes } from '../reading/decompress.ts';
import { type MatchedHeader, matchHeader } from '../reading/header.ts';
import { readCsv } from './csv-file.ts';
import { MalformedRows, ReadableRows } from './row-files.ts';
import { ABSENT, cellsFrom, NO_MALFORMED, type Source, type SourceRequest } from './source.ts';

const CHUNK_BYTES = 256 * 1024;

interface CsvScan {
  readonly summary: CsvSummary;
  readonly header: MatchedHeader;
  readonly names: readonly string[];
}

const scanCsv = async (
  dataset: Dataset,
  chunks: AsyncIterable<Uint8Array>,
  onRow: (row: CsvRow) => void,
  afterChunk: () => Promise<void>,
): Promise<CsvScan> => {
  let header: MatchedHeader | undefined;
  let columns: readonly string[] = [];
  const tokenizer = createCsvTokenizer({
    delimiter: dataset.source.delimiter,
    onHeader: (names) => {
      columns = names;
      header = matchHeader(dataset, names);
    },
    onRow,
  });
  for await (const chunk of chunks) {
    tokenizer.push(chunk);
    await afterChunk();
  }
  const summary = tokenizer.end();
  // Without a header the tokenizer has refused the object by now.
  if (!header) throw new RefusedObject('empty_object', 'the object has no header');
  return { summary, header, names: columns };
};

const cellAt = (header: MatchedHeader, field: number): string => {
  const at = header.positions[field] ?? -1;
  return at < 0 ? ABSENT : `c${at}`;
};

/** DuckDB forgives a trailing delimiter, which is a field too many. */
const endsWith = (row: CsvRow, delimiter: string): boolean =>
  row.bytes[row.end - 1] === delimiter.charCodeAt(0);

/** Whether DuckDB's own reader takes the object apart as our tokenizer did, but for rows that it may leave out. */
const isPlain = (summary: CsvSummary, columns: number, otherProblems: number): boolean => {
  const { lineEnds, lineBreakInQuotes, blankLines } = summary;
  if (otherProblems > 0) return false;
  if (columns === 1 && blankLines > 0) return false;
  return lineEnds === 'lf' || (lineEnds === 'crlf' && !lineBreakInQuotes);
};

/** Copies the readable rows, byte by byte. */
const copiedSource = async (request: SourceRequest, malformed: MalformedRows): Promise<Source> => {
  const { dataset } = request;
  const readable = await ReadableRows.create(join(request.scratchDir, 'readable.csv'));
  let rows = 0;
  let scan: CsvScan;
  try {
    scan = await scanCsv(
      dataset,
      openBytes(request.path),
      (row) => {
        rows += 1;
        if (row.problem) malformed.add(rows, row.problem, rawText(row));
        else readable.raw(row.bytes, row.start, row.end);
      },
      async () => {
        await readable.flushIfFull();
        await malformed.flushIfFull();
      },
    );
  } finally {
    await readable.close();
    await malformed.close();
  }
  const { header, names, summary } = scan;
  const from = readCsv({
    path: readable.path,
    delimiter: dataset.source.delimiter,
    columns: names.length,
    emptyIsNull: false,
    longestRow: readable.longestRow,
    lineBreakInQuotes: summary.lineBreakInQuotes,
    leaveOutMisfits: false,
  });
  return {
    dataset,
    cells: cellsFrom(dataset, from, (field) => cellAt(header, field)),
    rowsIn: rows,
    malformed: malformed.source(),
    unknownColumns: header.unknownColumns,
  };
};

/**
 * A CSV object. DuckDB reads it where it is if that gives the rows that the tokenizer sees; a gzipped one, or one
 * with broken quotes, bytes that are no text or odd line ends, is copied first.
 */
export const csvSource = async (request: SourceRequest, isGzip: boolean): Promise<Source> => {
  const malformedPath = join(request.scratchDir, 'malformed.csv');
  if (isGzip) return copiedSource(request, await MalformedRows.create(malformedPath));
  const { delimiter } = request.dataset.source;
  const malformed = await MalformedRows.create(malformedPath);
  let rows = 0;
  let otherProblems = 0;
  let scan: CsvScan;
  try {
    scan = await scanCsv(
      request.dataset,
      createReadStream(request.path, { highWaterMark: CHUNK_BYTES }),
      (row) => {
        rows += 1;
        if (row.problem === null) return;
        if (row.problem !== 'wrong_field_count' || endsWith(row, delimiter)) otherProblems += 1;
        if (otherProblems === 0) malformed.add(rows, row.problem, rawText(row));
      },
      () => malformed.flushIfFull(),
    );
  } finally {
    await malformed.close();
  }
  const { summary, names, header } = scan;
  if (!isPlain(summary, names.length, otherProblems)) {
    return copiedSource(request, await MalformedRows.create(malformedPath));
  }
  const from = readCsv({
    path: request.path,
    delimiter,
    columns: names.length,
    emptyIsNull: false,
    longestRow: summary.longestRowBytes,
    lineBreakInQuotes: summary.lineBreakInQuotes,
    leaveOutMisfits: summary.malformed + summary.blankLines > 0,
  });
  return {
    dataset: request.dataset,
    cells: cellsFrom(request.dataset, from, (field) => cellAt(header, field)),
    rowsIn: summary.rows,
    malformed: summary.malformed > 0 ? malformed.source() : NO_MALFORMED,
    unknownColumns: header.unknownColumns,
  };
};
