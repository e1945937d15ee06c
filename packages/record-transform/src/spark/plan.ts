import type { ValueType } from '@sluice/record-schema';

/** One column of a SELECT: an expression in Spark SQL (3.5, ANSI) and the name that it gets. */
export interface PlannedColumn {
  readonly name: string;
  readonly sql: string;
}

/** Columns that are added at once; a later layer may name those of earlier ones. */
export type Layer = readonly PlannedColumn[];

/**
 * What Spark is to do with an object of a dataset, as data: made by `compileSparkPlan`, carried out by the program in
 * apps/transform-spark, which knows nothing of datasets.
 *
 * The program's reader yields for each row of the object the columns of `ROW`, and `cellName(n)` for the n-th field. Names
 * with a blank are the plan's own; a dataset's names have none.
 */
export interface SparkPlan {
  readonly planVersion: 1;
  readonly dataset: string;
  /** Settings of the Spark session under which the plan's SQL means what it is to mean; to be set before it is parsed. */
  readonly session: Readonly<Record<string, string>>;
  readonly read: {
    readonly formats: readonly string[];
    readonly delimiter: string;
    readonly unknownColumns: 'ignore' | 'reject';
    readonly fields: readonly PlannedField[];
  };
  /**
   * Over the cells of readable rows: what there is to say of them. The last layer has `MARK.reasons` and the flags of
   * `profile` (every column of it is to be kept for that); columns of layers before it are of no use behind it.
   */
  readonly marks: readonly Layer[];
  /** Aggregates over all readable rows, duplicates included: `nulls <n>`, `invalid <n>`, `numeric <n>` of the n-th field. */
  readonly profile: readonly PlannedColumn[];
  /**
   * Over the cells and `ROW.asOf`: own fields, then derived ones. They mean something in readable rows without reasons only,
   * and fail in none. The last layer has `MARK.rule`. None of its columns has the name of one of `marks`.
   */
  readonly values: readonly Layer[];
  /** The rules' names, in their order. */
  readonly rules: readonly string[];
  /**
   * Over quarantined rows with their cells, `ROW.number`, `ROW.problem`, `ROW.raw` and `MARK.reasons` (of a malformed row
   * one reason, its field null): a line of the quarantine file (JSON text, without a line end).
   */
  readonly quarantineLine: string;
  /** What is published of accepted rows, in this order. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** An expression calls `sluice_pseudonym(text)`, null for null, a function of the program that needs the run's key. */
  readonly pseudonym: boolean;
  readonly target: PlannedTarget;
}

export interface PlannedField {
  /** The column of the object, or the key of its members. */
  readonly from: string;
  readonly type: ValueType['type'];
  /** Text that holds JSON: nested values are taken. */
  readonly json: boolean;
  /** An object without the column is refused. */
  readonly needed: boolean;
  /**
   * Of a Parquet object whose column is typed (for a timestamp field: a timestamp or a day, which the reader gives as
   * `yyyy-MM-ddTHH:mm:ss.SSSZ`; for a date field: a day, given as `yyyy-MM-dd`): these take the place of the columns of the
   * same name in `marks` and `values`. Empty where the field's own formats do.
   */
  readonly typed: readonly PlannedColumn[];
}

/** Rows for a Delta table are staged with one more column: `sluice_row` BIGINT, the row's number in the object. */
export type PlannedTarget =
  | { readonly format: 'parquet' }
  | { readonly format: 'delta'; readonly key: readonly string[] };

/** Columns that the reader yields beside the cells. */
export const ROW = {
  /** BIGINT, grows in the order of the object, with gaps. */
  position: 'row position',
  /** STRING: the code of a malformed row, null of a readable one. */
  problem: 'row problem',
  /** STRING: a malformed row's text. */
  raw: 'row raw',
  /** TIMESTAMP_NTZ: the run's clock, in every row. */
  asOf: 'row as of',
  /** BIGINT, added by the program for quarantined rows: the row's number in the object, from 1. */
  number: 'row number',
} as const;

/** Columns that the plan's layers yield. */
export const MARK = {
  /** ARRAY<STRUCT<field: STRING, code: STRING>>, null: the row has no fault. */
  reasons: 'row reasons',
  /** STRING: the first rule that is not true, null: the row is accepted. */
  rule: 'row rule',
} as const;

/** STRING: what the object has in the n-th field, null if nothing. */
export const cellName = (field: number): string => `cell ${field}`;
