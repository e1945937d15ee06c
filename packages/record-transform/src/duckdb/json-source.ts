import { join } from 'node:path';
import { openBytes } from '../reading/decompress.ts';
import type { ReadSummary } from '../reading/row-handlers.ts';
import { createRowReader } from '../reading/row-reader.ts';
import { readCsv } from './csv-file.ts';
import { MalformedRows, ReadableRows } from './row-files.ts';
import { cellsFrom, type Source, type SourceRequest } from './source.ts';

/** JSON is read by our own reader and copied cell by cell, so that every engine sees the same texts. */
export const jsonSource = async (request: SourceRequest): Promise<Source> => {
  const { dataset, scratchDir } = request;
  const readable = await ReadableRows.create(join(scratchDir, 'readable.csv'));
  const malformed = await MalformedRows.create(join(scratchDir, 'malformed.csv'));
  let summary: ReadSummary;
  try {
    const reader = createRowReader(dataset, request.key, {
      row: (cells) => readable.cells(cells),
      malformed: (code, raw, rowNumber) => malformed.add(rowNumber, code, raw),
    });
    for await (const chunk of openBytes(request.path)) {
      reader.push(chunk);
      await readable.flushIfFull();
      await malformed.flushIfFull();
    }
    summary = reader.end();
  } finally {
    await readable.close();
    await malformed.close();
  }
  const from = readCsv({
    path: readable.path,
    delimiter: ',',
    columns: dataset.fields.length,
    emptyIsNull: true,
    longestRow: readable.longestRow,
    lineBreakInQuotes: true,
    leaveOutMisfits: false,
  });
  return {
    dataset,
    cells: cellsFrom(dataset, from, (field) => `c${field}`),
    rowsIn: summary.rows,
    malformed: malformed.source(),
    unknownColumns: summary.unknownColumns,
  };
};
