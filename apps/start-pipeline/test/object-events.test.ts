import { describe, expect, test } from '@jest/globals';
import { objectEvents } from '../src/object-events.ts';

const record = {
  eventVersion: '2.6',
  eventSource: 'aws:s3',
  eventName: 'ObjectCreated:CompleteMultipartUpload',
  eventTime: '2026-11-20T10:00:00.123Z',
  s3: {
    bucket: { name: 'raw', arn: 'arn:aws:s3:::raw' },
    object: {
      key: 'incoming/orders/a+b%2Bc.csv',
      size: 12,
      eTag: 'abc-2',
      versionId: 'v1',
      sequencer: '0064D3901D00059242',
    },
  },
};
const notification = (...Records: readonly unknown[]) => JSON.stringify({ Records });
const bridge = (type = 'Object Created', object: Record<string, unknown> = {}) =>
  JSON.stringify({
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': type,
    source: 'aws.s3',
    account: '111122223333',
    time: '2026-11-20T10:00:00Z',
    region: 'eu-central-1',
    resources: ['arn:aws:s3:::raw'],
    detail: {
      version: '0',
      bucket: { name: 'raw' },
      object: {
        key: 'incoming/orders/a b+c.csv',
        size: 12,
        etag: 'abc-2',
        'version-id': 'v1',
        sequencer: '0064D3901D00059242',
        ...object,
      },
      reason: 'CompleteMultipartUpload',
    },
  });
const fromSns = (message: string) =>
  JSON.stringify({ Type: 'Notification', MessageId: 'm', TopicArn: 'arn:aws:sns:…', Message: message });
const object = { bucket: 'raw', key: 'incoming/orders/a b+c.csv', versionId: 'v1', size: 12, etag: 'abc-2' };

describe('the same object comes out of', () => {
  test.each([
    ["a notification of S3's", notification(record)],
    ["an event of EventBridge's", bridge()],
    ["a notification in SNS's envelope", fromSns(notification(record))],
    ["an event of EventBridge's in SNS's envelope", fromSns(bridge())],
  ])('%s', (_what, body) => {
    expect(objectEvents(body)).toEqual([{ kind: 'created', at: expect.stringMatching(/^2026/), object }]);
  });
});

test('a key of EventBridge is taken as it is, even if it looks encoded', () => {
  const [event] = objectEvents(bridge('Object Created', { key: 'incoming/orders/100%25+1.csv' }));
  expect(event).toMatchObject({ object: { key: 'incoming/orders/100%25+1.csv' } });
});

test('an object of a bucket without versions has none', () => {
  const { versionId: _, ...unversioned } = object;
  const [event] = objectEvents(bridge('Object Created', { 'version-id': undefined }));
  expect(event).toEqual({ kind: 'created', at: expect.any(String), object: unversioned });
});

describe('what is no creation is named, though it has neither size nor etag', () => {
  const withName = (eventName: string) =>
    notification({ ...record, eventName, s3: { ...record.s3, object: { key: 'incoming/orders/a+b.csv' } } });
  test.each([
    ['ObjectRemoved:Delete', 'removed_object'],
    ['ObjectRemoved:DeleteMarkerCreated', 'removed_object'],
    ['LifecycleExpiration:Delete', 'removed_object'],
    ['LifecycleExpiration:DeleteMarkerCreated', 'removed_object'],
    ['ObjectRestore:Completed', 'other_event'],
    ['ObjectTagging:Put', 'other_event'],
    ['LifecycleTransition', 'other_event'],
  ])('%s', (name, kind) => {
    expect(objectEvents(withName(name))).toEqual([{ kind, key: 'incoming/orders/a b.csv' }]);
  });

  test.each([
    ['Object Deleted', 'removed_object'],
    ['Object Restore Completed', 'other_event'],
    ['Object Tags Added', 'other_event'],
  ])('%s', (type, kind) => {
    expect(objectEvents(bridge(type, { size: undefined, etag: undefined }))).toEqual([
      { kind, key: object.key },
    ]);
  });
});

describe('what cannot be read', () => {
  test.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ["another service's event", JSON.stringify({ ...JSON.parse(bridge()), source: 'my.app' })],
    ['text in an envelope', fromSns('hello')],
    ['two envelopes', fromSns(fromSns(bridge()))],
  ])('is a message that is %s', (_what, body) => {
    expect(objectEvents(body)).toEqual([{ kind: 'unreadable_message', key: null }]);
  });

  test('is one record of a message, beside those that can be', () => {
    const { eventTime: _, ...timeless } = record;
    expect(objectEvents(notification(1, record, timeless, { ...record, eventTime: 'now' }))).toMatchObject([
      { kind: 'unreadable_record', key: null },
      { kind: 'created' },
      { kind: 'unreadable_record', key: object.key },
      { kind: 'unreadable_record', key: object.key },
    ]);
  });

  test.each(['size', 'etag'])("is EventBridge's creation without %s", (name) => {
    expect(objectEvents(bridge('Object Created', { [name]: undefined }))).toEqual([
      { kind: 'unreadable_record', key: object.key },
    ]);
  });
});
