import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { datasets } from '@sluice/datasets';
import { ingestRecords } from '@sluice/ingest-stream/ingest-records';
import type { ObjectStore } from '@sluice/lake-storage';
import {
  type Checkpoints,
  type EventSourceMapping,
  type EventSourceMappingOptions,
  startEventSourceMapping,
} from '@sluice/local-event-sources/kinesis';
import { type KinesisEvent, kinesisEvent } from '@sluice/step-contracts';
import { chanceOf } from '../crash-rounds/chance.ts';
import type { FaultCounts } from './faulty-kinesis.ts';

interface ConsumerPlan {
  readonly seed: number;
  readonly orders: number;
  readonly client: KinesisClient;
  readonly streamName: string;
  readonly store: ObjectStore;
  readonly faults: FaultCounts;
}

export interface FaultyConsumer {
  /** Stops the mapping and goes on from positions that it had saved some time before. */
  readonly crash: () => Promise<void>;
  /** Until everything in the stream is handled or given up. */
  readonly caughtUp: () => Promise<void>;
  /** Reads what was given up once more, as its runbook says, and stops. */
  readonly finish: () => Promise<void>;
}

/** An event source mapping whose function fails, dies and is called twice, over a store that fails. */
export const startFaultyConsumer = async (plan: ConsumerPlan): Promise<FaultyConsumer> => {
  const { seed, orders, client, streamName, store, faults } = plan;
  const done = (name: string): void => void faults.set(name, (faults.get(name) ?? 0) + 1);
  let invocations = 0;
  let puts = 0;
  let letters = 0;
  /** Of each shard the last batches, to be delivered once more; never beside another one of theirs, as Lambda does not. */
  const past = new Map<string, KinesisEvent[]>();

  const depsOver = (objects: Pick<ObjectStore, 'keys' | 'read' | 'put'>) => ({
    findDataset: (name: string) => datasets.get(name),
    datasetBy: { field: '_dataset' },
    objects,
    rawBucket: 'raw',
    curatedBucket: 'curated',
    parallelizationFactor: 1,
  });
  const faultyStore: Pick<ObjectStore, 'keys' | 'read' | 'put'> = {
    keys: (...args) => store.keys(...args),
    read: (...args) => store.read(...args),
    put: async (...args) => {
      const chance = chanceOf(seed, 's3', puts++);
      if (chance < 0.06) {
        done('S3 put failed');
        throw new Error('S3 is down on purpose');
      }
      const result = await store.put(...args);
      if (chance < 0.1) {
        done('S3 put gave no answer');
        throw new Error('the answer of S3 got lost on purpose');
      }
      return result;
    },
  };

  const redeliver = async (events: readonly KinesisEvent[], nth: number): Promise<void> => {
    const records = events[Math.floor(chanceOf(seed, 'which', nth) * events.length)]?.Records ?? [];
    const from = Math.floor(chanceOf(seed, 'from', nth) * records.length);
    const to = from + 1 + Math.floor(chanceOf(seed, 'to', nth) * (records.length - from));
    done(from === 0 && to === records.length ? 'delivered again' : 'delivered again in part');
    await ingestRecords({ Records: records.slice(from, to) }, depsOver(store));
  };

  const faultyHandler: EventSourceMappingOptions['handler'] = async (given) => {
    const nth = invocations++;
    const event = kinesisEvent.parse(given);
    const chance = chanceOf(seed, 'invoke', nth);
    if (chance < 0.06) {
      done('died before writing');
      throw new Error('died on purpose');
    }
    const { response } = await ingestRecords(event, depsOver(faultyStore));
    if (response.batchItemFailures.length > 0) done('partial answer');
    if (chance < 0.12) {
      done('died after writing');
      throw new Error('died on purpose');
    }
    const [shard = ''] = event.Records[0]?.eventID.split(':') ?? [];
    const ofShard = [...(past.get(shard) ?? []), event].slice(-10);
    past.set(shard, ofShard);
    if (chance < 0.3) await redeliver(ofShard, nth);
    return response;
  };

  const policy = {
    client,
    streamName,
    // From a few large batches to many small ones.
    batchSize: Math.min(10_000, Math.ceil(orders / (10 + 30 * chanceOf(seed, 'batch')))),
    batchWindowMs: 200 + Math.floor(chanceOf(seed, 'window') * Math.min(2_000, orders / 50)),
    bisectOnError: chanceOf(seed, 'bisect') < 0.6,
    maxRetries: chanceOf(seed, 'retries') < 0.5 ? 2 : -1,
    pollIntervalMs: 100,
    retryBackoff: () => 20,
  };
  let saved: Checkpoints[] = [];
  const start = (from: Checkpoints | null): Promise<EventSourceMapping> =>
    startEventSourceMapping({
      ...policy,
      handler: faultyHandler,
      onFailure: async () => {
        letters += 1;
        done('batch given up');
      },
      checkpoints: {
        load: async () => from,
        save: async (checkpoints) => void saved.push(checkpoints),
      },
    });
  let mapping = await start(null);

  return {
    crash: async () => {
      await mapping.stop();
      // What a mapping has not saved is delivered again.
      const back = Math.floor(chanceOf(seed, 'back', invocations) * 20);
      const from = saved.at(-1 - back) ?? null;
      saved = from ? [from] : [];
      done('consumer crashed');
      mapping = await start(from);
    },
    caughtUp: () => mapping.caughtUp(),
    finish: async () => {
      await mapping.stop();
      if (letters === 0) return;
      done('stream read again from its start');
      const again = await startEventSourceMapping({
        ...policy,
        bisectOnError: false,
        maxRetries: -1,
        handler: async (given) => (await ingestRecords(kinesisEvent.parse(given), depsOver(store))).response,
      });
      await again.caughtUp();
      await again.stop();
    },
  };
};
