import type { Dataset, Field } from '@sluice/record-schema';
import { compileExpressions } from './expressions.ts';
import { columnsOf, compileField, type FieldSql } from './fields.ts';
import { identifier, literal } from './sql.ts';

/** Number of a row among those that can be read, from 1, in the order of the object. */
export const ROW_NUMBER = identifier('row number');

/** A dataset's statements over a source: a FROM item that yields the row number and each field's cell. */
export interface DatasetSql {
  readonly fields: readonly FieldSql[];
  /** The source with each field's null flag and reading beside its cell. */
  readonly reading: (source: string) => string;
  /**
   * Row number, `rule` (the name of the rule that filters the row, or null), `reasons` (a list of {field, code},
   * or null) and the cells of every row that is not accepted.
   */
  readonly rejected: (source: string) => string;
  /** Row number and published columns of the source's rows, all of which must be acceptable. */
  readonly accepted: (source: string) => string;
}

const list = (items: readonly string[]): string => items.join(',\n  ');

const reasonsSql = (fields: readonly FieldSql[]): string => {
  const faults = fields
    .filter(({ field }) => field.onInvalid === 'quarantine')
    .flatMap(({ field, faults: own }) => own.map((fault) => ({ ...fault, field: field.name })));
  if (faults.length === 0) return 'CAST(NULL AS STRUCT(field VARCHAR, code VARCHAR)[])';
  const any = faults.map(({ when }) => when).join(' OR ');
  const each = faults.map(
    ({ field, code, when }) =>
      `CASE WHEN ${when} THEN {'field': ${literal(field)}, 'code': ${literal(code)}} END`,
  );
  return `CASE WHEN ${any} THEN list_filter([${each.join(', ')}], lambda one: one IS NOT NULL) END`;
};

/** Compiles a dataset to DuckDB SQL; `asOf` in epoch milliseconds, UTC. */
export const compileDataset = (dataset: Dataset, asOf: number): DatasetSql => {
  const expression = compileExpressions(dataset, asOf);
  const fields = dataset.fields.map(compileField);

  const reading = (source: string): string =>
    `SELECT *,\n  ${list(
      fields.flatMap(({ field, isNull, read }) => {
        const names = columnsOf(field);
        return [`${isNull} AS ${names.isNull}`, `${read} AS ${names.read}`];
      }),
    )}\nFROM ${source}`;

  const named = (field: Field): string => identifier(field.name);
  const values = (source: string, further: readonly string[] = []): string => {
    const own = fields.map(({ field, value }) => `${value} AS ${named(field)}`);
    // A derived field may name an earlier one: each is a SELECT of its own around the others.
    return dataset.derived.reduce(
      (from, { name, expr }) => `SELECT *, ${expression(expr)} AS ${identifier(name)} FROM (${from})`,
      `SELECT *,\n  ${list([...own, ...further])}\nFROM (${reading(source)})`,
    );
  };

  const rule = dataset.rules
    .map(({ name, expr }) => `WHEN (${expression(expr)}) IS NOT TRUE THEN ${literal(name)}`)
    .join(' ');
  const ruleSql = rule ? `CASE ${rule} END` : 'CAST(NULL AS VARCHAR)';
  const cells = fields.map(({ field }) => columnsOf(field).cell);

  return {
    fields,
    reading,
    rejected: (source) => `
SELECT ${list([
      ROW_NUMBER,
      'CASE WHEN "its reasons" IS NULL THEN "its rule" END AS rule',
      '"its reasons" AS reasons',
      ...cells.map((cell) => `CASE WHEN "its reasons" IS NOT NULL THEN ${cell} END AS ${cell}`),
    ])}
FROM (SELECT *, ${ruleSql} AS "its rule" FROM (${values(source, [`${reasonsSql(fields)} AS "its reasons"`])}))
WHERE "its reasons" IS NOT NULL OR "its rule" IS NOT NULL`,
    accepted: (source) => `
SELECT ${list([ROW_NUMBER, ...dataset.columns.map(({ name }) => identifier(name))])}
FROM (${values(source)})`,
  };
};
