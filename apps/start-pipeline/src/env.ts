import { z } from 'zod';

const arn = z.string().min(1);

export const environment = z.object({
  /** Of the state machines. csv-map has one for each delimiter that a dataset's CSV has, if its reader knows it. */
  ETL_ARN: arn,
  CSV_MAP_COMMA_ARN: arn.exactOptional(),
  CSV_MAP_PIPE_ARN: arn.exactOptional(),
  CSV_MAP_SEMICOLON_ARN: arn.exactOptional(),
  CSV_MAP_SPACE_ARN: arn.exactOptional(),
  CSV_MAP_TAB_ARN: arn.exactOptional(),
  /** Larger objects go through csv-map, if it can read them and their dataset does not want otherwise. */
  LAMBDA_MAX_BYTES: z
    .string()
    .regex(/^[1-9]\d*$/, 'a number of bytes')
    .transform(Number),
});
/** What infra has to set. */
export type Environment = z.input<typeof environment>;
