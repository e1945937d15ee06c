import type { Dataset } from '@sluice/record-schema';
import { columnsOf } from './fields.ts';
import { ROW_NUMBER } from './rows.ts';

/**
 * Statements that make the table `duplicate`: the numbers of the rows whose cells all equal an earlier row's.
 * Rows of equal hash are candidates, and few; they alone are compared by their cells, so the answer is exact.
 */
export const duplicatesStatements = (dataset: Dataset, source: string): readonly string[] => {
  const cells = dataset.fields.map((field) => columnsOf(field).cell).join(', ');
  return [
    `CREATE OR REPLACE TEMP TABLE candidate AS SELECT hash(${cells}) AS h FROM ${source} GROUP BY h HAVING count(*) > 1`,
    `CREATE OR REPLACE TEMP TABLE duplicate AS
     SELECT ${ROW_NUMBER} FROM (
       SELECT ${ROW_NUMBER}, row_number() OVER (PARTITION BY ${cells} ORDER BY ${ROW_NUMBER}) AS copy
       FROM ${source} WHERE hash(${cells}) IN (SELECT h FROM candidate)
     ) WHERE copy > 1`,
  ];
};
