import { z } from 'zod';

export const environment = z
  .object({
    RAW_BUCKET: z.string().min(1),
    CURATED_BUCKET: z.string().min(1),
    /** The dataset of every record of the stream. */
    DATASET: z.string().min(1).exactOptional(),
    /** The key of a record that names its dataset; it is left out of what is written. */
    DATASET_FIELD: z.string().min(1).exactOptional(),
    /** Of the event source mapping. Above 1, batches of a shard interleave. */
    PARALLELIZATION_FACTOR: z
      .string()
      .regex(/^([1-9]|10)$/, 'a number from 1 to 10')
      .transform(Number),
  })
  .refine(
    ({ DATASET, DATASET_FIELD }) => (DATASET === undefined) !== (DATASET_FIELD === undefined),
    'either DATASET or DATASET_FIELD',
  );
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
