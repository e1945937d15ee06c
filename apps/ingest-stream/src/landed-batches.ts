import type { ObjectStore } from '@sluice/lake-storage';
import { paddedSequenceNumber, parseSequenceRange } from '@sluice/lake-storage/zones';
import { decompressed, RefusedObject } from '@sluice/record-transform/reading';

export type BatchObjects = Pick<ObjectStore, 'keys' | 'read' | 'put'>;

interface KeyedRange {
  readonly key: string;
  readonly first: bigint;
  readonly last: bigint;
}

/** What lies in the zone already of a shard's records from `first` to `last`. */
export interface LandedBatch extends KeyedRange {
  readonly lines: ReadonlySet<string>;
}

const READS_AT_ONCE = 8;

/** The batches below the prefix that have numbers between `first` and `last`, with what is in them. */
export const landedBatches = async (
  objects: BatchObjects,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  first: bigint,
  last: bigint,
): Promise<readonly LandedBatch[]> => {
  const found: KeyedRange[] = [];
  const startAfter = `${prefix}${paddedSequenceNumber(String(first))}`;
  for await (const key of objects.keys(bucket, prefix, { startAfter })) {
    const range = parseSequenceRange(key);
    if (!range) continue;
    // Batches of a shard do not overlap, so those behind this one lie behind our own.
    if (BigInt(range.first) > last) break;
    found.push({ key, first: BigInt(range.first), last: BigInt(range.last) });
  }
  const landed: LandedBatch[] = [];
  for (let from = 0; from < found.length; from += READS_AT_ONCE) {
    const some = found.slice(from, from + READS_AT_ONCE);
    landed.push(
      ...(await Promise.all(
        some.map(async (range) => ({ ...range, lines: await linesOf(objects, bucket, range.key) })),
      )),
    );
  }
  return landed;
};

/** None if the object is gone or damaged: then nothing of it has landed. */
const linesOf = async (objects: BatchObjects, bucket: string, key: string): Promise<ReadonlySet<string>> => {
  const body = await objects.read({ bucket, key });
  if (!body) return new Set();
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of decompressed(body)) chunks.push(chunk);
  } catch (error) {
    if (error instanceof RefusedObject) return new Set();
    throw error;
  }
  return new Set(Buffer.concat(chunks).toString('utf8').split('\n'));
};
