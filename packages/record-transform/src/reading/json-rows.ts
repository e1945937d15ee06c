import { Buffer } from 'node:buffer';
import type { Dataset } from '@sluice/record-schema';
import type { MalformedCode } from '../outcome.ts';
import { RefusedObject } from '../outcome.ts';
import { unknownColumn } from './header.ts';
import { createJsonCells, objectIn, parseJson } from './json-record.ts';
import { brokenArray, createJsonSplitter } from './json-splitter.ts';
import type { RowHandlers, RowReader } from './row-handlers.ts';

/** Undeclared keys are reported up to this number: an object may have new ones in every row. */
const MAX_UNKNOWN_NAMES = 100;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** The first chunk must hold a whole BOM, if the object has one. */
export const createJsonReader = (dataset: Dataset, handlers: RowHandlers): RowReader => {
  const unknown = new Set<string>();
  const { cells, fill } = createJsonCells(dataset, (key) => {
    if (dataset.source.unknownColumns === 'reject') throw unknownColumn(key, dataset);
    if (unknown.size < MAX_UNKNOWN_NAMES) unknown.add(key);
  });
  let rows = 0;
  let malformed = 0;
  let isArray = false;

  const read = (bytes: Buffer, text: string): MalformedCode | null => {
    const parsed = parseJson(text);
    if (!parsed && isArray) throw brokenArray(`in its element ${rows}`);
    const found = objectIn(bytes, parsed);
    return typeof found === 'string' ? found : fill(found.object, text);
  };

  const splitter = createJsonSplitter((bytes, form) => {
    rows += 1;
    isArray = form === 'array';
    const text = bytes.toString('utf8');
    const code = read(bytes, text);
    if (code) {
      malformed += 1;
      handlers.malformed(code, text, rows);
    } else {
      handlers.row(cells, rows, () => text);
    }
  });

  let begun = false;
  return {
    push(chunk) {
      const hasBom = !begun && BOM.equals(chunk.subarray(0, BOM.length));
      begun = true;
      splitter.push(hasBom ? chunk.subarray(BOM.length) : chunk);
    },
    end() {
      if (splitter.end() === null)
        throw new RefusedObject('empty_object', 'the object is empty: it holds no JSON');
      return { rows, malformed, unknownColumns: [...unknown] };
    },
  };
};
