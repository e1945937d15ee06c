import type { Dataset } from '@sluice/record-schema';
import { type CsvRow, cell, createCsvTokenizer } from '@sluice/record-transform/reading';
import { quotedIfNeeded } from './csv-text.ts';

/** The columns in which rows of a JSON object are given out: the dataset's, since JSON has none of its own. */
export const jsonColumns = ({ fields }: Dataset): readonly string[] => fields.map(({ from }) => from);

/** A row of JSON as a row of CSV. Null is an empty cell. */
export const csvOf = ({ source: { delimiter } }: Dataset, cells: readonly (string | null)[]): Buffer =>
  Buffer.from(cells.map((text) => (text === null ? '' : quotedIfNeeded(text, delimiter))).join(delimiter));

/**
 * A row of CSV as a JSON object on one line. An empty cell is null; all else is text, which reads as the number or boolean
 * that it spells.
 */
export const jsonOf = (dataset: Dataset, row: Uint8Array): string => {
  const columns = jsonColumns(dataset);
  let members: readonly (readonly [string, string | null])[] = [];
  const read = (found: CsvRow): void => {
    members = columns.map((name, at) => [name, cell(found, at) || null]);
  };
  const { delimiter } = dataset.source;
  const tokenizer = createCsvTokenizer({ delimiter, onRow: read });
  const header = columns.map((name) => quotedIfNeeded(name, delimiter)).join(delimiter);
  tokenizer.push(Buffer.concat([Buffer.from(`${header}\n`), row]));
  tokenizer.end();
  return JSON.stringify(Object.fromEntries(members));
};
