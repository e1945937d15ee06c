import { z } from 'zod';

export const environment = z.object({
  STREAM_NAME: z.string().min(1),
  /** The key that names a record's dataset to the stream's consumer. */
  DATASET_FIELD: z.string().min(1),
  /** Holds the answers to requests with an `Idempotency-Key`. */
  CURATED_BUCKET: z.string().min(1),
});
/** What infra has to set. */
export type Environment = z.input<typeof environment>;

/** The SDK's own variable, which it does not tell of: plain HTTP needs another protocol version. */
export const endpoint = z.object({ AWS_ENDPOINT_URL: z.url().exactOptional() });
