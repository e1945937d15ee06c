import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Dataset, Field, MomentFormat } from '@sluice/record-schema';
import { RefusedObject } from '../outcome.ts';
import { rawText } from '../reading/csv-row.ts';
import { type CsvSummary, createCsvTokenizer } from '../reading/csv-tokenizer.ts';
import { openBytes } from '../reading/decompress.ts';
import { type MatchedHeader, matchHeader } from '../reading/header.ts';
import { checkContent, formatOfKey, HEAD_BYTES } from '../reading/object-format.ts';
import { createRowReader } from '../reading/row-reader.ts';
import { columnsOf } from './fields.ts';
import { createRowFiles, type RowFiles } from './row-files.ts';
import { ROW_NUMBER } from './rows.ts';
import type { Session } from './session.ts';
import { identifier, literal } from './sql.ts';

/** An object's rows as DuckDB sees them. */
export interface Source {
  /** The dataset as this object is to be read: typed Parquet instants come as ISO text, whatever the formats. */
  readonly dataset: Dataset;
  /** A FROM item: `"row number"` and each field's cell, of the rows that can be read. */
  readonly from: string;
  /** All data rows, malformed ones too. */
  readonly rowsIn: number;
  readonly malformed: {
    readonly rows: number;
    /** A FROM item: number (in the object), readable_before, ordinal (among the malformed), code, raw. */
    readonly from: string;
  };
  readonly unknownColumns: readonly string[];
  /** What the first pass found, if it is a CSV object that DuckDB reads as it is: a second reader may rely on it. */
  readonly plainCsv: PlainCsv | null;
}

/** Facts about a CSV object without any surprise in it. */
export interface PlainCsv {
  readonly header: readonly string[];
  readonly rows: number;
  readonly longestRow: number;
  readonly lineBreakInQuotes: boolean;
}

export interface SourceRequest {
  readonly dataset: Dataset;
  readonly key: string;
  readonly path: string;
  /** Copies stay there until the caller removes the folder. */
  readonly scratchDir: string;
  /** From an earlier `Source` of the same object: its first pass is not made again. */
  readonly plainCsv?: PlainCsv | null;
}

const CHUNK_BYTES = 256 * 1024;
const DEFAULT_DAY: MomentFormat = {
  kind: 'fixed',
  length: 10,
  parts: { yyyy: 0, MM: 5, dd: 8 },
  literals: [
    { at: 4, char: '-' },
    { at: 7, char: '-' },
  ],
};
/** DuckDB refuses longer lines unless told. */
const DUCKDB_LINE_BYTES = 2_000_000;

const NO_MALFORMED = {
  rows: 0,
  from: `(SELECT 0 AS number, 0 AS readable_before, 0 AS ordinal, '' AS code, '' AS raw WHERE false)`,
} as const;

/** A CSV file with a header line, whatever is in it. */
interface CsvFile {
  readonly path: string;
  readonly delimiter: string;
  readonly columns: number;
  /** An unquoted empty cell is null; otherwise it is the empty text. */
  readonly emptyIsNull: boolean;
  readonly longestRow: number;
  readonly lineBreakInQuotes: boolean;
}

const readCsv = (file: CsvFile): string => {
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
    // Cutting a file at line breaks inside quotes is guesswork, and so is telling its line ends from what is in them.
    ...(file.lineBreakInQuotes ? ['parallel = false', `new_line = '\\n'`] : []),
    ...(file.emptyIsNull
      ? [`nullstr = ''`]
      : [`force_not_null = [${names.map((name) => `'${name}'`).join(', ')}]`]),
    ...(file.longestRow > DUCKDB_LINE_BYTES ? [`max_line_size = ${file.longestRow + 1024}`] : []),
  ];
  return `read_csv(${literal(file.path)}, ${options.join(', ')})`;
};

/** `(SELECT number, cells FROM …)`: `cellOf` is the SQL of a field's cell, by the field's place. */
const numbered = (dataset: Dataset, from: string, cellOf: (field: number) => string): string => {
  const cells = dataset.fields.map((field, at) => `${cellOf(at)} AS ${columnsOf(field).cell}`);
  return `(SELECT row_number() OVER () AS ${ROW_NUMBER}, ${cells.join(', ')} FROM ${from})`;
};

const ABSENT = 'CAST(NULL AS VARCHAR)';

const malformedFrom = (path: string, longestRow: number): string =>
  `(SELECT CAST(c0 AS BIGINT) AS number, CAST(c1 AS BIGINT) AS readable_before, CAST(c2 AS BIGINT) AS ordinal,
     c3 AS code, c4 AS raw FROM ${readCsv({
       path,
       delimiter: ',',
       columns: 5,
       emptyIsNull: false,
       longestRow,
       lineBreakInQuotes: true,
     })})`;

/** What the first pass over a CSV object found: whether DuckDB's own reader can be trusted with it as it is. */
interface CsvScan {
  readonly summary: CsvSummary;
  readonly header: MatchedHeader;
  readonly names: readonly string[];
}

