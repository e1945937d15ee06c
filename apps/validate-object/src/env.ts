import { z } from 'zod';

export const environment = z.object({
  /** Larger objects are refused, but by csv-map: the quality scan needs a copy of the object on its disk. */
  MAX_OBJECT_BYTES: z
    .string()
    .regex(/^[1-9]\d*$/, 'a number of bytes')
    .transform(Number),
});
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
