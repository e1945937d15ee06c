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

/**
 * An S3 event notification. Its records stay unparsed here: one that cannot be read must not hide the others.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const s3Notification = z.object({ Records: z.array(z.unknown()) });

/** Any record of an S3 event notification. `key` is URL-encoded, `+` being a space. */
export const s3EventRecord = z.object({
  /** `ObjectCreated:Put`, `ObjectRemoved:DeleteMarkerCreated`, … */
  eventName: z.string().min(1),
  s3: z.object({ object: z.object({ key: z.string().min(1) }) }),
});

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

/** The test that S3 sends when a notification is configured. */
export const s3TestEvent = z.object({ Service: z.literal('Amazon S3'), Event: z.literal('s3:TestEvent') });

/**
 * Any event that S3 sends through EventBridge. `key` is plain text there.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export const s3BridgeEvent = z.object({
  source: z.literal('aws.s3'),
  /** `Object Created`, `Object Deleted`, … */
  'detail-type': z.string().min(1),
  detail: z.object({ object: z.object({ key: z.string().min(1) }) }),
});

/** What EventBridge says of an object that was created. */
export const objectCreatedBridgeEvent = z.object({
  'detail-type': z.literal('Object Created'),
  time: z.iso.datetime(),
  detail: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      key: z.string().min(1),
      size: z.int().min(0),
      etag: z.string().min(1),
      'version-id': z.string().min(1).exactOptional(),
    }),
  }),
});

/** What SNS puts around a message for a queue, unless its subscription delivers raw messages. */
export const snsEnvelope = z.object({ Type: z.literal('Notification'), Message: z.string() });
