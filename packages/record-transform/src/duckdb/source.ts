import type { Dataset } from '@sluice/record-schema';
import { columnsOf } from './fields.ts';
import { ROW_NUMBER } from './rows.ts';

/** An object's rows as DuckDB sees them. */
export interface Source {
  /** The dataset as this object is to be read: typed Parquet instants come as ISO text, whatever the formats. */
  readonly dataset: Dataset;
  /** A FROM item: each field's cell, of the rows that can be read, in their order. */
  readonly cells: string;
  /** The same with `"row number"`; DuckDB numbers rows in one thread. */
  readonly numbered: string;
  /** All data rows, malformed ones too. */
  readonly rowsIn: number;
  /** Rows that cannot be read: how many, and a FROM item of number (in the object), readable_before, code, raw. */
  readonly malformed: { readonly rows: number; readonly from: string };
  readonly unknownColumns: readonly string[];
  /** What the first pass found, if it is a CSV object that DuckDB reads where it is: a second reader may rely on it. */
  readonly plainCsv: PlainCsv | null;
}

/** Facts about a CSV object that DuckDB's own reader takes apart as SEMANTICS does. */
export interface PlainCsv {
  readonly header: readonly string[];
  /** All data rows. */
  readonly rows: number;
  /** Of them, those with a wrong number of fields, which DuckDB is told to leave out, like blank lines. */
  readonly malformed: number;
  readonly blankLines: number;
  readonly longestRow: number;
  readonly lineBreakInQuotes: boolean;
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

/** The FROM items of a source: `cellOf` is the SQL of a field's cell, by the field's place. */
export const fromItems = (
  dataset: Dataset,
  from: string,
  cellOf: (field: number) => string,
): Pick<Source, 'cells' | 'numbered'> => {
  const cells = dataset.fields.map((field, at) => `${cellOf(at)} AS ${columnsOf(field).cell}`).join(', ');
  return {
    cells: `(SELECT ${cells} FROM ${from})`,
    numbered: `(SELECT row_number() OVER () AS ${ROW_NUMBER}, ${cells} FROM ${from})`,
  };
};
