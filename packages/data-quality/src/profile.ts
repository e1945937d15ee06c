/** What a scan of one object saw: plain counts, from which everything else follows exactly. */
export interface Profile {
  /** Every data row, malformed ones too. */
  readonly rowsIn: number;
  readonly malformed: number;
  readonly duplicates: number;
  /** In the order of the dataset's fields. */
  readonly columns: readonly ColumnProfile[];
}

export interface ColumnProfile {
  readonly name: string;
  readonly type: string;
  /** As read, before defaults. A malformed row counts as null in every column, a missing column in every row. */
  readonly nulls: number;
  /** Values that cannot be read or break a constraint, once per cell, duplicate rows included. */
  readonly invalid: number;
  /** Text columns only: values that look like numbers. */
  readonly numericLooking?: number;
}
