import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Dataset } from '@sluice/record-schema';
import { createCsvTokenizer, decompressed, RefusedObject } from '@sluice/record-transform/reading';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { checkSource } from '../lake/land-file.ts';
import { count, bytes as shownBytes } from '../terminal/figures.ts';
import { LABEL_COLUMN, labelled, labelOf } from './row-label.ts';

/** What takes the place of one row of an object. */
export interface MendedRow {
  readonly label: string;
  /** Its row in the file, from 1. */
  readonly fileRow: number;
  /** Usually one; several where an open quote had swallowed rows. Without line ends. */
  readonly rows: readonly Uint8Array[];
}

/** A file of mended rows. Rows that are as they were given out are left out. */
export interface MendedRows {
  /** 16 hex digits of the hash of its bytes. */
  readonly id: string;
  /** The columns of the object that the rows are from. */
  readonly header: readonly string[];
  /** By the number of the object's row. */
  readonly rows: ReadonlyMap<number, MendedRow>;
  /** Rows that nobody changed. */
  readonly unchanged: number;
}

/** They are all in memory. A file that a person mended is far smaller. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** A row without a character would be none. */
const EMPTY_ROW = Buffer.from('""');

interface Gathered {
  readonly label: string;
  readonly fileRow: number;
  readonly rows: Uint8Array[];
  /** The first fault that its rows have. */
  fault: string | null;
}

/**
 * Reads a file made by `sluice quarantine show RUN --csv` after a person mended it.
 *
 * @throws {CliError} if it cannot be read, was not made so, or has a row that is no row of CSV and was changed
 */
export const readMendedRows = async (
  path: string,
  { source: { delimiter } }: Dataset,
): Promise<MendedRows> => {
  const { size } = await checkSource(path);
  if (size === 0)
    throw new CliError(`${path} is empty; mend a file made by: sluice quarantine show RUN --csv`);
  if (size > MAX_FILE_BYTES) {
    throw new CliError(
      `${path} has ${shownBytes(size)}, mended rows may have ${shownBytes(MAX_FILE_BYTES)}; mend the object itself and run that`,
    );
  }
  const digest = createHash('sha256');
  const gathered = new Map<number, Gathered>();
  let header: readonly string[] = [];
  let fileRow = 0;
  const tokenizer = createCsvTokenizer({
    delimiter,
    onHeader(names) {
      if (names[0] !== LABEL_COLUMN) throw new CliError(notMadeHere(path, delimiter));
      header = names.slice(1);
    },
    onRow(row) {
      fileRow += 1;
      // The tokenizer's bytes are reused.
      const found = labelled(Buffer.from(row.bytes.subarray(row.start, row.end)), delimiter);
      if (!found) {
        throw new CliError(
          `row ${count(fileRow)} of ${path} has no ${LABEL_COLUMN}: only quarantined rows can be replaced; put new rows into a file of their own and run that`,
        );
      }
      const { label, row: number } = found;
      const same = gathered.get(number) ?? { label, fileRow, rows: [], fault: null };
      if (same.label !== label) {
        throw new CliError(
          `rows ${count(same.fileRow)} and ${count(fileRow)} of ${path} disagree about row ${count(number)}: they were given out by different runs; give the rows out again`,
        );
      }
      same.rows.push(found.rest.length === 0 ? EMPTY_ROW : found.rest);
      if (row.problem !== null) same.fault ??= row.problem;
      gathered.set(number, same);
    },
  });
  try {
    for await (const chunk of decompressed(hashed(createReadStream(path), digest))) tokenizer.push(chunk);
    tokenizer.end();
  } catch (error) {
    if (error instanceof RefusedObject) throw new CliError(`${path} cannot be read: ${error.message}`);
    throw error;
  }
  return { id: digest.digest('hex').slice(0, 16), header, ...changedRows(path, gathered) };
};

const notMadeHere = (path: string, delimiter: string): string =>
  `the first column of ${path} is not ${LABEL_COLUMN} (columns are parted by ${JSON.stringify(delimiter)}); mend a file made by: sluice quarantine show RUN --csv`;

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  digest: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    digest.update(chunk);
    yield chunk;
  }
}

const changedRows = (
  path: string,
  gathered: ReadonlyMap<number, Gathered>,
): Pick<MendedRows, 'rows' | 'unchanged'> => {
  const rows = new Map<number, MendedRow>();
  for (const [number, { label, fileRow, rows: mended, fault }] of gathered) {
    const [only] = mended;
    if (mended.length === 1 && only && labelOf(number, only) === label) continue;
    // Put into the object it could swallow the rows behind it.
    if (fault !== null) {
      throw new CliError(
        `row ${count(fileRow)} of ${path} (row ${count(number)} of the object) is no row yet: ${fault}; mend it, or take it out of the file to leave it in quarantine`,
        EXIT.usage,
      );
    }
    rows.set(number, { label, fileRow, rows: mended });
  }
  return { rows, unchanged: gathered.size - rows.size };
};
