import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import type { MiniStack } from '@sluice/aws-emulator';

/** A client that speaks HTTP/1.1, as that of S3 does: Kinesis' own speaks HTTP/2, whose sessions the emulator closes now and then. */
export const kinesisClient = ({
  endpoint,
  credentials,
  region,
}: Pick<MiniStack, 'endpoint' | 'credentials' | 'region'>): KinesisClient => {
  const { requestHandler } = new S3Client({ region }).config;
  return new KinesisClient({ endpoint, credentials, region, requestHandler });
};
