import {
  objectCreatedBridgeEvent,
  objectCreatedRecord,
  type RunInput,
  s3BridgeEvent,
  s3EventRecord,
  s3Notification,
  s3TestEvent,
  snsEnvelope,
} from '@sluice/step-contracts';

/** One thing that a message tells of. Keys are plain text. */
export type ObjectEvent =
  | { readonly kind: 'created'; readonly at: string; readonly object: RunInput['object'] }
  | { readonly kind: 'removed_object' | 'other_event'; readonly key: string }
  | { readonly kind: 'test_event' }
  /** A key that cannot be decoded is given as it came. */
  | {
      readonly kind: 'unreadable_message' | 'unreadable_record' | 'unreadable_key';
      readonly key: string | null;
    };

/**
 * What a message of the queue tells of: an S3 event notification or an event of EventBridge, either of them as it is or in
 * the envelope of SNS.
 */
export const objectEvents = (body: string): readonly ObjectEvent[] => {
  const json = jsonOrNull(body);
  const envelope = snsEnvelope.safeParse(json);
  const message = envelope.success ? jsonOrNull(envelope.data.Message) : json;
  const notification = s3Notification.safeParse(message);
  if (notification.success) return notification.data.Records.map(eventOfRecord);
  if (s3TestEvent.safeParse(message).success) return [{ kind: 'test_event' }];
  return [eventOfBridge(message)];
};

const eventOfRecord = (record: unknown): ObjectEvent => {
  const known = s3EventRecord.safeParse(record);
  if (!known.success) return { kind: 'unreadable_record', key: null };
  const { eventName, s3 } = known.data;
  const key = decodedKey(s3.object.key);
  if (!eventName.startsWith('ObjectCreated:')) {
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    const isRemoved = /^(ObjectRemoved|LifecycleExpiration):/.test(eventName);
    return { kind: isRemoved ? 'removed_object' : 'other_event', key: key ?? s3.object.key };
  }
  if (key === null) return { kind: 'unreadable_key', key: s3.object.key };
  const created = objectCreatedRecord.safeParse(record);
  if (!created.success) return { kind: 'unreadable_record', key };
  const { eventTime, s3: of } = created.data;
  const { size, eTag: etag, versionId } = of.object;
  return { kind: 'created', at: eventTime, object: objectOf(of.bucket.name, key, size, etag, versionId) };
};

const eventOfBridge = (event: unknown): ObjectEvent => {
  const known = s3BridgeEvent.safeParse(event);
  if (!known.success) return { kind: 'unreadable_message', key: null };
  const { key } = known.data.detail.object;
  const type = known.data['detail-type'];
  // An expired object is `Object Deleted`, too.
  if (type !== 'Object Created')
    return { kind: type === 'Object Deleted' ? 'removed_object' : 'other_event', key };
  const created = objectCreatedBridgeEvent.safeParse(event);
  if (!created.success) return { kind: 'unreadable_record', key };
  const { time, detail } = created.data;
  const { size, etag, 'version-id': versionId } = detail.object;
  return { kind: 'created', at: time, object: objectOf(detail.bucket.name, key, size, etag, versionId) };
};

const objectOf = (
  bucket: string,
  key: string,
  size: number,
  etag: string,
  versionId: string | undefined,
): RunInput['object'] => ({ bucket, key, ...(versionId === undefined ? {} : { versionId }), size, etag });

/** S3 encodes keys in its notifications as forms do: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
const decodedKey = (encoded: string): string | null => {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return null;
  }
};

const jsonOrNull = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
