import type { Dataset } from '@sluice/record-schema';
import { columnsOf } from './fields.ts';

/** An object's rows as DuckDB sees them. */
export interface Source {
  /** The dataset as this object is to be read: typed Parquet instants come as ISO text, whatever the formats. */
  readonly dataset: Dataset;
  /** A FROM item: each field's cell, of the rows that can be read, in their order. */
  readonly cells: string;
  /** All data rows, malformed ones too. */
  readonly rowsIn: number;
  /** Rows that cannot be read: how many, and a FROM item of number (in the object), readable_before, code, raw. */
  readonly malformed: { readonly rows: number; readonly from: string };
  readonly unknownColumns: readonly string[];
}

export interface SourceRequest {
  readonly dataset: Dataset;
  readonly key: string;
  readonly path: string;
  /** Copies stay there until the caller removes the folder. */
  readonly scratchDir: string;
}

export const NO_MALFORMED: Source['malformed'] = {
  rows: 0,
  from: `(SELECT 0 AS number, 0 AS readable_before, '' AS code, '' AS raw WHERE false)`,
};

/** A cell of a column that the object does not have. */
export const ABSENT = 'CAST(NULL AS VARCHAR)';

/** The FROM item of a source: `cellOf` is the SQL of a field's cell, by the field's place. */
export const cellsFrom = (dataset: Dataset, from: string, cellOf: (field: number) => string): string =>
  `(SELECT ${dataset.fields.map((field, at) => `${cellOf(at)} AS ${columnsOf(field).cell}`).join(', ')} FROM ${from})`;
