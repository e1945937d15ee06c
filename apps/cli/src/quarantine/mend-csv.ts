import type { Dataset } from '@sluice/record-schema';
import { type CsvRow, cell, createCsvTokenizer, matchHeader } from '@sluice/record-transform/reading';
import { checkColumns, type Mended, moved } from './mended-object.ts';
import type { MendedRows } from './mended-rows.ts';
import { labelOf } from './row-label.ts';

/** A stretch of an object's decompressed bytes, and what takes its place. */
interface Patch {
  readonly start: number;
  readonly end: number;
  readonly by: Uint8Array;
}

/**
 * Finds the rows of a CSV object that mended ones replace. `object`: its bytes, decompressed.
 *
 * @throws {CliError} if the mended rows are from another object, or from this one before it was mended otherwise
 */
export const mendCsv = async (
  dataset: Dataset,
  object: AsyncIterable<Uint8Array>,
  path: string,
  { header, rows: mended }: MendedRows,
): Promise<Mended> => {
  const { delimiter } = dataset.source;
  const patches: Patch[] = [];
  const byText = new Map<string, Uint8Array>();
  let textOf: (row: CsvRow) => string = () => '';
  let [rows, replaced, copies] = [0, 0, 0];
  const patch = ({ offset, start, end, truncated }: CsvRow, by: Uint8Array): void => {
    patches.push({ start: offset, end: truncated ? Number.POSITIVE_INFINITY : offset + end - start, by });
  };
  const tokenizer = createCsvTokenizer({
    delimiter,
    onHeader(names) {
      const { positions } = matchHeader(dataset, names);
      // What makes two rows duplicates: the text of every declared field.
      textOf = (row) => JSON.stringify(Array.from(positions, (at) => (at < 0 ? null : cell(row, at))));
      checkColumns(path, header, names, dataset);
    },
    onRow(row) {
      rows += 1;
      const found = mended.get(rows);
      if (found) {
        if (labelOf(rows, row.bytes.subarray(row.start, row.end)) !== found.label) throw moved(path, found);
        const by = joined(found.rows);
        patch(row, by);
        replaced += 1;
        if (row.problem === null) byText.set(textOf(row), by);
      } else if (byText.size > 0 && row.problem === null) {
        const by = byText.get(textOf(row));
        if (by === undefined) return;
        patch(row, by);
        copies += 1;
      }
    },
  });
  for await (const chunk of object) tokenizer.push(chunk);
  tokenizer.end();
  for (const [number, row] of mended) if (number > rows) throw moved(path, row);
  return { replaced, copies, apply: (chunks) => patched(chunks, patches) };
};

const joined = (rows: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(rows.flatMap((row, at) => (at === 0 ? [row] : [Buffer.from('\n'), row])));

/** `patches` are in the object's order. */
async function* patched(
  object: AsyncIterable<Uint8Array>,
  patches: readonly Patch[],
): AsyncGenerator<Uint8Array> {
  let next = 0;
  /** Of the chunk's first byte, in the object. */
  let offset = 0;
  for await (const chunk of object) {
    const end = offset + chunk.length;
    let at = offset;
    for (let one = patches[next]; one && one.start < end; one = patches[next]) {
      if (one.start >= offset) {
        if (one.start > at) yield chunk.subarray(at - offset, one.start - offset);
        yield one.by;
      }
      at = Math.min(one.end, end);
      // It goes on in the next chunk.
      if (one.end > end) break;
      next += 1;
    }
    if (at < end) yield chunk.subarray(at - offset);
    offset = end;
  }
}
