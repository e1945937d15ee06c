import type { Dataset, Field } from '@sluice/record-schema';
import { compileExpressions } from './expressions.ts';
import { columnsOf, compileField, type FieldSql } from './fields.ts';
import { identifier, literal } from './sql.ts';

/** Number of a row among those that can be read, from 1, in the order of the object. */
export const ROW_NUMBER = identifier('row number');

/**
 * A dataset's queries. A source is a FROM item that yields the row number and each field's cell; what they do to
 * a row follows the order of work in docs/semantics.md.
 */
export interface DatasetSql {
  readonly fields: readonly FieldSql[];
  /** The source with each field's null flag and reading beside its cell. */
  readonly reading: (source: string) => string;
  /** Row number, cells, and `reasons`: a list of {field, code}, null if there are none. */
  readonly faulty: (source: string) => string;
  /** Row number and `rule` (the first that is not true, or null) of rows that have no faults. */
  readonly ruled: (source: string) => string;
  /** Row number and published columns of those rows without faults that pass every rule. */
  readonly accepted: (source: string) => string;
}

const list = (items: readonly string[]): string => items.join(',\n  ');

/** True if something sends the row to quarantine; null does not. */
export const anyFault = (fields: readonly FieldSql[]): string => {
  const faults = fields.filter(({ field }) => field.onInvalid === 'quarantine').flatMap((one) => one.faults);
  return faults.length > 0 ? faults.map(({ when }) => when).join(' OR ') : 'false';
};

/** True if the field's value is invalid, constraints included; a missing one is not. Null counts as false. */
export const isInvalid = ({ faults }: FieldSql): string => {
  const invalid = faults.filter(({ code }) => code !== 'missing').map(({ when }) => when);
  return invalid.length > 0 ? `coalesce(${invalid.join(' OR ')}, false)` : 'false';
};

const reasonsSql = (fields: readonly FieldSql[]): string => {
  const each = fields
    .filter(({ field }) => field.onInvalid === 'quarantine')
    .flatMap(({ field, faults }) =>
      faults.map(
        ({ code, when }) =>
          `CASE WHEN ${when} THEN {'field': ${literal(field.name)}, 'code': ${literal(code)}} END`,
      ),
    );
  if (each.length === 0) return 'CAST(NULL AS STRUCT(field VARCHAR, code VARCHAR)[])';
  return `CASE WHEN ${anyFault(fields)} THEN list_filter([${each.join(', ')}], lambda one: one IS NOT NULL) END`;
};

/** Compiles a dataset to DuckDB SQL; `asOf` in epoch milliseconds, UTC. */
export const compileDataset = (dataset: Dataset, asOf: number): DatasetSql => {
  const expression = compileExpressions(dataset, asOf);
  const fields = dataset.fields.map(compileField);
  const cells = fields.map(({ field }) => columnsOf(field).cell);
  const named = (field: Field): string => identifier(field.name);

  const trims = fields.flatMap(({ field, trimmed }) =>
    trimmed === null ? [] : [`${trimmed} AS ${columnsOf(field).trimmed}`],
  );
  const prepared = (source: string): string =>
    trims.length === 0 ? source : `(SELECT *, ${trims.join(', ')} FROM ${source})`;

  const reading = (source: string): string =>
    `SELECT *,\n  ${list(
      fields.flatMap(({ field, isNull, read }) => {
        const names = columnsOf(field);
        return [`${isNull} AS ${names.isNull}`, `${read} AS ${names.read}`];
      }),
    )}\nFROM ${prepared(source)}`;

  /** Rows without faults still hold faulty values where a field makes nulls of them: those are read with care. */
  const makesNulls = fields.some(({ field, faults }) => field.onInvalid === 'null' && faults.length > 0);
  const nulled = (one: FieldSql): string => `CASE WHEN NOT ${isInvalid(one)} THEN ${one.value} END`;
  const values = (source: string): string => {
    const own = fields.map((one) => {
      const careful = one.field.onInvalid === 'null' && one.faults.length > 0;
      return `${careful ? nulled(one) : one.trusted} AS ${named(one.field)}`;
    });
    // A derived field may name an earlier one: each is a SELECT of its own around the others.
    return dataset.derived.reduce(
      (from, { name, expr }) => `SELECT *, ${expression(expr)} AS ${identifier(name)} FROM (${from})`,
      `SELECT *,\n  ${list(own)}\nFROM ${makesNulls ? `(${reading(source)})` : prepared(source)}`,
    );
  };

  const rules = dataset.rules.map(({ name, expr }) => ({ name, passes: `(${expression(expr)}) IS TRUE` }));
  const firstFailed = rules.map(({ name, passes }) => `WHEN NOT ${passes} THEN ${literal(name)}`).join(' ');

  return {
    fields,
    reading,
    faulty: (source) =>
      `SELECT ${list([ROW_NUMBER, ...cells, `${reasonsSql(fields)} AS reasons`])} FROM (${reading(source)})`,
    ruled: (source) =>
      `SELECT ${ROW_NUMBER}, ${firstFailed ? `CASE ${firstFailed} END` : 'CAST(NULL AS VARCHAR)'} AS rule
       FROM (${values(source)})`,
    accepted: (source) =>
      `SELECT ${list([ROW_NUMBER, ...dataset.columns.map(({ name }) => identifier(name))])}
       FROM (${values(source)})${rules.length > 0 ? ` WHERE ${rules.map(({ passes }) => passes).join(' AND ')}` : ''}`,
  };
};
