import { z } from 'zod';

/** Nothing: an object of any size is taken, and its bytes are all that is looked at. */
export const environment = z.object({});
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
