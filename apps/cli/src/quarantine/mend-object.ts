import type { Dataset } from '@sluice/record-schema';
import { type CsvRow, cell, createCsvTokenizer, matchHeader } from '@sluice/record-transform/reading';
import { CliError } from '../cli-error.ts';
import { count } from '../terminal/figures.ts';
import type { MendedRow, MendedRows } from './mended-rows.ts';
import { labelOf } from './row-label.ts';

/** A stretch of an object's decompressed bytes, and what takes its place. */
interface Patch {
  readonly start: number;
  readonly end: number;
  readonly by: Uint8Array;
}

/** Where an object is to be mended. */
export interface Patches {
  /** In the object's order. */
  readonly patches: readonly Patch[];
  /** Rows of the object that are replaced. */
  readonly replaced: number;
  /** Later copies of them, which are replaced alike, so that they stay copies. */
  readonly copies: number;
}

/** A row of the file is not, or not any more, the row of the object that it was made from. */
const moved = (path: string, { fileRow, label }: MendedRow): CliError =>
  new CliError(
    `row ${count(fileRow)} of ${path} mends ${label}, which is not a row of the object as it is now; give the rows out again`,
  );

/**
 * Finds the rows of a CSV object that mended ones replace. `object`: its bytes, decompressed.
 *
 * @throws {CliError} if the mended rows are from another object, or from this one before it was mended otherwise
 */
export const findPatches = async (
  dataset: Dataset,
  object: AsyncIterable<Uint8Array>,
  path: string,
  { header, rows: mended }: MendedRows,
): Promise<Patches> => {
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
      if (names.length === header.length && names.every((name, at) => name === header[at])) return;
      throw new CliError(
        `the columns of ${path} are not those of the object: ${names.join(delimiter)}; put them back as they were given out`,
      );
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
  return { patches, replaced, copies };
};

const joined = (rows: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(rows.flatMap((row, at) => (at === 0 ? [row] : [Buffer.from('\n'), row])));

/** The object's decompressed bytes, mended. */
export async function* patched(
  object: AsyncIterable<Uint8Array>,
  { patches }: Patches,
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
