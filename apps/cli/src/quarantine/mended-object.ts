import type { Dataset } from '@sluice/record-schema';
import { CliError } from '../cli-error.ts';
import { count } from '../terminal/figures.ts';
import type { MendedRow } from './mended-rows.ts';

/** What is to be mended of an object. */
export interface Mended {
  /** Rows of the object that are replaced. */
  readonly replaced: number;
  /** Later copies of them, which are replaced alike, so that they stay copies. */
  readonly copies: number;
  /** The object's bytes, decompressed, with what replaces them. */
  readonly apply: (object: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>;
}

/** A row of the file is not, or not any more, the row of the object that it was made from. */
export const moved = (path: string, { fileRow, label }: MendedRow): CliError =>
  new CliError(
    `row ${count(fileRow)} of ${path} mends ${label}, which is not a row of the object as it is now; give the rows out again`,
  );

/** @throws {CliError} if the file has other columns than those in which the rows were given out */
export const checkColumns = (
  path: string,
  header: readonly string[],
  expected: readonly string[],
  { source: { delimiter } }: Pick<Dataset, 'source'>,
): void => {
  if (header.length === expected.length && expected.every((name, at) => name === header[at])) return;
  throw new CliError(
    `the columns of ${path} are not those of the object: ${expected.join(delimiter)}; put them back as they were given out`,
  );
};
