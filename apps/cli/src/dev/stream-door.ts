import { setTimeout as sleep } from 'node:timers/promises';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { datasets } from '@sluice/datasets';
import { type IngestedShard, ingestRecords } from '@sluice/ingest-stream/ingest-records';
import { kinesisClient } from '@sluice/kinesis-producer';
import { embeddedZones } from '@sluice/lake-storage/zones';
import { createStream, startEventSourceMapping, startKinesis } from '@sluice/local-event-sources/kinesis';
import { kinesisEvent } from '@sluice/step-contracts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Lake } from '../lake/open-lake.ts';

export const STREAM = 'sluice-dev';
/** The key of a record that names its dataset, as in the deployed environments. */
export const DATASET_FIELD = '_dataset';
/** A batch waits so long for more records: one object, and one run, for each. */
const WINDOW_MS = 2_000;
/** How long the last records may take to land, when the door closes. */
const DRAIN_MS = 30_000;

export interface StreamDoor {
  readonly endpoint: string;
  readonly client: KinesisClient;
  /** Takes no record any more, lands those that were taken, and closes. */
  readonly drain: () => Promise<void>;
}

/** A Kinesis endpoint with a stream, whose records land in the raw zone. What is in the stream is in memory only. */
export const openStreamDoor = async (
  lake: Lake,
  port: number,
  onBatch: (shard: IngestedShard) => void,
  onProblem: (what: string, error: unknown) => void,
): Promise<StreamDoor> => {
  const kinesis = await startKinesis({ port });
  const client = kinesisClient({ endpoint: kinesis.endpoint, region: 'local', credentials: anyone });
  try {
    await createStream(client, STREAM, 1);
    const mapping = await startEventSourceMapping({
      client,
      streamName: STREAM,
      batchSize: 10_000,
      batchWindowMs: WINDOW_MS,
      pollIntervalMs: 250,
      handler: async (event) => {
        const { shards, response } = await ingestRecords(kinesisEvent.parse(event), {
          findDataset: (name) => datasets.get(name),
          datasetBy: { field: DATASET_FIELD },
          objects: lake.store,
          rawBucket: embeddedZones.raw,
          curatedBucket: embeddedZones.curated,
          parallelizationFactor: 1,
        });
        for (const shard of shards) onBatch(shard);
        return response;
      },
      observe: (seen) => {
        if (seen.kind === 'invoked' && seen.outcome.kind === 'failed')
          onProblem(seen.shardId, seen.outcome.error);
        else if ('error' in seen) onProblem(STREAM, seen.error);
      },
    });
    return {
      endpoint: kinesis.endpoint,
      client,
      drain: async () => {
        kinesis.refuseRecords();
        const late = sleep(DRAIN_MS, undefined, { ref: false }).then(() => {
          throw new CliError(
            `the stream's last records could not be landed within ${DRAIN_MS / 1000} s, and are lost; put right what is told above, and send them again`,
            EXIT.fault,
          );
        });
        try {
          await Promise.race([mapping.caughtUp(), late]);
        } finally {
          late.catch(() => undefined);
          await mapping.stop();
          client.destroy();
          await kinesis.close();
        }
      },
    };
  } catch (error) {
    client.destroy();
    await kinesis.close();
    throw error;
  }
};

const anyone = { accessKeyId: 'any', secretAccessKey: 'any' };