const scanCsv = async (
  dataset: Dataset,
  chunks: AsyncIterable<Uint8Array>,
  onRow?: (row: Parameters<typeof rawText>[0]) => void,
  afterChunk?: () => Promise<void>,
): Promise<CsvScan> => {
  let header: MatchedHeader | undefined;
  let columns: readonly string[] = [];
  const tokenizer = createCsvTokenizer({
    delimiter: dataset.source.delimiter,
    onHeader: (names) => {
      columns = names;
      header = matchHeader(dataset, names);
    },
    ...(onRow && { onRow }),
  });
  for await (const chunk of chunks) {
    tokenizer.push(chunk);
    await afterChunk?.();
  }
  const summary = tokenizer.end();
  // Without a header the tokenizer refuses the object as empty.
  if (!header) throw new RefusedObject('empty_object', 'the object has no header');
  return { summary, header, names: columns };
};

const isPlain = ({ malformed, blankLines, lineEnds, lineBreakInQuotes }: CsvSummary): boolean =>
  malformed === 0 && blankLines === 0 && (lineEnds === 'lf' || (lineEnds === 'crlf' && !lineBreakInQuotes));

const copyOf = (request: SourceRequest) => ({
  readable: join(request.scratchDir, 'readable.csv'),
  malformed: join(request.scratchDir, 'malformed.csv'),
});

const fromRowFiles = (
  request: SourceRequest,
  files: RowFiles,
  csv: Pick<CsvFile, 'delimiter' | 'columns' | 'emptyIsNull' | 'lineBreakInQuotes'>,
  cellOf: (field: number) => string,
  unknownColumns: readonly string[],
): Source => {
  const paths = copyOf(request);
  const from = readCsv({ ...csv, path: paths.readable, longestRow: files.longestRow });
  return {
    dataset: request.dataset,
    from: numbered(request.dataset, from, cellOf),
    rowsIn: files.rows,
    malformed: {
      rows: files.malformedRows,
      from:
        files.malformedRows > 0 ? malformedFrom(paths.malformed, files.longestMalformed) : NO_MALFORMED.from,
    },
    unknownColumns,
    plainCsv: null,
  };
};

/** Copies the readable rows of a CSV object, byte by byte, and sets the malformed ones apart. */
const repairedCsv = async (request: SourceRequest): Promise<Source> => {
  const paths = copyOf(request);
  const files = await createRowFiles(paths.readable, paths.malformed);
  let scan: CsvScan;
  try {
    scan = await scanCsv(
      request.dataset,
      openBytes(request.path),
      (row) => {
        if (row.problem) files.malformed(row.problem, rawText(row));
        else files.raw(row.bytes, row.start, row.end);
      },
      () => files.flushIfFull(),
    );
  } finally {
    await files.close();
  }
  const { header, names, summary } = scan;
  return fromRowFiles(
    request,
    files,
    {
      delimiter: request.dataset.source.delimiter,
      columns: names.length,
      emptyIsNull: false,
      lineBreakInQuotes: summary.lineBreakInQuotes,
    },
    (field) => cellAt(header, field),
    header.unknownColumns,
  );
};

const cellAt = (header: MatchedHeader, field: number): string => {
  const at = header.positions[field] ?? -1;
  return at < 0 ? ABSENT : `c${at}`;
};

const plainSource = ({ dataset, path }: SourceRequest, csv: PlainCsv): Source => {
  const header = matchHeader(dataset, csv.header);
  const from = readCsv({
    path,
    delimiter: dataset.source.delimiter,
    columns: csv.header.length,
    emptyIsNull: false,
    longestRow: csv.longestRow,
    lineBreakInQuotes: csv.lineBreakInQuotes,
  });
  return {
    dataset,
    from: numbered(dataset, from, (field) => cellAt(header, field)),
    rowsIn: csv.rows,
    malformed: NO_MALFORMED,
    unknownColumns: header.unknownColumns,
    plainCsv: csv,
  };
};

const csvSource = async (request: SourceRequest, isGzip: boolean): Promise<Source> => {
  if (request.plainCsv) return plainSource(request, request.plainCsv);
  // DuckDB takes plain files only, so what is gzipped is copied anyway.
  if (isGzip) return repairedCsv(request);
  const { dataset, path } = request;
  const { summary, names } = await scanCsv(dataset, createReadStream(path, { highWaterMark: CHUNK_BYTES }));
  if (!isPlain(summary)) return repairedCsv(request);
  const { rows, longestRowBytes: longestRow, lineBreakInQuotes } = summary;
  return plainSource(request, { header: names, rows, longestRow, lineBreakInQuotes });
};

/** A Parquet column's values as text that the fields' readers take, or null if it has none. */
const parquetCell = (name: string, type: string, field: Field | undefined): string | null => {
  const column = identifier(name);
  if (/^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type)) return null;
  const isMoment = /^TIMESTAMP/.test(type) || (type === 'DATE' && field?.type === 'timestamp');
  if (isMoment) return `strftime(CAST(${column} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ')`;
  if (type === 'BLOB') return `decode(${column})`;
  return `CAST(${column} AS VARCHAR)`;
};

