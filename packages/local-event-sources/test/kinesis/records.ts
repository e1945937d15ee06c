import type { StreamRecord } from '../../src/kinesis/stream-record.ts';

export const source = {
  streamArn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders',
  shardId: 'shardId-000000000006',
};

export function record(index: number, changes: Partial<StreamRecord> = {}): StreamRecord {
  return {
    sequenceNumber: `${index}`,
    partitionKey: `key-${index}`,
    data: Buffer.from(`{"id":${index}}`).toString('base64'),
    arrivedAt: index,
    ...changes,
  };
}

export const recordsTo = (count: number): StreamRecord[] =>
  Array.from({ length: count }, (_, i) => record(i));

export const numbers = (records: readonly StreamRecord[]): number[] =>
  records.map(({ sequenceNumber }) => Number(sequenceNumber));
