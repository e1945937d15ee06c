import { createHash } from 'node:crypto';
import type { StreamBatch } from '@sluice/lake-storage/zones';
import { type BatchObjects, landedBatches } from './landed-batches.ts';
import { StoreError } from './store-error.ts';

/** A record on its way into an object. */
export interface RecordLine {
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number | null;
  /** Without its line end; the same in whatever batch the record comes. */
  readonly line: string;
}

/** Where the records of one shard and dataset go. */
export interface Destination {
  readonly bucket: string;
  readonly prefix: string;
  readonly keyOf: (batch: Pick<StreamBatch, 'first' | 'last' | 'recordsId'>) => string;
  readonly pack: (content: Buffer) => Uint8Array;
  /** Records that are alike to the letter are copies of one, whose line stands for all of them. */
  readonly copiesAreOne: boolean;
}

/** Counts of records, and of the objects that were stored. */
export interface WrittenRecords {
  readonly stored: number;
  /** They had landed already, or a copy of theirs has. */
  readonly repeated: number;
  readonly failed: number;
  readonly objects: number;
  /** The first record that is not written, and the error of the store. */
  readonly failure: { readonly sequenceNumber: string; readonly error: StoreError } | null;
}

interface WriteOptions {
  /** Leave out what earlier batches have left there; says something only if batches of a shard never interleave. */
  readonly leaveOutLanded: boolean;
}

/**
 * Puts records, in the order of their shard, into objects below the destination: one object, unless some in between have
 * landed before. So each object has all of the destination's records between its ends, and no two objects share any.
 *
 * A `StoreError` is an outcome: the records come again. No object is ever replaced.
 */
export const writeRecords = async (
  records: readonly RecordLine[],
  destination: Destination,
  objects: BatchObjects,
  { leaveOutLanded }: WriteOptions,
): Promise<WrittenRecords> => {
  const { bucket, keyOf, pack, copiesAreOne } = destination;
  let stored = 0;
  let repeated = 0;
  let written = 0;
  const failedFrom = (first: RecordLine | undefined, failed: number, error: StoreError): WrittenRecords => ({
    stored,
    repeated,
    failed,
    objects: written,
    failure: { sequenceNumber: first?.sequenceNumber ?? '', error },
  });

  let runs: readonly (readonly RecordLine[])[] = [records];
  if (leaveOutLanded) {
    const landed = await attempt(() => stillToWrite(records, destination, objects));
    if ('error' in landed) return failedFrom(records[0], records.length, landed.error);
    runs = landed.value;
  }
  const missing = runs.reduce((sum, run) => sum + run.length, 0);
  repeated = records.length - missing;

  for (const run of runs) {
    const [first] = run;
    const last = run.at(-1);
    if (!first || !last) continue;
    const key = keyOf({
      first: first.sequenceNumber,
      last: last.sequenceNumber,
      recordsId: recordsIdOf(run),
    });
    const all = run.map(({ line }) => line);
    // The name counts all of them, so that a copy that comes again lies in the object's range.
    const lines = copiesAreOne ? [...new Set(all)] : all;
    const body = pack(Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8'));
    const put = await attempt(() => objects.put({ bucket, key }, body, { ifNoneMatch: '*' }));
    if ('error' in put) return failedFrom(first, records.length - stored - repeated, put.error);
    if (put.value.outcome === 'stored') {
      stored += lines.length;
      repeated += run.length - lines.length;
      written += 1;
    } else repeated += run.length;
  }
  return { stored, repeated, failed: 0, objects: written, failure: null };
};

/** The records that have not landed, cut where others in between have: no object spans another one's records. */
const stillToWrite = async (
  records: readonly RecordLine[],
  destination: Destination,
  objects: BatchObjects,
): Promise<readonly (readonly RecordLine[])[]> => {
  const numbers = records.map(({ sequenceNumber }) => BigInt(sequenceNumber));
  const landed = await landedBatches(objects, destination, numbers[0] ?? 0n, numbers.at(-1) ?? 0n);
  if (landed.length === 0) return [records];
  const runs: RecordLine[][] = [];
  let run: RecordLine[] = [];
  for (const [at, record] of records.entries()) {
    const number = numbers[at] ?? 0n;
    // The range says where a record would be, the content whether it is: a range may be wrong, and nothing is lost by it.
    const isThere = landed.some(
      ({ first, last, lines }) => first <= number && number <= last && lines.has(record.line),
    );
    if (!isThere) run.push(record);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  if (run.length > 0) runs.push(run);
  return runs;
};

const recordsIdOf = (records: readonly RecordLine[]): string => {
  const hash = createHash('sha256');
  for (const { sequenceNumber, subSequenceNumber } of records)
    hash.update(`${sequenceNumber} ${subSequenceNumber ?? ''}\n`);
  return hash.digest('hex').slice(0, 16);
};

const attempt = async <T>(work: () => Promise<T>): Promise<{ value: T } | { error: StoreError }> => {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof StoreError) return { error };
    throw error;
  }
};
