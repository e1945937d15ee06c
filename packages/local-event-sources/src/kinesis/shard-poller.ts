import { createHash } from 'node:crypto';
import { type BatchBuffer, createBatchBuffer, payloadBytes } from './batch-buffer.ts';
import type { ShardPosition } from './checkpoints.ts';
import type { MappingState } from './mapping-state.ts';
import type { Observe } from './observation.ts';
import type { createDelivery } from './shard-delivery.ts';
import { passes, type ShardRead } from './shard-reader.ts';
import { eventBytes, type ShardSource, type StreamRecord } from './stream-record.ts';
import { createWatermark } from './watermark.ts';

interface PollerParts {
  readonly source: ShardSource;
  readonly position: Exclude<ShardPosition, { ended: true }>;
  readonly read: () => Promise<ShardRead>;
  /** No more records will come, as far as is known. */
  readonly isClosed: () => boolean;
  readonly deliver: ReturnType<typeof createDelivery>;
  readonly lanes: number;
  readonly batchSize: number;
  readonly batchWindowMs: number;
  readonly pollIntervalMs: number;
  readonly observe: Observe;
  readonly state: MappingState;
  /** Something is settled, or the tip is reached. */
  readonly onProgress: () => void;
}

export interface ShardPoller {
  /** True: the shard is read to its end and all is settled; false: stopped before. Errors: those of reading. */
  readonly done: Promise<boolean>;
  readonly position: () => ShardPosition;
  /** The last `state.asked()` for which everything that was in the shard is settled. */
  readonly tip: () => number;
}

const maxReadBackoffMs = 2_000;

// kinesalite tells the end of a closed shard up to a second after its last record was read.
const closedPollMs = 20;

/** Reads a shard ahead of its deliveries, at most two batches a lane, and delivers each lane's batches one by one. */
export function startShardPoller(parts: PollerParts): ShardPoller {
  const { source, position, read, deliver, lanes, batchSize, pollIntervalMs, observe, state, onProgress } =
    parts;
  const watermark = createWatermark('after' in position ? position.after : undefined);
  const buffers = Array.from({ length: lanes }, () =>
    createBatchBuffer({
      batchSize,
      batchWindowMs: parts.batchWindowMs,
      bytesOf: (record) => eventBytes(record, source),
      state,
    }),
  );
  let ended = false;
  let tip = 0;

  const settled = (records: readonly StreamRecord[]) => {
    for (const { sequenceNumber } of records) watermark.settle(sequenceNumber);
    onProgress();
  };

  const runLane = async (buffer: BatchBuffer) => {
    for (let batch = await buffer.next(); batch !== null; batch = await buffer.next()) {
      await deliver(batch, settled);
    }
  };

  const hasRoom = () => {
    const held = buffers.map((buffer) => buffer.held());
    return (
      held.reduce((sum, { records }) => sum + records, 0) < 2 * batchSize * lanes &&
      held.reduce((sum, { bytes }) => sum + bytes, 0) < 2 * payloadBytes * lanes
    );
  };

  const distribute = (records: readonly StreamRecord[]) => {
    const shares: StreamRecord[][] = buffers.map(() => []);
    for (const record of records) {
      watermark.read(record.sequenceNumber);
      shares[laneOf(record.partitionKey, lanes)]?.push(record);
    }
    shares.forEach((share, lane) => {
      if (share.length > 0) buffers[lane]?.add(share);
    });
  };

  const readAll = async () => {
    let failures = 0;
    while (!state.stopping()) {
      if (!hasRoom()) {
        await state.bell.wait();
        continue;
      }
      const asking = state.asked();
      try {
        const { records, atTip, ended: closed } = await read();
        failures = 0;
        distribute(records);
        if (closed) return true;
        if (!atTip) continue;
        tip = asking;
        onProgress();
        await idle(asking);
      } catch (error) {
        if (!passes(error)) throw error;
        observe({ kind: 'readFailed', shardId: source.shardId, error });
        failures += 1;
        await state.wait(Math.min(maxReadBackoffMs, 50 * 2 ** failures));
      }
    }
    return false;
  };

  const idle = async (answered: number) => {
    const since = performance.now();
    const left = () => since + (parts.isClosed() ? closedPollMs : pollIntervalMs) - performance.now();
    while (!state.stopping() && state.asked() === answered && left() > 0) await state.bell.wait(left());
  };

  const run = async (): Promise<boolean> => {
    const running = Promise.all(buffers.map(runLane));
    running.catch(state.fail);
    let closed = false;
    try {
      closed = await readAll();
    } catch (error) {
      state.fail(error);
      throw error;
    } finally {
      for (const buffer of buffers) buffer.finish();
      await running;
    }
    ended = closed && watermark.unsettled() === 0;
    return ended;
  };

  return {
    done: run(),
    position: () => {
      if (ended) return { ended: true };
      const after = watermark.value();
      return after === undefined ? position : { after };
    },
    tip: () => (watermark.unsettled() === 0 ? tip : 0),
  };
}

/** Records of one partition key share a lane, in order. */
function laneOf(partitionKey: string, lanes: number): number {
  return lanes === 1 ? 0 : createHash('md5').update(partitionKey).digest().readUInt32BE(0) % lanes;
}
