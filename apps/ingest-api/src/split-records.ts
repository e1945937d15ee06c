import { createJsonSplitter, RefusedObject } from '@sluice/record-transform/reading';
import { MAX_RECORDS } from './limits.ts';
import type { Problem } from './problem.ts';
import type { Body } from './read-body.ts';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const LF = 10;
const OPEN_ARRAY = 91;
const isBlank = (byte: number | undefined): boolean =>
  byte === 32 || byte === 9 || byte === LF || byte === 13;

const trimmed = (bytes: Buffer): Buffer => {
  let from = 0;
  let to = bytes.length;
  while (from < to && isBlank(bytes[from])) from += 1;
  while (to > from && isBlank(bytes[to - 1])) to -= 1;
  return bytes.subarray(from, to);
};

class TooManyRecords extends Error {
  override readonly name = 'TooManyRecords';
}

const add = (records: Buffer[], bytes: Buffer): void => {
  if (records.length === MAX_RECORDS) throw new TooManyRecords();
  records.push(trimmed(bytes));
};

const splitLines = (bytes: Buffer): Buffer[] => {
  const records: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(LF, from);
    const to = end < 0 ? bytes.length : end;
    const line = trimmed(bytes.subarray(from, to));
    if (line.length > 0) add(records, line);
    from = to + 1;
  }
  return records;
};

const splitArray = (bytes: Buffer): Buffer[] => {
  const records: Buffer[] = [];
  const splitter = createJsonSplitter((text) => add(records, text));
  splitter.push(bytes);
  splitter.end();
  return records;
};

/**
 * Cuts a body into the texts of its records, which are not parsed here: as the reader of raw objects does, but that a
 * document may be one object on many lines.
 */
export const splitRecords = ({ form, bytes }: Body): readonly Buffer[] | Problem => {
  const hasBom = BOM.equals(bytes.subarray(0, BOM.length));
  const content = trimmed(hasBom ? bytes.subarray(BOM.length) : bytes);
  if (content.length === 0) return { problem: 'no_records' };
  if (form === 'document' && content[0] !== OPEN_ARRAY) return [content];
  try {
    const records = form === 'lines' ? splitLines(content) : splitArray(content);
    return records.length === 0 ? { problem: 'no_records' } : records;
  } catch (error) {
    if (error instanceof TooManyRecords) return { problem: 'too_many_records' };
    if (error instanceof RefusedObject) return { problem: 'not_json' };
    throw error;
  }
};
