import { decodeAggregated } from '@sluice/kinesis-producer/aggregated-record';
import type { KinesisEventRecord } from '@sluice/step-contracts';

/** A record as its producer sent it: one Kinesis record, or one of those that the KPL put into one. */
export interface StreamRecord {
  readonly sequenceNumber: string;
  /** Its place in an aggregated record, from 0; null: it came alone. */
  readonly subSequenceNumber: number | null;
  /** ISO 8601, UTC. */
  readonly arrivedAt: string;
  readonly data: Buffer;
}

/** The producer's records in one of Kinesis. */
export function* recordsOf({ kinesis }: KinesisEventRecord): Generator<StreamRecord> {
  const { sequenceNumber, approximateArrivalTimestamp } = kinesis;
  const arrivedAt = new Date(Math.round(approximateArrivalTimestamp * 1000)).toISOString();
  const data = Buffer.from(kinesis.data, 'base64');
  const members = decodeAggregated(data);
  if (!members) yield { sequenceNumber, subSequenceNumber: null, arrivedAt, data };
  else
    for (const [subSequenceNumber, member] of members.entries())
      yield { sequenceNumber, subSequenceNumber, arrivedAt, data: Buffer.from(member.data) };
}
