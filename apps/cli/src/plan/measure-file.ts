import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Dataset } from '@sluice/record-schema';
import {
  createCsvTokenizer,
  decompressed,
  formatOfKey,
  RefusedObject,
} from '@sluice/record-transform/reading';
import { itemOverheadBytes, type ObjectToPlan } from '@sluice/workflows/plan';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { checkSource } from '../lake/land-file.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface Measuring {
  /** Bytes of the file that have been read. */
  readonly onBytes: (soFar: number, size: number) => void;
  readonly signal: AbortSignal;
}

/**
 * What a plan has to know of a file. CSV is read to its end, in constant memory, by the reader of the quality scan; of other
 * formats the size is all that counts.
 *
 * @throws {CliError} if the file cannot be read, or a run would refuse it
 */
export const measureFile = async (
  path: string,
  dataset: Dataset,
  measuring: Measuring,
): Promise<ObjectToPlan> => {
  const { name, size } = await checkSource(path);
  try {
    const format = formatOfKey(dataset, name);
    const compressed = await isGzip(path);
    const csv = format === 'csv' ? await measureCsv(path, size, dataset.source.delimiter, measuring) : null;
    return { size, format, compressed, csv };
  } catch (error) {
    if (error instanceof RefusedObject)
      throw new CliError(`a run would refuse ${path}: ${error.message}`, EXIT.refused, error);
    throw error;
  }
};

const isGzip = async (path: string): Promise<boolean> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
};

const measureCsv = async (
  path: string,
  size: number,
  delimiter: string,
  { onBytes, signal }: Measuring,
): Promise<NonNullable<ObjectToPlan['csv']>> => {
  let columns = 0;
  let overhead = 0;
  let itemBytes = 0;
  let maxItemBytes = 0;
  const tokenizer = createCsvTokenizer({
    delimiter,
    onHeader(names) {
      columns = names.length;
      overhead = itemOverheadBytes(names);
    },
    onRow(row) {
      // Rows that our reader cannot take are items all the same: Step Functions pads or cuts them.
      const width = overhead + (row.problem === null ? valueBytes(row) : row.end - row.start);
      itemBytes += width;
      if (width > maxItemBytes) maxItemBytes = width;
    },
  });
  async function* counted(): AsyncGenerator<Uint8Array> {
    let soFar = 0;
    const chunks = createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>; // no encoding set
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      soFar += chunk.length;
      onBytes(soFar, size);
      yield chunk;
    }
  }
  for await (const chunk of decompressed(counted())) tokenizer.push(chunk);
  const { rows, headerEnd } = tokenizer.end();
  const meanItemBytes = rows === 0 ? overhead : itemBytes / rows;
  return {
    rows,
    columns,
    delimiter,
    headerBytes: headerEnd,
    meanItemBytes,
    maxItemBytes: rows === 0 ? null : maxItemBytes,
  };
};

interface Fields {
  readonly bytes: Uint8Array;
  readonly fieldCount: number;
  readonly fieldStarts: Int32Array;
  readonly fieldEnds: Int32Array;
}

const BACKSLASH = 92;
/** Backspace, tab, line feed, form feed and carriage return have a letter in JSON: two bytes instead of one. */
const SHORT = new Set([8, 9, 10, 12, 13]);

/** The fields' bytes as JSON writes them. A quote inside a field is two bytes in CSV and in JSON. */
const valueBytes = ({ bytes, fieldCount, fieldStarts, fieldEnds }: Fields): number => {
  let width = 0;
  for (let field = 0; field < fieldCount; field += 1) {
    const end = fieldEnds[field] ?? 0;
    const start = fieldStarts[field] ?? 0;
    width += end - start;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === BACKSLASH) width += 1;
      else if (byte < 32) width += SHORT.has(byte) ? 1 : 5;
    }
  }
  return width;
};
