import { join } from 'node:path';
import type { Dataset } from '@sluice/record-schema';
import { auditObject, HASH_BYTES } from '@sluice/record-transform/batches';
import { Bits } from './bits.ts';
import { keptRow } from './own-judgement.ts';
import { ScratchWriter } from './scratch-files.ts';

/** Lambda's disk has 10 GB at most, of which the hashes of 100 million rows take 1.6. */
const MAX_KEPT_BYTES = 1024 ** 3;

/** What the object itself says of its rows, which are counted from 0 here. */
export interface RawRows {
  readonly rows: number;
  readonly malformed: number;
  readonly isMalformed: Bits;
  /** A line is a row or has no character at all. Counted from the first one behind the header. */
  readonly lines: number;
  readonly isBlankLine: Bits;
  /** The hashes of all rows, in order; zeros for malformed ones. */
  readonly hashFile: string;
  /** The malformed rows as lines of the quarantine file, in order. */
  readonly malformedFile: string;
  /** The readable rows with a backslash, by `keptRow`, in order. */
  readonly backslashFile: string;
  /** There are too many of them: not all are in the file. */
  readonly hasMoreBackslashes: boolean;
  /** What a line without a character hashes to, for a reader that takes it for a row. */
  readonly blankHash: Uint8Array;
  readonly unknownColumns: readonly string[];
}

/**
 * One pass over the object by our own reading: how many rows there are, which are malformed, and the hash of each other
 * one. The object itself stays where it is.
 *
 * @throws {RefusedObject}
 */
export const readRawRows = async (
  dataset: Dataset,
  chunks: AsyncIterable<Uint8Array>,
  scratchDir: string,
  maxKeptBytes = MAX_KEPT_BYTES,
): Promise<RawRows> => {
  const isMalformed = new Bits();
  const isBlankLine = new Bits();
  const hashes = await ScratchWriter.create(join(scratchDir, 'hashes'));
  const quarantined = await ScratchWriter.create(join(scratchDir, 'malformed.jsonl'));
  const backslashed = await ScratchWriter.create(join(scratchDir, 'backslashes.jsonl'));
  const none = '\0'.repeat(HASH_BYTES);
  let rows = 0;
  let malformed = 0;
  let lines = 0;
  let keptBytes = 0;
  try {
    const { unknownColumns, blankHash } = await auditObject(dataset, chunks, {
      readable(hash, cells) {
        hashes.text(hash, 'latin1');
        if (cells !== null) {
          const line = keptRow(rows, cells);
          keptBytes += line.length;
          if (keptBytes <= maxKeptBytes) backslashed.text(line);
        }
        rows += 1;
        lines += 1;
      },
      malformed(code, raw) {
        isMalformed.add(rows);
        hashes.text(none, 'latin1');
        rows += 1;
        lines += 1;
        malformed += 1;
        const line = { row: rows, reasons: [{ field: null, code }], record: null, raw };
        quarantined.text(`${JSON.stringify(line)}\n`);
      },
      blankLine() {
        isBlankLine.add(lines);
        lines += 1;
      },
      async afterChunk() {
        await hashes.flushIfFull();
        await quarantined.flushIfFull();
        await backslashed.flushIfFull();
      },
    });
    return {
      rows,
      malformed,
      isMalformed,
      lines,
      isBlankLine,
      hashFile: hashes.path,
      malformedFile: quarantined.path,
      backslashFile: backslashed.path,
      hasMoreBackslashes: keptBytes > maxKeptBytes,
      blankHash: Buffer.from(blankHash, 'latin1'),
      unknownColumns,
    };
  } finally {
    await hashes.close();
    await quarantined.close();
    await backslashed.close();
  }
};
