import { type ListedObject, mapConcurrently, type ObjectAddress } from '@sluice/lake-storage';
import { type Engine, stagedName } from '@sluice/step-contracts';
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

// A footer is small, but a large object leaves hundreds of them.
const FOOTERS_AT_ONCE = 16;

/** Counts the rows that are really there, whatever the engine says. Of another engine, that died, nothing counts. */
export const countStagedRows = async (
  { objects, bucket }: CuratedZone,
  prefix: string,
  engine: Engine,
  countParquetRows: CountParquetRows,
): Promise<StagedRows> => {
  const found: { readonly number: number; readonly file: ListedObject }[] = [];
  const isAccepted = engine === 'spark' ? SPARK_FILE : STAGED_FILE;
  for await (const file of objects.list(bucket, `${prefix}${stagedName.acceptedPrefix}`)) {
    const [, number] = isAccepted.exec(file.key.slice(prefix.length)) ?? [];
    if (number !== undefined) found.push({ number: Number(number), file });
  }
  // A listing has 10 before 2. The files of one of Spark's tasks have one number, and the listing has them in order.
  found.sort((a, b) => a.number - b.number);
  const accepted = await mapConcurrently(found, FOOTERS_AT_ONCE, async ({ file: { key, size } }) => ({
    key,
    rows: await countParquetRows({ bucket, key, size }),
    bytes: size,
  }));
  return {
    // Spark leaves a file without rows where a task had none.
    accepted: accepted.filter(({ rows }) => rows > 0),
    quarantine: await countLinesOf(objects, { bucket, key: `${prefix}${stagedName.quarantine}` }),
  };
};

const STAGED_FILE = /^accepted-(\d+)\.parquet$/;
const SPARK_FILE = /^accepted-rows\/part-(\d+)-[^/]*\.parquet$/;

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
