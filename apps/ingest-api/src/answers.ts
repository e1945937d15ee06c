import { z } from 'zod';

/** Why one record was not taken. The pointer (RFC 6901) is that of the field in the record; `""` is the record. */
export const reason = z.strictObject({ pointer: z.string(), code: z.string() });
export type RecordReason = z.output<typeof reason>;

/** What became of the record at this place, from 0, of those that were sent. */
export const recordResult = z.discriminatedUnion('outcome', [
  z.strictObject({ index: z.int().min(0), outcome: z.literal('taken') }),
  z.strictObject({
    index: z.int().min(0),
    outcome: z.literal('refused'),
    reasons: z.array(reason).min(1).readonly(),
  }),
  z.strictObject({
    index: z.int().min(0),
    outcome: z.literal('failed'),
    code: z.enum(['throttled', 'stream_unavailable']),
  }),
]);
export type RecordResult = z.output<typeof recordResult>;

const sums = {
  dataset: z.string(),
  /** In the stream. */
  taken: z.int().min(0),
  /** Not valid; sending them again changes nothing. */
  refused: z.int().min(0),
  /** Valid, but not in the stream as far as is known: send them again. */
  failed: z.int().min(0),
};

/** Every record is in the stream. */
export const allTaken = z.strictObject(sums);

/** Some are. One result for each record, in their order. */
export const someTaken = z.strictObject({ ...sums, results: z.array(recordResult).readonly() });

/** RFC 9457. No member ever holds a value that was sent. */
export const problem = z.strictObject({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** For programs. */
  code: z.string(),
  ...z.strictObject(sums).partial().shape,
  results: z.array(recordResult).readonly().optional(),
});

export const datasetList = z.strictObject({
  datasets: z.array(
    z.strictObject({ name: z.string(), description: z.string(), schema: z.string(), records: z.string() }),
  ),
});
export type DatasetList = z.output<typeof datasetList>;
