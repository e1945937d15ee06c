import { z } from 'zod';

export const environment = z.object({
  CURATED_BUCKET: z.string().min(1),
  /** The key of `pseudonym`; only datasets that use it need one. */
  PSEUDONYM_KEY: z.string().min(1).exactOptional(),
  /** A table that gets the accepted rows, too, of the datasets that `DYNAMODB_KEYS` names. */
  DYNAMODB_TABLE: z.string().min(1).exactOptional(),
  /** As JSON: of each dataset the published, required column that is its rows' key. `{"orders":"id"}` */
  DYNAMODB_KEYS: z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(z.record(z.string(), z.string()))
    .exactOptional(),
});
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