/** Instants of a typed column arrive as ISO text and days in the default form, whatever the field's own formats. */
const asTyped = (field: Field, columnType: string | undefined): Field => {
  if (field.type === 'timestamp' && /^(TIMESTAMP|DATE)/.test(columnType ?? '')) {
    return { ...field, formats: [{ kind: 'iso' }] };
  }
  if (field.type === 'date' && columnType === 'DATE') return { ...field, formats: [DEFAULT_DAY] };
  return field;
};

const describeParquet = async (session: Session, from: string) => {
  try {
    const columns = await session.query(`DESCRIBE SELECT * FROM ${from}`);
    const [counted] = await session.query(`SELECT count(*) AS n FROM ${from}`);
    return {
      columns: columns.map((one) => ({ name: String(one.column_name), type: String(one.column_type) })),
      rowsIn: Number(counted?.n),
    };
  } catch (error) {
    const [line] = String((error as Error).message).split('\n');
    throw new RefusedObject(
      'corrupt_parquet',
      `the object is named as Parquet, but cannot be read as such: ${line}`,
    );
  }
};

const parquetSource = async (session: Session, request: SourceRequest, path: string): Promise<Source> => {
  const from = `read_parquet(${literal(path)})`;
  const { columns, rowsIn } = await describeParquet(session, from);
  const header = matchHeader(
    request.dataset,
    columns.map(({ name }) => name),
  );
  const columnOf = (field: number) => columns[header.positions[field] ?? -1];
  const dataset: Dataset = {
    ...request.dataset,
    fields: request.dataset.fields.map((field, at) => asTyped(field, columnOf(at)?.type)),
  };
  return {
    dataset,
    from: numbered(dataset, from, (field) => {
      const column = columnOf(field);
      if (!column) return ABSENT;
      const declared = dataset.fields[field];
      const cell = parquetCell(column.name, column.type, declared);
      if (cell !== null) return cell;
      if (declared?.type === 'text' && declared.json)
        return `CAST(to_json(${identifier(column.name)}) AS VARCHAR)`;
      throw new RefusedObject(
        'nested_column',
        `the column ${JSON.stringify(column.name)} holds nested values`,
      );
    }),
    rowsIn,
    malformed: NO_MALFORMED,
    unknownColumns: header.unknownColumns,
    plainCsv: null,
  };
};

/** JSON is read by our own reader, cell by cell, so that every engine sees the same texts. */
const jsonSource = async (request: SourceRequest): Promise<Source> => {
  const { dataset } = request;
  const paths = copyOf(request);
  const files = await createRowFiles(paths.readable, paths.malformed);
  let unknownColumns: readonly string[];
  try {
    const reader = createRowReader(dataset, request.key, {
      row: (cells) => files.cells(cells),
      malformed: (code, raw) => files.malformed(code, raw),
    });
    for await (const chunk of openBytes(request.path)) {
      reader.push(chunk);
      await files.flushIfFull();
    }
    ({ unknownColumns } = reader.end());
  } finally {
    await files.close();
  }
  return fromRowFiles(
    request,
    files,
    { delimiter: ',', columns: dataset.fields.length, emptyIsNull: true, lineBreakInQuotes: true },
    (field) => `c${field}`,
    unknownColumns,
  );
};

const readHead = async (path: string): Promise<{ readonly head: Uint8Array; readonly isGzip: boolean }> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const isGzip = buffer[0] === 0x1f && buffer[1] === 0x8b;
    return { head: buffer.subarray(0, bytesRead), isGzip };
  } finally {
    await file.close();
  }
};

const unzippedHead = async (path: string): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of openBytes(path)) {
    pieces.push(Uint8Array.from(chunk));
    length += chunk.length;
    if (length >= HEAD_BYTES) break;
  }
  return Buffer.concat(pieces);
};

/**
 * Opens an object for DuckDB. CSV that DuckDB reads exactly as SEMANTICS wants it is left where it is; everything
 * else (gzip, malformed rows, blank lines, odd line ends, JSON) goes through a copy in the scratch folder.
 *
 * @throws {RefusedObject} if the object cannot be taken as a whole
 */
export const openSource = async (session: Session, request: SourceRequest): Promise<Source> => {
  const format = formatOfKey(request.dataset, request.key);
  const { head, isGzip } = await readHead(request.path);
  checkContent(format, isGzip ? await unzippedHead(request.path) : head);
  switch (format) {
    case 'csv':
      return csvSource(request, isGzip);
    case 'json':
      return jsonSource(request);
    case 'parquet': {
      if (!isGzip) return parquetSource(session, request, request.path);
      const unzipped = join(request.scratchDir, 'unzipped.parquet');
      await pipeline(openBytes(request.path), createWriteStream(unzipped));
      return parquetSource(session, request, unzipped);
    }
  }
};
