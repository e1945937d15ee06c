import { literal } from './sql.ts';

/** A CSV file with a header line, for DuckDB to read as texts. */
interface CsvFile {
  readonly path: string;
  readonly delimiter: string;
  readonly columns: number;
  /** An unquoted empty cell is null; otherwise it is the empty text. */
  readonly emptyIsNull: boolean;
  /** In bytes. */
  readonly longestRow: number;
  readonly lineBreakInQuotes: boolean;
  /** Blank lines and rows with a wrong number of fields are left out; otherwise they are an error. */
  readonly leaveOutMisfits: boolean;
}

/** DuckDB refuses longer lines unless told. */
const DUCKDB_LINE_BYTES = 2_000_000;

/** A FROM item with the columns `c0`, `c1`, … */
export const readCsv = (file: CsvFile): string => {
  const names = Array.from({ length: file.columns }, (_, at) => `c${at}`);
  const options = [
    'auto_detect = false',
    'header = false',
    'skip = 1',
    `delim = ${literal(file.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    'strict_mode = true',
    'null_padding = false',
    'allow_quoted_nulls = false',
    `columns = {${names.map((name) => `${name}: 'VARCHAR'`).join(', ')}}`,
    ...(file.leaveOutMisfits ? ['ignore_errors = true'] : []),
    // Cutting a file at line breaks inside quotes is guesswork, and so is telling its line ends from what is in them.
    ...(file.lineBreakInQuotes ? ['parallel = false', `new_line = '\\n'`] : []),
    file.emptyIsNull ? `nullstr = ''` : `force_not_null = [${names.map((name) => `'${name}'`).join(', ')}]`,
    ...(file.longestRow > DUCKDB_LINE_BYTES ? [`max_line_size = ${file.longestRow + 1024}`] : []),
  ];
  return `read_csv(${literal(file.path)}, ${options.join(', ')})`;
};
