import { z } from 'zod';

/**
 * The envelope that SQS hands to a Lambda. Bodies stay text here: one that cannot be read must fail its own message,
 * not the batch.
 */
export const sqsEvent = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      /** How often the message was handed over, this time included. */
      attributes: z.object({ ApproximateReceiveCount: z.coerce.number() }).exactOptional(),
    }),
  ),
});
export type SqsEvent = z.output<typeof sqsEvent>;

/** What Lambda expects back when the event source reports batch item failures: the messages to deliver again. */
export interface SqsBatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

/** One `ObjectCreated` record of an S3 event notification. `key` is URL-encoded, `+` being a space. */
export const objectCreatedRecord = z.object({
  eventName: z.string().startsWith('ObjectCreated:'),
  eventTime: z.iso.datetime(),
  s3: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      key: z.string().min(1),
      size: z.int().min(0),
      eTag: z.string().min(1),
      versionId: z.string().min(1).exactOptional(),
    }),
  }),
});
export type ObjectCreatedRecord = z.output<typeof objectCreatedRecord>;

/** The body of a message: a notification, or the test that S3 sends when the notification is configured. */
export const s3Notification = z.union([
  z.object({ Records: z.array(objectCreatedRecord) }),
  z.object({ Service: z.literal('Amazon S3'), Event: z.literal('s3:TestEvent') }),
]);
