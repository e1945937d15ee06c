import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { EXIT, errnoOf, oneLine, ProduceError } from './produce-error.ts';

export interface StreamFacts {
  /** What the stream takes as one record; null if it does not say. */
  readonly maxRecordBytes: number | null;
  readonly openShards: number | null;
}

const NOT_ASKED: StreamFacts = { maxRecordBytes: null, openShards: null };
const PATIENCE_MS = 10_000;
const TRIES = 3;

/**
 * What is known of the stream, before anything is sent to it. Who may write to a stream need not be allowed to look
 * at it.
 *
 * @throws {ProduceError} there is no such stream, no credentials, no answer
 */
export const describeStream = async (
  client: KinesisClient,
  streamName: string,
  place: string,
): Promise<StreamFacts> => {
  for (let tries = 1; ; tries += 1) {
    try {
      const { StreamDescriptionSummary: summary } = await client.send(
        new DescribeStreamSummaryCommand({ StreamName: streamName }),
        { abortSignal: AbortSignal.timeout(PATIENCE_MS) },
      );
      if (summary?.StreamStatus === 'CREATING' || summary?.StreamStatus === 'DELETING') {
        const state = summary.StreamStatus.toLowerCase();
        throw new ProduceError(
          `the stream ${streamName} ${place} is ${state}: it takes no records`,
          EXIT.fault,
        );
      }
      return {
        maxRecordBytes: summary?.MaxRecordSizeInKiB ? summary.MaxRecordSizeInKiB * 1024 : null,
        openShards: summary?.OpenShardCount ?? null,
      };
    } catch (error) {
      if (error instanceof ProduceError) throw error;
      const name = error instanceof Error ? error.name : '';
      if (name === 'AccessDeniedException') return NOT_ASKED;
      const isBusy = name === 'LimitExceededException' || name === 'ThrottlingException';
      if (isBusy && tries < TRIES) {
        await new Promise((resolve) => setTimeout(resolve, 300 * tries));
        continue;
      }
      if (isBusy) return NOT_ASKED;
      throw new ProduceError(awsLine(error, streamName, place), EXIT.fault, error);
    }
  }
};

/** What went wrong, as one line that says what to do. */
const awsLine = (error: unknown, streamName: string, place: string): string => {
  const name = error instanceof Error ? error.name : '';
  const said = oneLine(error);
  if (name === 'ResourceNotFoundException')
    return `there is no stream ${JSON.stringify(streamName)} ${place}`;
  if (name === 'CredentialsProviderError') {
    return 'no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  }
  if (/^Region is missing/.test(said)) return 'no region: say --region, or set AWS_REGION';
  if (/^(ExpiredToken|UnrecognizedClient|InvalidSignature|InvalidClientTokenId)/.test(name))
    return `AWS does not take these credentials: ${said}`;
  const isUnreachable =
    name === 'TimeoutError' || name === 'AbortError' || /^(E[A-Z]+|ERR_HTTP2\w*)$/.test(errnoOf(error) ?? '');
  if (isUnreachable) return `no answer from Kinesis ${place}: ${errnoOf(error) ?? said}`;
  return `the stream ${streamName} ${place}: ${name === '' ? said : `${name}: ${said}`}`;
};
