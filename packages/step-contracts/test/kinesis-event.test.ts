import { describe, expect, test } from '@jest/globals';
import { kinesisEvent, shardOf } from '../src/index.ts';

// As in https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
const record = {
  kinesis: {
    kinesisSchemaVersion: '1.0',
    partitionKey: '1',
    sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
    data: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
    approximateArrivalTimestamp: 1545084650.987,
  },
  eventSource: 'aws:kinesis',
  eventVersion: '1.0',
  eventID: 'shardId-000000000006:49590338271490256608559692538361571095921575989136588898',
  eventName: 'aws:kinesis:record',
  invokeIdentityArn: 'arn:aws:iam::123456789012:role/lambda-role',
  awsRegion: 'us-east-2',
  eventSourceARN: 'arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream',
};

describe('an event of Kinesis', () => {
  test('is taken as Lambda writes it, with any data or none', () => {
    expect(kinesisEvent.safeParse({ Records: [record] }).success).toBe(true);
    const empty = { ...record, kinesis: { ...record.kinesis, data: '' } };
    expect(kinesisEvent.safeParse({ Records: [empty] }).success).toBe(true);
    expect(kinesisEvent.safeParse({ Records: [] }).success).toBe(true);
  });

  test.each([
    ['without a shard', { eventID: '49590338271490256608559692538361571095921575989136588898' }],
    ['of another source', { eventSourceARN: 'arn:aws:sqs:us-east-2:123456789012:queue' }],
    ['without a number', { kinesis: { ...record.kinesis, sequenceNumber: '' } }],
    ['from after the end of time', { kinesis: { ...record.kinesis, approximateArrivalTimestamp: 1e16 } }],
  ])('is refused with a record %s', (_, wrong) => {
    expect(kinesisEvent.safeParse({ Records: [{ ...record, ...wrong }] }).success).toBe(false);
  });

  test.each([record.eventSourceARN, `${record.eventSourceARN}/consumer/lake:1588888888`])(
    'from %s tells its stream and its shard',
    (eventSourceARN) => {
      expect(kinesisEvent.safeParse({ Records: [{ ...record, eventSourceARN }] }).success).toBe(true);
      expect(shardOf({ ...record, eventSourceARN })).toEqual({
        stream: 'lambda-stream',
        shardId: 'shardId-000000000006',
      });
    },
  );
});
