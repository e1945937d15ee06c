import {
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type KinesisClient,
} from '@aws-sdk/client-kinesis';
import type { ShardPosition } from './checkpoints.ts';
import type { StreamRecord } from './stream-record.ts';

export interface ShardRead {
  readonly records: readonly StreamRecord[];
  /** Nothing was behind these when they were read. */
  readonly atTip: boolean;
  /** The shard is closed, and these are its last. */
  readonly ended: boolean;
}

interface ShardToRead {
  readonly client: KinesisClient;
  readonly streamName: string;
  readonly shardId: string;
  readonly position: Exclude<ShardPosition, { ended: true }>;
  /** No more records will come, as far as is known. */
  readonly isClosed: () => boolean;
}

// Of one answer. Kinesis gives at most 10 MB and 10,000 records; kinesalite counts records only.
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
const answerBytes = 10 * 1024 * 1024;
const answerRecords = 10_000;
const firstLimit = 100;

// Iterators live for five minutes.
const iteratorAgeMs = 240_000;

/**
 * Reads a shard from a position on, each record once, in order. Errors: the SDK's; after one that passes, read again.
 */
export function createShardReader({ client, streamName, shardId, position, isClosed }: ShardToRead) {
  const since = 'since' in position ? position.since : 0;
  let last = 'after' in position ? position.after : undefined;
  let iterator: { readonly token: string; readonly at: number } | undefined;
  let limit = firstLimit;

  // No AT_TIMESTAMP: kinesalite never answers if no record is that young.
  const newIterator = async () => {
    const { ShardIterator: token } = await client.send(
      new GetShardIteratorCommand({
        StreamName: streamName,
        ShardId: shardId,
        ...(last === undefined
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: last }),
      }),
    );
    if (token === undefined) throw new Error(`GetShardIterator gave no iterator for ${shardId}`);
    return { token, at: Date.now() };
  };

  /** The iterator after an answer; null at the end of the shard. */
  const following = (answer: GetRecordsCommandOutput, current: { token: string; at: number }) => {
    if (answer.NextShardIterator === undefined || answer.NextShardIterator === null) return null;
    // While a shard has had no record, kinesalite's next iterator can pass over the first one that is being written.
    const fresh = last === undefined && answer.MillisBehindLatest === 0 && !isClosed();
    return fresh && Date.now() - current.at < iteratorAgeMs
      ? current
      : { token: answer.NextShardIterator, at: Date.now() };
  };

  return {
    read: async (): Promise<ShardRead> => {
      iterator ??= await newIterator();
      const asked = limit;
      let answer: GetRecordsCommandOutput;
      try {
        answer = await client.send(new GetRecordsCommand({ ShardIterator: iterator.token, Limit: asked }));
      } catch (error) {
        if (!(error instanceof Error && error.name === 'ExpiredIteratorException')) throw error;
        iterator = undefined;
        return { records: [], atTip: false, ended: false };
      }

      const records = (answer.Records ?? []).map(streamRecord);
      last = records.at(-1)?.sequenceNumber ?? last;
      limit = nextLimit(records, limit);
      const next = following(answer, iterator);
      iterator = next ?? iterator;
      return {
        records: records.filter(({ arrivedAt }) => arrivedAt >= since),
        // kinesalite is always 0 behind, but gives fewer records than asked for only when it has no more.
        atTip: (answer.MillisBehindLatest ?? 0) === 0 && records.length < asked,
        ended: next === null,
      };
    },
  };
}

function nextLimit(records: readonly StreamRecord[], limit: number): number {
  if (records.length === 0) return limit;
  const bytes = records.reduce((sum, { data }) => sum + data.length, 0) / records.length;
  return Math.max(1, Math.min(answerRecords, limit * 10, Math.floor(answerBytes / Math.max(bytes, 1))));
}

function streamRecord({
  SequenceNumber,
  PartitionKey,
  Data,
  ApproximateArrivalTimestamp,
}: NonNullable<GetRecordsCommandOutput['Records']>[number]): StreamRecord {
  if (SequenceNumber === undefined || PartitionKey === undefined || Data === undefined) {
    throw new Error('GetRecords gave a record without sequence number, partition key or data');
  }
  return {
    sequenceNumber: SequenceNumber,
    partitionKey: PartitionKey,
    data: Buffer.from(Data.buffer, Data.byteOffset, Data.byteLength).toString('base64'),
    arrivedAt: ApproximateArrivalTimestamp?.getTime() ?? Date.now(),
  };
}

/** Whether reading again can help: throttles, faults of the service, the network. */
export function passes(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (!('$fault' in error) || error.$fault !== 'client') return true;
  return /Throttl|ThroughputExceeded|LimitExceeded|TooManyRequests|RequestTimeout/.test(error.name);
}
