import { Buffer } from 'node:buffer';
import type { Dataset } from '@sluice/record-schema';
import { RefusedObject } from '../outcome.ts';
import type { CsvRow } from './csv-row.ts';
import { cell, rawText } from './csv-row.ts';
import { createCsvTokenizer } from './csv-tokenizer.ts';
import { matchHeader } from './header.ts';
import { createJsonReader } from './json-rows.ts';
import { checkContent, formatOfKey, HEAD_BYTES } from './object-format.ts';
import type { RowHandlers, RowReader } from './row-handlers.ts';

const createCsvReader = (dataset: Dataset, handlers: RowHandlers): RowReader => {
  const cells = new Array<string | null>(dataset.fields.length).fill(null);
  let positions: Int32Array = new Int32Array(0);
  let unknownColumns: readonly string[] = [];
  let rows = 0;
  let current: CsvRow | null = null;
  const raw = (): string => (current ? rawText(current) : '');
  const tokenizer = createCsvTokenizer({
    delimiter: dataset.source.delimiter,
    onHeader(names) {
      ({ positions, unknownColumns } = matchHeader(dataset, names));
    },
    onRow(row) {
      rows += 1;
      if (row.problem !== null) {
        handlers.malformed(row.problem, rawText(row), rows);
        return;
      }
      current = row;
      for (let at = 0; at < cells.length; at += 1) {
        const position = positions[at] ?? -1;
        cells[at] = position < 0 ? null : cell(row, position);
      }
      handlers.row(cells, rows, raw);
    },
  });
  return {
    push: tokenizer.push,
    end() {
      const { malformed } = tokenizer.end();
      return { rows, malformed, unknownColumns };
    },
  };
};

/**
 * Reads an object's rows, whatever its format. `key` tells the format; the bytes must have been gunzipped. Rows
 * are numbered from 1, malformed ones included; blank lines and the header have no number.
 *
 * `push` and `end` throw `RefusedObject`, maybe after rows: then nothing of the object may be taken.
 */
export const createRowReader = (dataset: Dataset, key: string, handlers: RowHandlers): RowReader => {
  const format = formatOfKey(dataset, key);
  let head: Buffer = Buffer.alloc(0);
  let reader: RowReader | null = null;

  const begin = (): RowReader => {
    checkContent(format, head);
    if (format === 'parquet')
      throw new RefusedObject(
        'wrong_format',
        'rows are read one by one from CSV and JSON only, not from Parquet',
      );
    const begun = format === 'csv' ? createCsvReader(dataset, handlers) : createJsonReader(dataset, handlers);
    begun.push(head);
    reader = begun;
    return begun;
  };

  return {
    push(chunk) {
      if (reader) {
        reader.push(chunk);
        return;
      }
      const missing = HEAD_BYTES - head.length;
      head = Buffer.concat([head, chunk.subarray(0, missing)]);
      if (head.length < HEAD_BYTES) return;
      const begun = begin();
      if (chunk.length > missing) begun.push(chunk.subarray(missing));
    },
    end: () => (reader ?? begin()).end(),
  };
};
