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
  for await (const { key, size } of objects.list(bucket, `${prefix}accepted-`)) {
    const [, number] = /^accepted-(\d+)\.parquet$/.exec(key.slice(prefix.length)) ?? [];
    if (number === undefined) continue;
    const rows = await countParquetRows({ bucket, key, size });
    accepted.push({ number: Number(number), file: { key, rows, bytes: size } });
  }
  // A listing has 10 before 2.
  accepted.sort((a, b) => a.number - b.number);
  const quarantine = { bucket, key: `${prefix}${stagedName.quarantine}` };
  return {
    accepted: accepted.map(({ file }) => file),
    quarantine: await countLinesOf(objects, quarantine),
  };
};

const countLinesOf = async (
  objects: CuratedZone['objects'],
  at: ObjectAddress,
): Promise<StagedFile | null> => {
  const head = await objects.head(at);
  const body = head && (await objects.read(at));
  return body && { key: at.key, rows: await countLines(body), bytes: head.size };
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
