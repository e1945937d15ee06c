import { z } from 'zod';

export const environment = z.object({
  CURATED_BUCKET: z.string().min(1),
  /** The key of `pseudonym`; the engine demands it for the datasets that use it. */
  PSEUDONYM_KEY: z.string().min(1).exactOptional(),
});
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
