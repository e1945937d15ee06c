import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { KinesisClient, type PutRecordsInput, type Shard } from '@aws-sdk/client-kinesis';

export interface DryShard {
  readonly shardId: string;
  records: number;
  bytes: number;
}

export interface DryStream {
  /** Takes every record, and sends none anywhere. */
  readonly client: KinesisClient;
  /** Requests taken so far, and what they held for each shard. */
  readonly requests: () => number;
  readonly shards: readonly DryShard[];
}

const HASH_KEYS = 1n << 128n;
// Of an answer that takes no time, no record would wait for others to fill a request with.
const ANSWER_MS = 20;

/** A stream of so many shards of equal width that is not there: what the producer would do is seen without doing it. */
export const dryStream = (openShards: number): DryStream => {
  const width = HASH_KEYS / BigInt(openShards);
  const shards = Array.from({ length: openShards }, (_, at): DryShard => {
    return { shardId: `shardId-${String(at).padStart(12, '0')}`, records: 0, bytes: 0 };
  });
  const listed = shards.map(({ shardId }, at): Shard => {
    const start = BigInt(at) * width;
    const end = at === openShards - 1 ? HASH_KEYS - 1n : start + width - 1n;
    return {
      ShardId: shardId,
      HashKeyRange: { StartingHashKey: String(start), EndingHashKey: String(end) },
      SequenceNumberRange: { StartingSequenceNumber: '0' },
    };
  });
  const shardOf = (hashKey: bigint): DryShard | undefined => {
    const at = Number(hashKey / width);
    return shards[Math.min(at, openShards - 1)];
  };
  let requests = 0;
  const put = async ({ Records = [] }: PutRecordsInput) => {
    requests += 1;
    const answers = Records.map(({ Data, PartitionKey = '', ExplicitHashKey }) => {
      const shard = shardOf(BigInt(ExplicitHashKey ?? `0x${hash('md5', PartitionKey)}`));
      if (shard) {
        shard.records += 1;
        shard.bytes += (Data?.length ?? 0) + Buffer.byteLength(PartitionKey);
      }
      return { ShardId: shard?.shardId, SequenceNumber: '0' };
    });
    await delay(ANSWER_MS);
    return { FailedRecordCount: 0, Records: answers };
  };
  const client = new KinesisClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  });
  // Before the step that would write the request: nothing gets as far as a socket.
  client.middlewareStack.add(
    (_next, { commandName }) =>
      async ({ input }) => ({
        // Commands are told apart by their names, and only these two reach a stream through the producer.
        output: {
          $metadata: {},
          ...(commandName === 'PutRecordsCommand' ? await put(input as PutRecordsInput) : { Shards: listed }),
        },
        response: {},
      }),
    { step: 'initialize', name: 'dryStream', priority: 'high' },
  );
  return { client, requests: () => requests, shards };
};
