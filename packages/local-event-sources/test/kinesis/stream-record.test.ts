import { expect, test } from '@jest/globals';
import { kinesisEvent as contract } from '@sluice/step-contracts';
import { eventBytes, kinesisEvent } from '../../src/kinesis/stream-record.ts';
import { record, recordsTo, source } from './records.ts';

test('an event is what Lambda gives', () => {
  const [only] = kinesisEvent(
    [
      record(1, {
        partitionKey: '1',
        sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
        data: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
        arrivedAt: 1_545_084_650_987,
      }),
    ],
    source,
  ).Records;
  expect(only).toEqual({
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
    invokeIdentityArn: 'arn:aws:iam::123456789012:role/local',
    awsRegion: 'eu-west-1',
    eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders',
  });
});

test('the bytes of records add up to the bytes of their event', () => {
  const records = [...recordsTo(20), record(20, { partitionKey: 'Zoë "the" 2nd' })];
  const sum = records.reduce((bytes, one) => bytes + eventBytes(one, source), 0);
  const json = Buffer.byteLength(JSON.stringify(kinesisEvent(records, source)));
  // The last record has no comma behind it.
  expect(sum - 1 + '{"Records":[]}'.length).toBe(json);
});

test('an event is what the functions of the lake take', () => {
  expect(contract.parse(kinesisEvent(recordsTo(2), source)).Records).toHaveLength(2);
});
