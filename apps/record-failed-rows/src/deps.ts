import { S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { parseEnv } from '@sluice/lambda-kit';
import { environment } from './env.ts';
import type { RecordFailedRowsDeps } from './record-failed-rows.ts';

export const buildDeps = (): RecordFailedRowsDeps => {
  const { CURATED_BUCKET, DEAD_LETTER_QUEUE_URL } = parseEnv(environment);
  const queue = new SQSClient({});
  return {
    findDataset: (name) => datasets.get(name),
    objects: s3Store(new S3Client({})),
    curatedBucket: CURATED_BUCKET,
    sendLetter: async (letter) => {
      await queue.send(
        new SendMessageCommand({ QueueUrl: DEAD_LETTER_QUEUE_URL, MessageBody: JSON.stringify(letter) }),
      );
    },
  };
};
