import {
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { kinesisClient } from '@sluice/kinesis-producer';
import type { KinesisEvent } from '../../src/kinesis/index.ts';
import { createStream, startKinesis, streamIsActive } from '../../src/kinesis/index.ts';

export interface LocalStream {
  readonly name: string;
  readonly refuseRecords: () => void;
  readonly client: KinesisClient;
  /** Puts the numbers from..to-1, number n under the key n modulo 20. */
  readonly put: (from: number, to: number) => Promise<void>;
  /** Puts `count` records of so many bytes. */
  readonly putBytes: (count: number, bytes: number) => Promise<void>;
  readonly split: (shardId: string) => Promise<void>;
  readonly merge: (shardId: string, other: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function localStream(shardCount = 1): Promise<LocalStream> {
  const kinesis = await startKinesis();
  const client = kinesisClient({
    endpoint: kinesis.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  const name = 'orders';
  await createStream(client, name, shardCount);
  return {
    name,
    refuseRecords: kinesis.refuseRecords,
    client,
    put: async (from, to) => {
      for (let begin = from; begin < to; begin += 500) {
        const length = Math.min(500, to - begin);
        const Records = Array.from({ length }, (_, index) => ({
          Data: Buffer.from(`${begin + index}`),
          PartitionKey: `key-${(begin + index) % 20}`,
        }));
        const { FailedRecordCount } = await client.send(new PutRecordsCommand({ StreamName: name, Records }));
        if (FailedRecordCount !== 0) throw new Error(`${FailedRecordCount} records were not put`);
      }
    },
    putBytes: async (count, bytes) => {
      const Records = Array.from({ length: count }, () => ({
        Data: Buffer.alloc(bytes),
        PartitionKey: 'key',
      }));
      await client.send(new PutRecordsCommand({ StreamName: name, Records }));
    },
    split: async (shardId) => {
      const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: name }));
      const range = Shards.find((shard) => shard.ShardId === shardId)?.HashKeyRange;
      const middle = (BigInt(range?.StartingHashKey ?? 0) + BigInt(range?.EndingHashKey ?? 0)) / 2n;
      await client.send(
        new SplitShardCommand({ StreamName: name, ShardToSplit: shardId, NewStartingHashKey: `${middle}` }),
      );
      await streamIsActive(client, name);
    },
    merge: async (shardId, other) => {
      await client.send(
        new MergeShardsCommand({ StreamName: name, ShardToMerge: shardId, AdjacentShardToMerge: other }),
      );
      await streamIsActive(client, name);
    },
    close: async () => {
      client.destroy();
      await kinesis.close();
    },
  };
}

/** The numbers that `put` put, of an event. */
export const numbersIn = (event: KinesisEvent): number[] =>
  event.Records.map(({ kinesis }) => Number(Buffer.from(kinesis.data, 'base64').toString()));

export const to = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** Whether the numbers of each partition key rise, as they were put. */
export function inOrderByKey(values: readonly number[]): boolean {
  const last = new Map<number, number>();
  return values.every((value) => {
    const rises = value > (last.get(value % 20) ?? -1);
    last.set(value % 20, value);
    return rises;
  });
}
