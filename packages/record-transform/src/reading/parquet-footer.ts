import { parquetMetadataAsync, parquetSchema } from 'hyparquet';
import { RefusedObject } from '../outcome.ts';

/** What a Parquet file says about itself at its end. */
export interface ParquetFooter {
  readonly rows: number;
  /** The names of the top-level columns, in their order. */
  readonly columns: readonly string[];
}

/** A footer grows with columns × row groups; one this large is damage, and must not fill the memory. */
const MAX_FOOTER_BYTES = 256 * 1024 * 1024;
/** Most footers fit, so that one range is enough. */
const FIRST_RANGE_BYTES = 64 * 1024;

/**
 * Reads a Parquet file's footer and nothing else. `readRange` gives the bytes from `start` to `end`, `end` not
 * included; what it throws is thrown.
 *
 * @throws {RefusedObject} `corrupt_parquet`
 */
export const readParquetFooter = async (
  size: number,
  readRange: (start: number, end: number) => Promise<Uint8Array>,
): Promise<ParquetFooter> => {
  let fault: unknown;
  const slice = async (start: number, end: number = size): Promise<ArrayBuffer> => {
    if (end - start > MAX_FOOTER_BYTES) throw new RangeError('the footer is too large');
    try {
      // A copy, since a Buffer's memory may be shared with others.
      return Uint8Array.from(await readRange(start, end)).buffer;
    } catch (error) {
      fault = error;
      throw error;
    }
  };
  try {
    const metadata = await parquetMetadataAsync(
      { byteLength: size, slice },
      { initialFetchSize: FIRST_RANGE_BYTES },
    );
    const rows = Number(metadata.num_rows);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (!Number.isSafeInteger(rows) || columns.some((name) => typeof name !== 'string'))
      throw new RangeError();
    return { rows, columns };
  } catch {
    if (fault !== undefined) throw fault;
    throw new RefusedObject(
      'corrupt_parquet',
      'the object is not a whole Parquet file: its footer is damaged',
    );
  }
};
