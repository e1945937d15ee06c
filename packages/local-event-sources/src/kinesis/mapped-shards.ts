import type { ShardPosition } from './checkpoints.ts';
import type { ListedShard } from './list-shards.ts';
import type { MappingState } from './mapping-state.ts';
import type { ShardPoller } from './shard-poller.ts';

interface ShardsParts {
  /** Of all shards; kept current here. */
  readonly positions: Map<string, ShardPosition>;
  /** Where shards without a position begin, in milliseconds since 1970. */
  readonly newShardsFrom: number;
  readonly list: () => Promise<readonly ListedShard[]>;
  readonly start: (shard: {
    readonly shardId: string;
    readonly position: Exclude<ShardPosition, { ended: true }>;
    readonly isClosed: () => boolean;
    readonly onProgress: () => void;
  }) => ShardPoller;
  readonly state: MappingState;
  /** The positions have changed. */
  readonly touch: () => void;
}

interface MappedShard {
  listed: ListedShard;
  poller?: ShardPoller;
}

/** The shards of a stream as they come and go: each is read when its parents are done. */
export function createMappedShards({ positions, newShardsFrom, list, start, state, touch }: ShardsParts) {
  const shards = new Map<string, MappedShard>();
  let listedFor = 0;

  const isEnded = (shardId: string) => {
    const position = positions.get(shardId);
    return position !== undefined && 'ended' in position;
  };

  const onProgress = (shardId: string) => {
    const position = shards.get(shardId)?.poller?.position();
    if (position !== undefined) positions.set(shardId, position);
    touch();
    state.bell.ring();
  };

  const startThoseReady = () => {
    if (state.stopping()) return;
    for (const shard of shards.values()) {
      const { shardId, parents } = shard.listed;
      const position = positions.get(shardId);
      if (shard.poller || position === undefined || 'ended' in position) continue;
      // A parent that is listed no more has no records left.
      if (!parents.every((parent) => isEnded(parent) || !shards.has(parent))) continue;

      shard.poller = start({
        shardId,
        position,
        isClosed: () => shard.listed.closed,
        onProgress: () => onProgress(shardId),
      });
      shard.poller.done.then(() => {
        onProgress(shardId);
        startThoseReady();
      }, state.fail);
    }
  };

  return {
    /** Looks for new shards, and starts those that are ready. Errors: those of `list`. */
    refresh: async () => {
      const asking = state.asked();
      const listed = await list();
      for (const item of listed) {
        const shard = shards.get(item.shardId);
        if (shard) shard.listed = item;
        else shards.set(item.shardId, { listed: item });
        if (!positions.has(item.shardId)) positions.set(item.shardId, { since: newShardsFrom });
      }
      const still = new Set(listed.map(({ shardId }) => shardId));
      for (const shardId of positions.keys()) {
        if (!still.has(shardId) && !shards.get(shardId)?.poller) positions.delete(shardId);
      }
      touch();
      startThoseReady();
      listedFor = asking;
      state.bell.ring();
    },
    /** The `state.asked()` that the last list answers. */
    listedFor: () => listedFor,
    caughtUp: (asking: number): boolean =>
      listedFor >= asking &&
      [...shards].every(([shardId, { poller }]) => isEnded(shardId) || (poller?.tip() ?? 0) >= asking),
    stopped: async () => {
      await Promise.allSettled([...shards.values()].map(({ poller }) => poller?.done));
    },
  };
}
