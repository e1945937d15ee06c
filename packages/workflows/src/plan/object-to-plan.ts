/** The rows of a CSV object, as a Distributed Map reads them. */
export interface CsvRows {
  readonly rows: number;
  readonly columns: number;
  readonly delimiter: string;
  /** Of the header line; null: unknown. */
  readonly headerBytes: number | null;
  /** Of a row as the reader gives it: a JSON object in UTF-8, the columns' names included. */
  readonly meanItemBytes: number;
  /** Null: unknown. */
  readonly maxItemBytes: number | null;
}

/** What is known of an object before it is processed. */
export interface ObjectToPlan {
  /** Bytes. */
  readonly size: number;
  readonly format: 'csv' | 'json' | 'parquet';
  readonly compressed: boolean;
  /** Null for other formats: nothing is planned by their rows. */
  readonly csv: CsvRows | null;
}

const utf8 = new TextEncoder();

/** What a row's JSON has around its values: braces, quoted names and values, colons, commas. */
export const itemOverheadBytes = (names: readonly string[]): number => {
  const keys = names.reduce((sum, name) => sum + utf8.encode(JSON.stringify(name)).length, 0);
  return '{}'.length + keys + names.length * ':""'.length + Math.max(0, names.length - 1);
};

/** Of a cell with its delimiter, where nobody has looked: `packages/datasets`' orders have 11.3. */
const assumedCellBytes = 12;

/**
 * An object's rows from what is known of two of size, rows and width. `rowBytes` is a line's mean length in the file, its
 * end included; without it and without rows, twelve bytes a column are assumed.
 */
export const estimateCsv = (
  known: { readonly size?: number; readonly rows?: number; readonly rowBytes?: number },
  names: readonly string[],
  delimiter = ',',
): ObjectToPlan & { readonly csv: CsvRows } => {
  const { size, rows } = known;
  const columns = names.length;
  const headerBytes = utf8.encode(`${names.join()}\n`).length;
  const lineBytes =
    known.rowBytes ??
    (size !== undefined && rows !== undefined && rows > 0
      ? Math.max(0, size - headerBytes) / rows
      : assumedCellBytes * columns);
  const counted = rows ?? Math.ceil(Math.max(0, (size ?? 0) - headerBytes) / Math.max(1, lineBytes));
  // A line holds its cells, a delimiter between each two, and its end.
  const cellBytes = Math.max(0, lineBytes - columns);
  return {
    size: size ?? headerBytes + Math.ceil(counted * lineBytes),
    format: 'csv',
    compressed: false,
    csv: {
      rows: counted,
      columns,
      delimiter,
      headerBytes,
      meanItemBytes: itemOverheadBytes(names) + cellBytes,
      maxItemBytes: null,
    },
  };
};
