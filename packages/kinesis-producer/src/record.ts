/** What goes into a stream. */
export interface ProducerRecord {
  readonly data: Uint8Array;
  /** 1 to 256 characters; its MD5 leads to a shard, unless there is an `explicitHashKey`. */
  readonly partitionKey: string;
  /** A decimal number below 2¹²⁸ that leads to a shard. */
  readonly explicitHashKey?: string;
}

/**
 * `too_large`: data and partition key exceed the stream's record size. `invalid_partition_key`,
 * `invalid_explicit_hash_key`: not what Kinesis takes. `closed`: the producer is closed.
 */
export type RefusalReason = 'too_large' | 'invalid_partition_key' | 'invalid_explicit_hash_key' | 'closed';

/**
 * What became of a record. `sent`: Kinesis has it; records of one aggregate share their sequence number. `refused`: it
 * was never sent. `failed`: given up on; after a timeout or an abort it may be in the stream all the same. `errorCode`
 * is the last one of Kinesis or the network, `Expired` if the record's age ran out unsent, or `Aborted`.
 */
export type RecordResult =
  | {
      readonly outcome: 'sent';
      readonly shardId: string;
      readonly sequenceNumber: string;
      readonly attempts: number;
    }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason }
  | { readonly outcome: 'failed'; readonly errorCode: string; readonly attempts: number };

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html
const maxPartitionKeyLength = 256;
const hashKeyPattern = /^(?:0|[1-9]\d{0,38})$/;
const hashKeyEnd = 1n << 128n;

/** Bytes as Kinesis counts them: the data and the partition key in UTF-8. */
export function recordBytes({ data, partitionKey }: ProducerRecord): number {
  return data.length + Buffer.byteLength(partitionKey);
}

/** Why Kinesis would not take it, and with it the whole request that it is in. */
export function refusalOf(
  record: ProducerRecord,
  bytes: number,
  maxBytes: number,
): RefusalReason | undefined {
  const { partitionKey, explicitHashKey } = record;
  if (bytes > maxBytes) return 'too_large';
  if (partitionKey === '' || partitionKey.length > maxPartitionKeyLength || !partitionKey.isWellFormed()) {
    return 'invalid_partition_key';
  }
  if (explicitHashKey === undefined) return undefined;
  const valid = hashKeyPattern.test(explicitHashKey) && BigInt(explicitHashKey) < hashKeyEnd;
  return valid ? undefined : 'invalid_explicit_hash_key';
}
