import { z } from 'zod';

/**
 * The envelope that a Kinesis event source mapping hands to a Lambda: records of one shard, in its order. Data stays
 * text here: a record that cannot be read must not fail its batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export const kinesisEvent = z.object({
  Records: z.array(
    z.object({
      /** `<shard-id>:<sequence-number>` */
      eventID: z.string().regex(/^shardId-\d+:\d+$/),
      /** Of the stream, or of its consumer: `arn:aws:kinesis:<region>:<account>:stream/<stream>[/consumer/…]` */
      eventSourceARN: z.string().regex(/:stream\/[a-zA-Z0-9_.-]+(?:\/consumer\/.+)?$/),
      kinesis: z.object({
        sequenceNumber: z.string().regex(/^\d+$/),
        /** Base64 */
        data: z.string(),
        /** Epoch seconds, to the millisecond; no more than a Date can be. */
        approximateArrivalTimestamp: z.number().min(0).max(8.64e12),
      }),
    }),
  ),
});
export type KinesisEvent = z.output<typeof kinesisEvent>;
export type KinesisEventRecord = KinesisEvent['Records'][number];

/**
 * What Lambda expects back when the event source reports batch item failures. It delivers again from the lowest sequence
 * number named; no name: the batch is done.
 */
export interface KinesisBatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

/** The stream and the shard that a record came from. */
export const shardOf = ({
  eventID,
  eventSourceARN,
}: Pick<KinesisEventRecord, 'eventID' | 'eventSourceARN'>): { stream: string; shardId: string } => {
  const [, stream = ''] = /:stream\/([^/]+)/.exec(eventSourceARN) ?? [];
  const [shardId = ''] = eventID.split(':');
  return { stream, shardId };
};
