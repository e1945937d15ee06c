import type { ObjectAddress } from '@sluice/lake-storage';
import { stagedName } from '@sluice/step-contracts';
import type { CuratedZone } from './replace-run.ts';

export interface StagedFile {
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface StagedRows {
  /** By their number. */
  readonly accepted: readonly StagedFile[];
  readonly quarantine: StagedFile | null;
}

/** Says how many rows a Parquet file has. */
export type CountParquetRows = (file: ObjectAddress & { readonly size: number }) => Promise<number>;

/** Counts the rows that are really there, whatever the engine says. */
export const countStagedRows = async (
  { objects, bucket }: CuratedZone,
  prefix: string,
  countParquetRows: CountParquetRows,
): Promise<StagedRows> => {
  const accepted: { readonly number: number; readonly file: StagedFile }[] = [];
  let quarantine: StagedFile | null = null;
  for await (const { key, size } of objects.list(bucket, prefix)) {
    const name = key.slice(prefix.length);
    const [, number] = /^accepted-(\d+)\.parquet$/.exec(name) ?? [];
    if (number !== undefined) {
      const rows = await countParquetRows({ bucket, key, size });
      accepted.push({ number: Number(number), file: { key, rows, bytes: size } });
    } else if (name === stagedName.quarantine) {
      const body = await objects.read({ bucket, key });
      quarantine = { key, rows: body ? await countLines(body) : 0, bytes: size };
    }
  }
  // A listing has 10 before 2.
  accepted.sort((a, b) => a.number - b.number);
  return { accepted: accepted.map(({ file }) => file), quarantine };
};

/** A last line without a line feed is one, too. */
export const countLines = async (chunks: AsyncIterable<Uint8Array>): Promise<number> => {
  const lineFeed = 10;
  let lines = 0;
  let last = lineFeed;
  for await (const chunk of chunks) {
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) lines += 1;
    last = chunk.at(-1) ?? last;
  }
  return last === lineFeed ? lines : lines + 1;
};
