import {
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsResultEntry,
} from '@aws-sdk/client-kinesis';
import type { Entry } from './pending.ts';
import type { OpenShard } from './shard-map.ts';

/** What the producer needs of a stream. Both throw if the request fails as a whole. */
export interface Stream {
  /** A result per entry, in their order. */
  putRecords(entries: readonly Entry[], signal?: AbortSignal): Promise<readonly PutRecordsResultEntry[]>;
  listShards(signal?: AbortSignal): Promise<OpenShard[]>;
}

export function kinesisStream(client: KinesisClient, streamName: string): Stream {
  return {
    async putRecords(entries, signal) {
      const Records = entries.map(({ data, first: { record } }) => {
        const { partitionKey: PartitionKey, explicitHashKey: ExplicitHashKey } = record;
        return ExplicitHashKey === undefined
          ? { Data: data, PartitionKey }
          : { Data: data, PartitionKey, ExplicitHashKey };
      });
      const command = new PutRecordsCommand({ StreamName: streamName, Records });
      const answer = await (signal ? client.send(command, { abortSignal: signal }) : client.send(command));
      return answer.Records ?? [];
    },
    async listShards(signal) {
      const shards: OpenShard[] = [];
      let token: string | undefined;
      do {
        const page: { StreamName: string } | { NextToken: string } = token
          ? { NextToken: token }
          : { StreamName: streamName };
        const answer = await client.send(new ListShardsCommand(page), signal ? { abortSignal: signal } : {});
        for (const { ShardId, HashKeyRange, SequenceNumberRange } of answer.Shards ?? []) {
          if (SequenceNumberRange?.EndingSequenceNumber !== undefined) continue;
          if (ShardId === undefined || HashKeyRange?.StartingHashKey === undefined) continue;
          shards.push({ shardId: ShardId, startingHashKey: BigInt(HashKeyRange.StartingHashKey) });
        }
        token = answer.NextToken;
      } while (token);
      return shards;
    },
  };
}
