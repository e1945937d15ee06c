import { z } from 'zod';

/** Zod would pass on JSON.parse's own error, which quotes the text. */
const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'JSON' });
    return z.NEVER;
  }
});

export const environment = z
  .object({
    CURATED_BUCKET: z.string().min(1),
    /** The key of `pseudonym`; only datasets that use it need one. */
    PSEUDONYM_KEY: z.string().min(1).exactOptional(),
    /** A table that gets the accepted rows, too, of the datasets that `DYNAMODB_KEYS` names. */
    DYNAMODB_TABLE: z.string().min(1).exactOptional(),
    /** As JSON: of each dataset the published, required column that is its rows' key. `{"orders":"id"}` */
    DYNAMODB_KEYS: jsonText.pipe(z.record(z.string(), z.string())).exactOptional(),
  })
  // A table without keys would get no row, and nobody would hear of it.
  .refine(
    ({ DYNAMODB_TABLE, DYNAMODB_KEYS }) => DYNAMODB_TABLE === undefined || DYNAMODB_KEYS !== undefined,
    {
      path: ['DYNAMODB_KEYS'],
      message: 'is needed with DYNAMODB_TABLE',
    },
  );
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
