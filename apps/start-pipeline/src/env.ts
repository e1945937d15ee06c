import { z } from 'zod';

export const environment = z.object({ STATE_MACHINE_ARN: z.string().min(1) });
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
