import { ProduceError } from '../produce-error.ts';
import { linesOf } from './lines.ts';
import { MAX_RECORD_BYTES, type ReadRecord, textOf } from './read-record.ts';

// What JSON calls white space.
const BLANKS = /^[ \t\r\n]+|[ \t\r\n]+$/g;

/** One object a line, its text as it is written; blank lines are skipped. */
export async function* jsonLineRecords(
  chunks: AsyncIterable<Buffer>,
  label: string,
): AsyncGenerator<readonly ReadRecord[], void> {
  let number = 0;
  for await (const lines of linesOf(chunks, MAX_RECORD_BYTES)) {
    const records: ReadRecord[] = [];
    for (const { bytes, cut } of lines) {
      const text = cut ? null : textOf(bytes)?.replace(BLANKS, '');
      if (text === '') continue;
      number += 1;
      if (number === 1 && text?.startsWith('[')) {
        throw new ProduceError(
          `${label} is a JSON array, and one object a line is wanted: try jq -c '.[]' FILE | pnpm produce -`,
        );
      }
      if (text === null) records.push({ number, fault: 'too_large' });
      else if (text === undefined) records.push({ number, fault: 'invalid_utf8' });
      else records.push(objectRecord(number, text));
    }
    if (records.length > 0) yield records;
  }
}

const objectRecord = (number: number, json: string): ReadRecord => {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? { number, json } : { number, fault: 'not_an_object' };
  } catch {
    return { number, fault: 'not_json' };
  }
};
