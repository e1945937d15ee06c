import type { Dataset } from '@sluice/record-schema';
import {
  type KinesisBatchResponse,
  type KinesisEvent,
  type KinesisEventRecord,
  shardOf,
} from '@sluice/step-contracts';
import { createRecordJudge, type DatasetBy } from './judge-record.ts';
import type { BatchObjects } from './landed-batches.ts';
import {
  destinationOf,
  LinesByDestination,
  type LinesOfDestination,
  type Shard,
} from './lines-by-destination.ts';
import { recordsOf } from './records-of.ts';
import { type StoreError, tellingStoreErrors } from './store-error.ts';
import { type WrittenRecords, writeRecords } from './write-records.ts';

export interface IngestRecordsDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly datasetBy: DatasetBy;
  readonly objects: BatchObjects;
  readonly rawBucket: string;
  readonly curatedBucket: string;
  /** Of the event source mapping. Above 1, batches of a shard interleave, and what has landed cannot be told by its ends. */
  readonly parallelizationFactor: number;
  /** UTF-16 units of lines that wait in memory. Only what is compressed well comes near it: a batch has 6 MB. */
  readonly maxWaiting?: number;
}

/** What became of one shard's records. recordsIn = landed + quarantined + repeated + failed. */
export interface IngestedShard {
  readonly stream: string;
  readonly shardId: string;
  readonly first: string;
  readonly last: string;
  readonly recordsIn: number;
  readonly landed: number;
  readonly quarantined: number;
  /** Left out, as they lie in the zones already; in a dataset with a key also copies within the batch. */
  readonly repeated: number;
  /** They come again. */
  readonly failed: number;
  /** That were stored. */
  readonly objects: number;
  /** The lowest sequence number that failed, and the name of the store's error. */
  readonly failure: { readonly sequenceNumber: string; readonly errorName: string } | null;
}

export interface IngestedBatch {
  readonly shards: readonly IngestedShard[];
  /** For Lambda: from where to deliver again. */
  readonly response: KinesisBatchResponse;
}

/**
 * Writes a batch of a stream's records: for each dataset one raw object of those that can be read, and one in quarantine
 * of the others. The same records, in whatever batches they come again, are written once.
 */
export const ingestRecords = async (event: KinesisEvent, deps: IngestRecordsDeps): Promise<IngestedBatch> => {
  const byShard = Map.groupBy(event.Records, ({ eventID, eventSourceARN }) =>
    Object.values(shardOf({ eventID, eventSourceARN })).join('/'),
  );
  const shards: IngestedShard[] = [];
  for (const records of byShard.values()) shards.push(await ingestShard(records, deps));
  const batchItemFailures = shards.flatMap(({ failure }) =>
    failure ? [{ itemIdentifier: failure.sequenceNumber }] : [],
  );
  return { shards, response: { batchItemFailures } };
};

const MAX_WAITING = 32 * 1024 * 1024;
/** What an aggregated record's members may have together. Without packing, a Kinesis record has at most 10 MiB. */
const MAX_UNPACKED_BYTES = 32 * 1024 * 1024;

const ingestShard = async (
  given: readonly KinesisEventRecord[],
  deps: IngestRecordsDeps,
): Promise<IngestedShard> => {
  const records = given.toSorted((a, b) => bySequence(a.kinesis.sequenceNumber, b.kinesis.sequenceNumber));
  const [first] = records;
  const last = records.at(-1);
  if (!first || !last) throw new Error('A shard has no records.');
  const shard = shardOf(first);
  const { findDataset, datasetBy, maxWaiting = MAX_WAITING } = deps;
  const judge = createRecordJudge(findDataset, datasetBy);
  const waiting = new LinesByDestination(shard);
  const tally = new Tally();

  for (const kinesisRecord of records) {
    let room = MAX_UNPACKED_BYTES;
    for (const record of recordsOf(kinesisRecord)) {
      tally.recordsIn += 1;
      if (tally.failure) {
        // Behind one that failed everything comes again.
        tally.failed += 1;
        continue;
      }
      const judgement = judge(record.data, room);
      room -= judgement.content?.length ?? 0;
      waiting.add(record, judgement);
    }
    // Not within a Kinesis record: an object has all that have the same number.
    if (waiting.size >= maxWaiting) tally.add(await writeAll(waiting.take(), shard, deps));
  }
  tally.add(await writeAll(waiting.take(), shard, deps));

  const { recordsIn, landed, quarantined, repeated, failed, objects, failure } = tally;
  if (landed + quarantined + repeated + failed !== recordsIn)
    throw new Error(`Of ${recordsIn} records of ${shard.shardId} not all are accounted for.`);
  return {
    ...shard,
    first: first.kinesis.sequenceNumber,
    last: last.kinesis.sequenceNumber,
    recordsIn,
    landed,
    quarantined,
    repeated,
    failed,
    objects,
    failure: failure && { sequenceNumber: failure.sequenceNumber, errorName: causeOf(failure.error) },
  };
};

interface WrittenGroup extends WrittenRecords {
  readonly zone: LinesOfDestination['zone'];
}

const writeAll = async (
  groups: readonly LinesOfDestination[],
  shard: Shard,
  deps: IngestRecordsDeps,
): Promise<readonly WrittenGroup[]> => {
  const objects = tellingStoreErrors(deps.objects);
  const options = { leaveOutLanded: deps.parallelizationFactor === 1 };
  const written = await Promise.allSettled(
    groups.map(async (group) => ({
      zone: group.zone,
      ...(await writeRecords(group.lines, destinationOf(group, shard, deps), objects, options)),
    })),
  );
  // Nothing is under way any more when a fault of ours is thrown.
  return written.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
};

class Tally {
  recordsIn = 0;
  landed = 0;
  quarantined = 0;
  repeated = 0;
  failed = 0;
  objects = 0;
  failure: WrittenRecords['failure'] = null;

  add(groups: readonly WrittenGroup[]): void {
    for (const { zone, stored, repeated, failed, objects, failure } of groups) {
      if (zone === 'raw') this.landed += stored;
      else this.quarantined += stored;
      this.repeated += repeated;
      this.failed += failed;
      this.objects += objects;
      if (failure && (!this.failure || bySequence(failure.sequenceNumber, this.failure.sequenceNumber) < 0))
        this.failure = failure;
    }
  }
}

const bySequence = (a: string, b: string): number => {
  const [one, other] = [BigInt(a), BigInt(b)];
  return one < other ? -1 : one > other ? 1 : 0;
};

/** The name alone: a store's message has keys, and maybe more. */
const causeOf = ({ cause }: StoreError): string => (cause instanceof Error ? cause.name : 'StoreError');
