import type { Discard } from './deliver-batch.ts';
import type { ShardSource, StreamRecord } from './stream-record.ts';

/** What Lambda sends to the on-failure destination: the records are told by their numbers, not carried. */
export interface FailureLetter {
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    readonly condition: Discard['condition'];
    readonly approximateInvokeCount: number;
  };
  /** Missing if the records were too old before any invocation. */
  readonly responseContext?: {
    readonly statusCode: 200;
    readonly executedVersion: '$LATEST';
    /** Missing if the function returned a partial response. */
    readonly functionError?: 'Unhandled';
  };
  readonly version: '1.0';
  readonly timestamp: string;
  readonly KinesisBatchInfo: {
    readonly shardId: string;
    readonly startSequenceNumber: string;
    readonly endSequenceNumber: string;
    readonly approximateArrivalOfFirstRecord: string;
    readonly approximateArrivalOfLastRecord: string;
    readonly batchSize: number;
    readonly streamArn: string;
  };
}

interface Context {
  readonly source: ShardSource;
  readonly functionArn: string;
  readonly requestId: string;
  readonly now: number;
}

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html, "SQS message body" */
export function failureLetter(
  records: readonly StreamRecord[],
  { condition, invocations, outcome }: Discard,
  { source: { shardId, streamArn }, functionArn, requestId, now }: Context,
): FailureLetter {
  const first = records[0];
  const last = records.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a letter needs a record');
  return {
    requestContext: { requestId, functionArn, condition, approximateInvokeCount: invocations },
    ...(outcome && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(outcome.kind === 'failed' && outcome.functionError && { functionError: 'Unhandled' }),
      },
    }),
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    KinesisBatchInfo: {
      shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: new Date(first.arrivedAt).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.arrivedAt).toISOString(),
      batchSize: records.length,
      streamArn,
    },
  };
}
