import { EXIT, ProduceError } from '../produce-error.ts';
import { csvRows } from './csv-rows.ts';
import { type ReadRecord, textOf } from './read-record.ts';

const ROWS_AT_A_TIME = 256;

/** Each row as an object of strings, by the names of the header; an empty cell is `""`. */
export async function* csvRecords(
  chunks: AsyncIterable<Buffer>,
  delimiter: string,
  label: string,
): AsyncGenerator<readonly ReadRecord[], void> {
  let keys: readonly string[] | null = null;
  let number = 0;
  let records: ReadRecord[] = [];
  try {
    for await (const row of csvRows(chunks, delimiter, label)) {
      if (keys === null) {
        keys = keysOf(row, label);
        continue;
      }
      number += 1;
      records.push(recordOf(number, keys, row));
      if (records.length < ROWS_AT_A_TIME) continue;
      yield records;
      records = [];
    }
  } catch (error) {
    if (records.length > 0) yield records;
    throw error;
  }
  if (records.length > 0) yield records;
}

const keysOf = (header: readonly string[], label: string): readonly string[] => {
  const names = header.map((cell) => {
    const name = fromLatin1(cell);
    if (name === null) throw new ProduceError(`${label}: the header is not UTF-8`, EXIT.fault);
    return name;
  });
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new ProduceError(
      `${label}: the header has ${JSON.stringify(twice)} twice: one value would be lost`,
    );
  }
  return names.map((name) => `${JSON.stringify(name)}:`);
};

const recordOf = (number: number, keys: readonly string[], row: readonly string[]): ReadRecord => {
  if (row.length !== keys.length) return { number, fault: 'wrong_field_count' };
  let json = '';
  for (const [at, key] of keys.entries()) {
    const cell = fromLatin1(row[at] ?? '');
    if (cell === null) return { number, fault: 'invalid_utf8' };
    json += `${at === 0 ? '{' : ','}${key}${JSON.stringify(cell)}`;
  }
  return { number, json: `${json}}` };
};

const fromLatin1 = (cell: string): string | null =>
  /[\x80-\xff]/.test(cell) ? textOf(Buffer.from(cell, 'latin1')) : cell;
