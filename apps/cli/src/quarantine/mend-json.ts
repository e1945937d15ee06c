import type { Dataset } from '@sluice/record-schema';
import { createJsonSplitter, createRowReader } from '@sluice/record-transform/reading';
import { quotedIfNeeded } from './csv-text.ts';
import { csvOf, jsonColumns, jsonOf } from './json-row-text.ts';
import { checkColumns, type Mended, moved } from './mended-object.ts';
import type { MendedRows } from './mended-rows.ts';
import { LABEL_COLUMN, labelOf } from './row-label.ts';
import type { RowsToMend } from './rows-to-mend.ts';

type Chunks = AsyncIterable<Uint8Array>;

/** Picks rows of a JSON object out as CSV. A row that cannot be read has no cells, and is left out. */
export const jsonRowsToMend = (
  dataset: Dataset,
  key: string,
  object: Chunks,
  wanted: ReadonlySet<number>,
): RowsToMend => {
  const leftOut: number[] = [];
  const { delimiter } = dataset.source;
  async function* csv(): AsyncGenerator<Uint8Array> {
    const header = [LABEL_COLUMN, ...jsonColumns(dataset)].map((name) => quotedIfNeeded(name, delimiter));
    let lines: Uint8Array[] = [Buffer.from(`${header.join(delimiter)}\n`)];
    const reader = createRowReader(dataset, key, {
      row(cells, row) {
        if (!wanted.has(row)) return;
        const text = csvOf(dataset, cells);
        lines.push(Buffer.from(`${labelOf(row, text)}${delimiter}`), text, Buffer.from('\n'));
      },
      malformed(_code, _raw, row) {
        if (wanted.has(row)) leftOut.push(row);
      },
    });
    for await (const chunk of object) {
      reader.push(chunk);
      if (lines.length > 0) yield Buffer.concat(lines);
      lines = [];
    }
    reader.end();
    if (lines.length > 0) yield Buffer.concat(lines);
  }
  return { csv: csv(), leftOut };
};

/**
 * Finds the rows of a JSON object that mended ones replace. `object`: its bytes, decompressed.
 *
 * @throws {CliError} if the mended rows are from another object, or from this one before it was mended otherwise
 */
export const mendJson = async (
  dataset: Dataset,
  key: string,
  object: Chunks,
  path: string,
  { header, rows: mended }: MendedRows,
): Promise<Mended> => {
  checkColumns(path, header, jsonColumns(dataset), dataset);
  const by = new Map<number, readonly string[]>();
  const byText = new Map<string, readonly string[]>();
  let [last, replaced] = [0, 0];
  const reader = createRowReader(dataset, key, {
    row(cells, row) {
      last = row;
      const found = mended.get(row);
      if (found) {
        if (labelOf(row, csvOf(dataset, cells)) !== found.label) throw moved(path, found);
        const texts = found.rows.map((one) => jsonOf(dataset, one));
        by.set(row, texts);
        byText.set(JSON.stringify(cells), texts);
        replaced += 1;
      } else if (byText.size > 0) {
        const texts = byText.get(JSON.stringify(cells));
        if (texts) by.set(row, texts);
      }
    },
    malformed(_code, _raw, row) {
      last = row;
      const found = mended.get(row);
      if (found) throw moved(path, found);
    },
  });
  for await (const chunk of object) reader.push(chunk);
  reader.end();
  for (const [number, row] of mended) if (number > last) throw moved(path, row);
  return { replaced, copies: by.size - replaced, apply: (chunks) => rewritten(chunks, by) };
};

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** The object's rows as they came, but for some, one a line or in an array as before. */
async function* rewritten(
  object: Chunks,
  by: ReadonlyMap<number, readonly string[]>,
): AsyncGenerator<Uint8Array> {
  let rows = 0;
  let pieces: Uint8Array[] = [];
  let form: 'array' | 'lines' | null = null;
  const splitter = createJsonSplitter((bytes, itsForm) => {
    rows += 1;
    form = itsForm;
    for (const [at, text] of (by.get(rows) ?? [bytes]).entries()) {
      if (form === 'array') pieces.push(Buffer.from(rows === 1 && at === 0 ? '[\n' : ',\n'));
      // The splitter's bytes are reused.
      pieces.push(Buffer.from(text));
      if (form === 'lines') pieces.push(Buffer.from('\n'));
    }
  });
  for await (const chunk of withWholeStart(object)) {
    splitter.push(chunk);
    if (pieces.length > 0) yield Buffer.concat(pieces);
    pieces = [];
  }
  splitter.end();
  if (form === 'array') pieces.push(Buffer.from('\n]\n'));
  if (pieces.length > 0) yield Buffer.concat(pieces);
}

/** Without a byte order mark, which the first chunk might split. */
async function* withWholeStart(chunks: Chunks): AsyncGenerator<Uint8Array> {
  let start: Buffer | null = Buffer.alloc(0);
  const withoutBom = (bytes: Buffer): Buffer =>
    BOM.equals(bytes.subarray(0, BOM.length)) ? bytes.subarray(BOM.length) : bytes;
  for await (const chunk of chunks) {
    if (start === null) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    if (start.length < BOM.length) continue;
    yield withoutBom(start);
    start = null;
  }
  if (start) yield withoutBom(start);
}
