import { parseIncomingKey, parseMendedKey, runIdOf } from '@sluice/lake-storage/zones';
import {
  type ObjectCreatedRecord,
  type RunInput,
  runInput,
  type SqsBatchResponse,
  type SqsEvent,
  s3Notification,
} from '@sluice/step-contracts';

export interface StartPipelineDeps {
  readonly isDataset: (name: string) => boolean;
  /** Starts an execution that is named by the run id. `exists`: there is, or was, one of that name. */
  readonly startExecution: (run: RunInput) => Promise<'started' | 'exists'>;
}

/** What became of one object, or of a message that names none. */
export type Arrival =
  | { readonly outcome: 'started' | 'exists'; readonly run: RunInput }
  | {
      readonly outcome: 'ignored';
      readonly reason: 'test_event' | 'folder_marker' | 'outside_incoming' | 'mended_object';
    }
  /** The message comes again. */
  | {
      readonly outcome: 'failed';
      readonly reason: 'unreadable_message' | 'unreadable_key' | 'unknown_dataset' | 'not_started';
      readonly key: string | null;
      /** The name of the error that was thrown. */
      readonly error: string | null;
    };

export interface StartedPipelines {
  readonly arrivals: readonly Arrival[];
  /** For SQS: the messages to deliver again. */
  readonly response: SqsBatchResponse;
}

/** Starts a run for every object that a batch of messages names. One message that fails does not fail the others. */
export const startPipeline = async (event: SqsEvent, deps: StartPipelineDeps): Promise<StartedPipelines> => {
  const messages = await Promise.all(
    event.Records.map(async ({ messageId, body }) => ({ messageId, arrivals: await arrivalsOf(body, deps) })),
  );
  const failed = messages.filter(({ arrivals }) => arrivals.some(({ outcome }) => outcome === 'failed'));
  return {
    arrivals: messages.flatMap(({ arrivals }) => arrivals),
    response: { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) },
  };
};

const arrivalsOf = async (body: string, deps: StartPipelineDeps): Promise<readonly Arrival[]> => {
  const notification = s3Notification.safeParse(jsonOrNull(body));
  if (!notification.success) return [failed('unreadable_message', null)];
  if (!('Records' in notification.data)) return [{ outcome: 'ignored', reason: 'test_event' }];
  return Promise.all(notification.data.Records.map((record) => arrivalOf(record, deps)));
};

const arrivalOf = async (record: ObjectCreatedRecord, deps: StartPipelineDeps): Promise<Arrival> => {
  const { bucket, object } = record.s3;
  const key = decodedKey(object.key);
  if (key === null) return failed('unreadable_key', object.key);
  if (key.endsWith('/')) return { outcome: 'ignored', reason: 'folder_marker' };
  const incoming = parseIncomingKey(key);
  if (!incoming) return { outcome: 'ignored', reason: 'outside_incoming' };
  // It belongs to the run of the object it stands for; whoever mended it runs that again.
  if (parseMendedKey(key)) return { outcome: 'ignored', reason: 'mended_object' };
  const { dataset } = incoming;
  if (!deps.isDataset(dataset)) return failed('unknown_dataset', key);

  const arrived = {
    bucket: bucket.name,
    key,
    ...(object.versionId === undefined ? {} : { versionId: object.versionId }),
    size: object.size,
    etag: object.eTag,
  };
  const run: RunInput = runInput.parse({
    runId: runIdOf(dataset, arrived),
    dataset,
    asOf: record.eventTime,
    object: arrived,
  });
  try {
    return { outcome: await deps.startExecution(run), run };
  } catch (error) {
    return failed('not_started', key, error);
  }
};

const failed = (
  reason: Extract<Arrival, { outcome: 'failed' }>['reason'],
  key: string | null,
  error?: unknown,
): Arrival => ({ outcome: 'failed', reason, key, error: error instanceof Error ? error.name : null });

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
