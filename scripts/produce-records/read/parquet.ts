import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Dataset } from '@sluice/record-schema';
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { EXIT, oneLine, ProduceError } from '../produce-error.ts';
import { type JsonOf, jsonWriter, rawElement, textFromBytes, unreadable } from './parquet-values.ts';
import type { ReadRecord } from './read-record.ts';

/** What Node has and hyparquet has not; Snappy and uncompressed it reads itself. */
const COMPRESSORS: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
  ZSTD: (bytes) => zstdDecompressSync(bytes),
};
const ROWS_AT_A_TIME = 256;

export interface ParquetInput {
  readonly rows: number;
  /** The records behind the first `after`: a row group is in memory at a time, and those before are not read. */
  readonly records: (after: number) => AsyncGenerator<readonly ReadRecord[], void>;
}

/** A Parquet file, whose values are written as the dataset, if there is one, reads them. */
export const openParquet = async (
  path: string,
  label: string,
  dataset: Dataset | null,
): Promise<ParquetInput> => {
  const { file, metadata } = await openFooter(path, label);
  for (const element of metadata.schema) {
    const what = unreadable(element);
    if (what !== null)
      throw new ProduceError(`${label}: the column ${JSON.stringify(element.name)} holds ${what}`);
  }
  const columns = parquetSchema(metadata).children.map((tree) => ({
    key: `${JSON.stringify(tree.element.name)}:`,
    write: jsonWriter(
      tree,
      dataset?.fields.find((field) => field.from === tree.element.name),
    ),
  }));
  const raw: FileMetaData = { ...metadata, schema: metadata.schema.map(rawElement) };
  return {
    rows: Number(metadata.num_rows),
    records: (after) => recordsOf(file, raw, columns, label, after),
  };
};

const openFooter = async (path: string, label: string) => {
  const file = await asyncBufferFromFile(path);
  try {
    return { file, metadata: await parquetMetadataAsync(file, { geoparquet: false }) };
  } catch (error) {
    throw new ProduceError(`${label} is not a whole Parquet file: ${oneLine(error)}`);
  }
};

async function* recordsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly { readonly key: string; readonly write: JsonOf }[],
  label: string,
  after: number,
): AsyncGenerator<readonly ReadRecord[], void> {
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows);
    if (groupEnd > after) {
      const rows = await rowsBetween(file, metadata, groupStart, groupEnd).catch((error: unknown) => {
        throw new ProduceError(
          `${label}: rows ${groupStart + 1} to ${groupEnd} cannot be read: ${oneLine(error)}`,
          EXIT.fault,
        );
      });
      for (let start = Math.max(0, after - groupStart); start < rows.length; start += ROWS_AT_A_TIME) {
        yield rows
          .slice(start, start + ROWS_AT_A_TIME)
          .map((row, at) => recordOf(groupStart + start + at + 1, row, columns));
      }
    }
    groupStart = groupEnd;
  }
}

const rowsBetween = (file: AsyncBuffer, metadata: FileMetaData, rowStart: number, rowEnd: number) =>
  new Promise<readonly (readonly unknown[])[]>((resolve, reject) => {
    parquetRead({
      file,
      metadata,
      rowStart,
      rowEnd,
      compressors: COMPRESSORS,
      utf8: false,
      geoparquet: false,
      parsers: { stringFromBytes: textFromBytes, timestampFromNanoseconds: (nanos) => nanos },
      rowFormat: 'array',
      onComplete: resolve,
    }).catch(reject);
  });

const recordOf = (
  number: number,
  row: readonly unknown[],
  columns: readonly { readonly key: string; readonly write: JsonOf }[],
): ReadRecord => {
  try {
    return {
      number,
      json: `{${columns.map(({ key, write }, at) => `${key}${write(row[at])}`).join(',')}}`,
    };
  } catch (error) {
    if (error instanceof RangeError) return { number, fault: 'not_a_value' };
    throw error;
  }
};
