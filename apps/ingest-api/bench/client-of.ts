import { kinesisClient } from '@sluice/kinesis-producer';

/** kinesalite looks at no signature, but the SDK wants to sign. */
export const clientOf = (endpoint: string) =>
  kinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
