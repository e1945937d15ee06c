import { z } from 'zod';

export const environment = z.object({
  CURATED_BUCKET: z.string().min(1),
  /** The key of `pseudonym`; only datasets that use it need one. */
  PSEUDONYM_KEY: z.string().min(1).exactOptional(),
});
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
