import { S3Client } from '@aws-sdk/client-s3';
import { datasets } from '@sluice/datasets';
import { createProducer, kinesisClient } from '@sluice/kinesis-producer';
import { s3Store } from '@sluice/lake-storage/s3';
import { parseEnv } from '@sluice/lambda-kit';
import type { AnswerRequestDeps } from './answer-request.ts';
import { endpoint, environment } from './env.ts';

/** Longer than API Gateway waits for a function, and than a function that nobody waits for should run. */
const CLAIM_MS = 60_000;

/** Leaves time to answer within API Gateway's 30 s; whoever sent the records can wait longer than a function. */
const SEND = {
  maxAttempts: 5,
  maxAgeMs: 10_000,
  requestTimeoutMs: 5_000,
  backoffMs: { base: 50, cap: 1_000 },
};

export const buildDeps = (): AnswerRequestDeps => {
  const { STREAM_NAME, DATASET_FIELD, CURATED_BUCKET } = parseEnv(environment);
  const { requestTimeoutMs, ...retries } = SEND;
  const client = kinesisClient({ endpoint: parseEnv(endpoint).AWS_ENDPOINT_URL, requestTimeoutMs });
  // Kept from one invocation to the next: it knows how fast the stream takes records.
  const producer = createProducer({ client, streamName: STREAM_NAME, ...retries });
  return {
    datasets,
    datasetField: DATASET_FIELD,
    send: (records) => Promise.all(records.map((record) => producer.send(record))),
    answers: {
      objects: s3Store(new S3Client({})),
      curatedBucket: CURATED_BUCKET,
      now: Date.now,
      claimMs: CLAIM_MS,
    },
  };
};
