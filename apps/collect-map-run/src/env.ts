import { z } from 'zod';

export const environment = z.object({ CURATED_BUCKET: z.string().min(1) });
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
