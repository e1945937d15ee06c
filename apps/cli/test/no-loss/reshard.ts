import {
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { streamIsActive } from '@sluice/local-event-sources/kinesis';
import { chanceOf } from '../crash-rounds/chance.ts';

const MOST_OPEN = 12;
const keyOf = (text: string | undefined): bigint => BigInt(text ?? '0');

/** Splits an open shard in the middle, or merges two that lie side by side. Gives what it did. */
export const reshard = async (
  client: KinesisClient,
  StreamName: string,
  seed: number,
  nth: number,
): Promise<'split' | 'merged'> => {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
  const open = Shards.filter(
    ({ SequenceNumberRange: range }) => range?.EndingSequenceNumber === undefined,
  ).sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
  const at = Math.floor(chanceOf(seed, 'shard', nth) * (open.length - 1));
  const [one, next] = [open[at], open[at + 1]];
  const merges = open.length > 1 && (open.length >= MOST_OPEN || chanceOf(seed, 'merge', nth) < 0.4);
  if (merges && one && next) {
    await client.send(
      new MergeShardsCommand({ StreamName, ShardToMerge: one.ShardId, AdjacentShardToMerge: next.ShardId }),
    );
  } else if (one) {
    const { StartingHashKey, EndingHashKey } = one.HashKeyRange ?? {};
    const middle = (keyOf(StartingHashKey) + keyOf(EndingHashKey)) / 2n;
    await client.send(
      new SplitShardCommand({ StreamName, ShardToSplit: one.ShardId, NewStartingHashKey: String(middle) }),
    );
  }
  await streamIsActive(client, StreamName);
  return merges ? 'merged' : 'split';
};

const startOf = ({ HashKeyRange: range }: Shard): bigint => keyOf(range?.StartingHashKey);
