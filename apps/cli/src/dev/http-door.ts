import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { datasets } from '@sluice/datasets';
import { type Answered, createAnswerRequest } from '@sluice/ingest-api/answer-request';
import { createProducer } from '@sluice/kinesis-producer';
import { embeddedZones } from '@sluice/lake-storage/zones';
import { startHttpApi } from '@sluice/local-event-sources/http-api';
import { httpEvent } from '@sluice/step-contracts';
import type { Lake } from '../lake/open-lake.ts';
import { DATASET_FIELD, STREAM } from './stream-door.ts';

export interface HttpDoor {
  readonly url: string;
  /** Takes no request any more, and is done when those under way are answered. */
  readonly close: () => Promise<void>;
}

/** The HTTP API in front of the stream. Nobody is asked who they are: it listens on this machine only. */
export const openHttpDoor = async (
  lake: Lake,
  port: number,
  client: KinesisClient,
  onAnswer: (answered: Answered) => void,
): Promise<HttpDoor> => {
  const producer = createProducer({ client, streamName: STREAM, maxAgeMs: 10_000 });
  const answer = createAnswerRequest({
    datasets,
    datasetField: DATASET_FIELD,
    send: (records) => Promise.all(records.map((record) => producer.send(record))),
    answers: {
      objects: lake.store,
      curatedBucket: embeddedZones.curated,
      now: Date.now,
      claimMs: 30_000,
    },
  });
  const api = await startHttpApi({
    port,
    handler: async (event) => {
      const answered = await answer(httpEvent.parse(event));
      onAnswer(answered);
      return answered.response;
    },
  });
  return {
    url: api.url,
    close: async () => {
      await api.close();
      await producer.close();
    },
  };
};
