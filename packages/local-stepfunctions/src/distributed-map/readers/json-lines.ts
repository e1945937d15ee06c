import { reasonOf } from '../../errors.ts';
import type { Json } from '../../json.ts';
import { MAX_ITEM_BYTES } from '../item-chunk.ts';
import { readerFailed } from './reader-failed.ts';
import { textPieces } from './text-pieces.ts';

/** The values of a file of one JSON text a line. */
export async function* readJsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Json[], void> {
  let rest = '';
  let lineNumber = 0;
  for await (const text of textPieces(body)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_ITEM_BYTES) {
      throw readerFailed(`Line ${lineNumber + lines.length + 1} is larger than ${MAX_ITEM_BYTES} bytes.`);
    }
    const values = lines.flatMap((line, index) => parseLine(line, lineNumber + index + 1));
    lineNumber += lines.length;
    if (values.length > 0) yield values;
  }
  yield parseLine(rest, lineNumber + 1);
}

/** Nothing for a blank line. */
function parseLine(line: string, number: number): Json[] {
  if (line.trim() === '') return [];
  try {
    return [JSON.parse(line)];
  } catch (error) {
    throw readerFailed(`Line ${number} is no JSON: ${reasonOf(error)}`);
  }
}
