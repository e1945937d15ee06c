import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { createSaver, type ShardPosition } from './checkpoints.ts';
import { listShards } from './list-shards.ts';
import { createMappedShards } from './mapped-shards.ts';
import { type EventSourceMappingOptions, mappingNumbers, retryPolicy } from './mapping-options.ts';
import { createMappingState } from './mapping-state.ts';
import { createDelivery } from './shard-delivery.ts';
import { startShardPoller } from './shard-poller.ts';
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
  const state = createMappingState((error) => observe({ kind: 'failed', error }));
  const saver = createSaver(
    async () => checkpoints?.save({ ...stream, shards: Object.fromEntries(positions) }),
    (error) => observe({ kind: 'checkpointFailed', error }),
  );
  const shards = createMappedShards({
    positions,
    newShardsFrom: known ? 0 : startingMoment(options.startingPosition),
    list: () => listShards(client, streamName),
    state,
    touch: saver.touch,
    start: ({ shardId, position, isClosed, onProgress }) => {
      const source = { streamArn: stream.streamArn, shardId };
      observe({ kind: 'shardStarted', shardId });
      const poller = startShardPoller({
        source,
        position,
        isClosed,
        read: createShardReader({ client, streamName, shardId, position, isClosed }).read,
        deliver: createDelivery({ source, mapped, policy, onFailure, observe, wait: state.wait }),
        lanes,
        batchSize,
        batchWindowMs,
        pollIntervalMs,
        observe,
        state,
        onProgress,
      });
      poller.done.then((ended) => ended && observe({ kind: 'shardEnded', shardId }), state.fail);
      return poller;
    },
  });

  const keepRefreshing = async () => {
    while (!state.stopping()) {
      const until = performance.now() + pollIntervalMs;
      while (!state.stopping() && state.asked() === shards.listedFor() && performance.now() < until) {
        await state.bell.wait(until - performance.now());
      }
      if (state.stopping()) return;
      try {
        await shards.refresh();
      } catch (error) {
        if (!passes(error)) throw error;
        observe({ kind: 'listFailed', error });
        await state.wait(pollIntervalMs);
      }
    }
  };

  await shards.refresh();
  const refreshing = keepRefreshing().catch(state.fail);

  return {
    caughtUp: async () => {
      const asking = state.ask();
      for (;;) {
        const failure = state.failure();
        if (failure) throw failure.error;
        if (shards.caughtUp(asking)) return;
        if (state.stopping()) throw new Error('the event source mapping is stopped');
        await state.bell.wait();
      }
    },
    stop: async () => {
      state.stop();
      await refreshing;
      await shards.stopped();
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
