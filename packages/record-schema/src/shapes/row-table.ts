import type { Dataset } from '../dataset.ts';

/** The partition key of a table of rows, a text: `<dataset>#<the row's key>`. */
export const ROW_TABLE_KEY = 'dataset_key';

/**
 * Why the rows of a dataset cannot lie in such a table by this column: it publishes no such column, or one that may be
 * null, or a column with the name of the table's own key. Null: they can.
 */
export const rowKeyFault = ({ name: dataset, columns }: Dataset, keyColumn: string): string | null => {
  if (!columns.some(({ name, nullable }) => name === keyColumn && !nullable))
    return `${dataset} has no published, required column ${keyColumn} to be its key`;
  return columns.some(({ name }) => name === ROW_TABLE_KEY)
    ? `${ROW_TABLE_KEY} of ${dataset} is the table's key`
    : null;
};
