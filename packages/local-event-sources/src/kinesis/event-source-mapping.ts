import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { createSaver, type ShardPosition } from './checkpoints.ts';
import { type ListedShard, listShards } from './list-shards.ts';
import { type EventSourceMappingOptions, mappingNumbers, retryPolicy } from './mapping-options.ts';
import { createMappingState } from './mapping-state.ts';
import { createDelivery } from './shard-delivery.ts';
import { type ShardPoller, startShardPoller } from './shard-poller.ts';
import { createShardReader, passes } from './shard-reader.ts';

export interface EventSourceMapping {
  /**
   * Resolves when everything that was in the stream when it was called has succeeded or is discarded. Asks for reads
   * at once, but waits for batch windows and retries. Errors: the mapping is stopped, or failed for good.
   */
  readonly caughtUp: () => Promise<void>;
  /** Ends after the invocations under way and saves the positions. Errors: those of that save. */
  readonly stop: () => Promise<void>;
}

interface MappedShard {
  listed: ListedShard;
  poller?: ShardPoller;
}

/**
 * Calls a handler with the records of a stream as Lambda's event source mapping for Kinesis does.
 * Errors: the SDK's, if the stream is not there; RangeError for an option out of range.
 */
export async function startEventSourceMapping(
  options: EventSourceMappingOptions,
): Promise<EventSourceMapping> {
  const { client, streamName, checkpoints, onFailure, observe = () => {} } = options;
  const { lanes, batchSize, batchWindowMs, timeoutMs, pollIntervalMs } = mappingNumbers(options);
  const policy = retryPolicy(options);
  const stream = await describeStream(client, streamName);
  const mapped = {
    handler: options.handler,
    ...functionNames(stream.streamArn, options.functionName ?? 'function'),
    timeoutMs,
    reportBatchItemFailures: options.reportBatchItemFailures ?? true,
  };

  const loaded = (await checkpoints?.load()) ?? null;
  const known = loaded?.streamArn === stream.streamArn && loaded.streamCreatedAt === stream.streamCreatedAt;
  const positions = new Map<string, ShardPosition>(known ? Object.entries(loaded.shards) : []);
  const newShardsFrom = known ? 0 : startingMoment(options.startingPosition);

  const state = createMappingState((error) => observe({ kind: 'failed', error }));
  const shards = new Map<string, MappedShard>();
  let listAnswers = 0;

  const saver = createSaver(
    async () => checkpoints?.save({ ...stream, shards: Object.fromEntries(positions) }),
    (error) => observe({ kind: 'checkpointFailed', error }),
  );
  const onProgress = (shardId: string) => {
    const position = shards.get(shardId)?.poller?.position();
    if (position !== undefined) positions.set(shardId, position);
    saver.touch();
    state.bell.ring();
  };
  const isEnded = (shardId: string) => {
    const position = positions.get(shardId);
    return position !== undefined && 'ended' in position;
  };

  const start = (shard: MappedShard, position: Exclude<ShardPosition, { ended: true }>) => {
    const { shardId } = shard.listed;
    const source = { streamArn: stream.streamArn, shardId };
    const isClosed = () => shard.listed.closed;
    const reader = createShardReader({ client, streamName, shardId, position, isClosed });
    observe({ kind: 'shardStarted', shardId });
    shard.poller = startShardPoller({
      source,
      position,
      read: reader.read,
      isClosed,
      deliver: createDelivery({ source, mapped, policy, onFailure, observe, wait: state.wait }),
      lanes,
      batchSize,
      batchWindowMs,
      pollIntervalMs,
      observe,
      state,
      onProgress: () => onProgress(shardId),
    });
    shard.poller.done.then((ended) => {
      onProgress(shardId);
      if (ended) observe({ kind: 'shardEnded', shardId });
      if (ended) startThoseReady();
    }, state.fail);
  };

  const startThoseReady = () => {
    for (const shard of shards.values()) {
      const { shardId, parents } = shard.listed;
      const position = positions.get(shardId);
      const ready = parents.every((parent) => isEnded(parent) || !shards.has(parent));
      if (state.stopping() || shard.poller || !ready || position === undefined || 'ended' in position)
        continue;
      start(shard, position);
    }
  };

  const refresh = async () => {
    const asking = state.asked();
    const listed = await listShards(client, streamName);
    for (const item of listed) {
      const shard = shards.get(item.shardId);
      if (shard) shard.listed = item;
      else shards.set(item.shardId, { listed: item });
      if (!positions.has(item.shardId)) positions.set(item.shardId, { since: newShardsFrom });
    }
    for (const shardId of positions.keys()) {
      const gone = !listed.some((item) => item.shardId === shardId);
      if (gone && !shards.get(shardId)?.poller) positions.delete(shardId);
    }
    saver.touch();
    startThoseReady();
    listAnswers = asking;
    state.bell.ring();
  };

  const keepRefreshing = async () => {
    while (!state.stopping()) {
      const until = performance.now() + pollIntervalMs;
      while (!state.stopping() && state.asked() === listAnswers && performance.now() < until) {
        await state.bell.wait(until - performance.now());
      }
      if (state.stopping()) return;
      try {
        await refresh();
      } catch (error) {
        if (!passes(error)) throw error;
        observe({ kind: 'listFailed', error });
        await state.wait(pollIntervalMs);
      }
    }
  };

  const isCaughtUp = (asking: number) =>
    listAnswers >= asking &&
    [...shards].every(([shardId, { poller }]) => isEnded(shardId) || (poller?.tip() ?? 0) >= asking);

  await refresh();
  const refreshing = keepRefreshing().catch(state.fail);

  return {
    caughtUp: async () => {
      const asking = state.ask();
      for (;;) {
        const failure = state.failure();
        if (failure) throw failure.error;
        if (isCaughtUp(asking)) return;
        if (state.stopping()) throw new Error('the event source mapping is stopped');
        await state.bell.wait();
      }
    },
    stop: async () => {
      state.stop();
      await refreshing;
      await Promise.allSettled([...shards.values()].map(({ poller }) => poller?.done));
      await saver.finish();
    },
  };
}

async function describeStream(client: KinesisClient, streamName: string) {
  const { StreamDescriptionSummary: stream } = await client.send(
    new DescribeStreamSummaryCommand({ StreamName: streamName }),
  );
  if (stream?.StreamARN === undefined || stream.StreamCreationTimestamp === undefined) {
    throw new Error(`DescribeStreamSummary gave no ARN and creation time for ${streamName}`);
  }
  return { streamArn: stream.StreamARN, streamCreatedAt: stream.StreamCreationTimestamp.toISOString() };
}

function functionNames(streamArn: string, functionName: string) {
  const [, partition, , region, account] = streamArn.split(':');
  return {
    functionName,
    functionArn: `arn:${partition}:lambda:${region}:${account}:function:${functionName}`,
  };
}

/** Milliseconds since 1970 from which records are delivered. */
function startingMoment(position: EventSourceMappingOptions['startingPosition'] = 'TRIM_HORIZON'): number {
  if (position === 'TRIM_HORIZON') return 0;
  return position === 'LATEST' ? Date.now() : position.atTimestamp.getTime();
}
