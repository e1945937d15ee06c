import type { Dataset } from '@sluice/record-schema';

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

/** What an engine counted over all rows of an object. */
export interface Figures {
  /** Every data row, malformed ones too. */
  readonly rowsIn: number;
  readonly malformed: number;
  readonly duplicates: number;
  /** Of the rows that are not malformed, in the order of the dataset's fields. */
  readonly fields: readonly {
    readonly nulls: number;
    readonly invalid: number;
    /** Counted of every field, whatever its type. */
    readonly numericLooking: number;
  }[];
}

export const profileOf = (
  { name: dataset, fields }: Dataset,
  { rowsIn, malformed, duplicates, fields: counted }: Figures,
): Profile => {
  if (counted.length !== fields.length)
    throw new Error(
      `The dataset ${dataset} has ${fields.length} fields, its figures are of ${counted.length}.`,
    );
  return {
    rowsIn,
    malformed,
    duplicates,
    columns: fields.map(({ name, type }, at) => {
      const { nulls = 0, invalid = 0, numericLooking = 0 } = counted[at] ?? {};
      return { name, type, nulls: nulls + malformed, invalid, ...(type === 'text' && { numericLooking }) };
    }),
  };
};
