import { type KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';

export interface ListedShard {
  readonly shardId: string;
  readonly parents: readonly string[];
  readonly closed: boolean;
}

/** All shards of a stream that still have records, open and closed. Errors: the SDK's. */
export async function listShards(client: KinesisClient, streamName: string): Promise<ListedShard[]> {
  const shards: ListedShard[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListShardsCommand(token === undefined ? { StreamName: streamName } : { NextToken: token }),
    );
    for (const { ShardId, ParentShardId, AdjacentParentShardId, SequenceNumberRange } of page.Shards ?? []) {
      if (ShardId === undefined) continue;
      shards.push({
        shardId: ShardId,
        parents: [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined && id !== null),
        closed: typeof SequenceNumberRange?.EndingSequenceNumber === 'string',
      });
    }
    token = page.NextToken;
  } while (token !== undefined);
  return shards;
}
