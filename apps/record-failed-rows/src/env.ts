import { z } from 'zod';

export const environment = z.object({
  CURATED_BUCKET: z.string().min(1),
  /** Where an operator hears of batches that failed for good. */
  DEAD_LETTER_QUEUE_URL: z.url(),
});
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
