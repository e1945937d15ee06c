/** A record as it was read from a shard. */
export interface StreamRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  /** Base64, as in the event. */
  readonly data: string;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
}

/** Where a batch comes from. */
export interface ShardSource {
  readonly streamArn: string;
  readonly shardId: string;
}

export interface KinesisEvent {
  readonly Records: readonly KinesisEventRecord[];
}

interface KinesisEventRecord {
  readonly kinesis: {
    readonly kinesisSchemaVersion: string;
    readonly partitionKey: string;
    readonly sequenceNumber: string;
    readonly data: string;
    /** Seconds since 1970, with a fraction. */
    readonly approximateArrivalTimestamp: number;
  };
  readonly eventSource: string;
  readonly eventVersion: string;
  readonly eventID: string;
  readonly eventName: string;
  readonly invokeIdentityArn: string;
  readonly awsRegion: string;
  readonly eventSourceARN: string;
}

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html, "Example Kinesis Data Streams event" */
export function kinesisEvent(records: readonly StreamRecord[], source: ShardSource): KinesisEvent {
  return { Records: records.map((record) => eventRecord(record, source)) };
}

function eventRecord(record: StreamRecord, { streamArn, shardId }: ShardSource): KinesisEventRecord {
  const [, , , region = '', account = ''] = streamArn.split(':');
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.partitionKey,
      sequenceNumber: record.sequenceNumber,
      data: record.data,
      approximateArrivalTimestamp: record.arrivedAt / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${record.sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: `arn:aws:iam::${account}:role/local`,
    awsRegion: region,
    eventSourceARN: streamArn,
  };
}

/** Bytes of one record in the event's JSON, comma included; the payload limit counts them. */
export function eventBytes(record: StreamRecord, source: ShardSource): number {
  const envelope = JSON.stringify(eventRecord({ ...record, data: '' }, source));
  return Buffer.byteLength(envelope) + record.data.length + 1;
}
