import { parseIncomingKey, parseMendedKey, runIdOf } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { isPlainCsv } from '@sluice/record-transform/reading';
import {
  type ObjectCreatedRecord,
  type RunInput,
  runInput,
  type SqsBatchResponse,
  type SqsEvent,
  s3Notification,
} from '@sluice/step-contracts';
import { type ChosenWorkflow, chooseWorkflow, type WorkflowName } from '@sluice/workflows';

export interface StartPipelineDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  /** Larger objects go through csv-map, if it can read them. */
  readonly lambdaMaxBytes: number;
  /** Starts an execution that is named by the run id. `exists`: there is, or was, one of that name. */
  readonly startExecution: (run: RunInput, chosen: ChosenWorkflow) => Promise<'started' | 'exists'>;
  /** Whether there is, or was, an execution of that name in a state machine that is not the chosen one. */
  readonly isElsewhere: (run: RunInput, chosen: ChosenWorkflow) => Promise<boolean>;
}

/** What became of one object, or of a message that names none. */
export type Arrival =
  | {
      readonly outcome: 'started' | 'exists';
      readonly run: RunInput;
      readonly workflow: WorkflowName;
    }
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
    event.Records.map(async ({ messageId, body, attributes }) => {
      const isRepeated = (attributes?.ApproximateReceiveCount ?? 1) > 1;
      return { messageId, arrivals: await arrivalsOf(body, isRepeated, deps) };
    }),
  );
  const failed = messages.filter(({ arrivals }) => arrivals.some(({ outcome }) => outcome === 'failed'));
  return {
    arrivals: messages.flatMap(({ arrivals }) => arrivals),
    response: { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) },
  };
};

const arrivalsOf = async (
  body: string,
  isRepeated: boolean,
  deps: StartPipelineDeps,
): Promise<readonly Arrival[]> => {
  const notification = s3Notification.safeParse(jsonOrNull(body));
  if (!notification.success) return [failed('unreadable_message', null)];
  if (!('Records' in notification.data)) return [{ outcome: 'ignored', reason: 'test_event' }];
  return Promise.all(notification.data.Records.map((record) => arrivalOf(record, isRepeated, deps)));
};

const arrivalOf = async (
  record: ObjectCreatedRecord,
  isRepeated: boolean,
  deps: StartPipelineDeps,
): Promise<Arrival> => {
  const { bucket, object } = record.s3;
  const key = decodedKey(object.key);
  if (key === null) return failed('unreadable_key', object.key);
  if (key.endsWith('/')) return { outcome: 'ignored', reason: 'folder_marker' };
  const incoming = parseIncomingKey(key);
  if (!incoming) return { outcome: 'ignored', reason: 'outside_incoming' };
  // It belongs to the run of the object it stands for; whoever mended it runs that again.
  if (parseMendedKey(key)) return { outcome: 'ignored', reason: 'mended_object' };
  const dataset = deps.findDataset(incoming.dataset);
  if (!dataset) return failed('unknown_dataset', key);

  const arrived = {
    bucket: bucket.name,
    key,
    ...(object.versionId === undefined ? {} : { versionId: object.versionId }),
    size: object.size,
    etag: object.eTag,
  };
  const run: RunInput = runInput.parse({
    runId: runIdOf(dataset.name, arrived),
    dataset: dataset.name,
    asOf: record.eventTime,
    object: arrived,
  });
  const { delimiter } = dataset.source;
  const chosen = chooseWorkflow(
    { size: object.size, plainCsv: isPlainCsv(dataset, key), delimiter },
    dataset.workflow,
    deps.lambdaMaxBytes,
  );
  const { workflow } = chosen;
  try {
    // Names are unique within a state machine only. What was handed over before may have been started by the settings of
    // that time, which chose another.
    if (isRepeated && (await deps.isElsewhere(run, chosen))) return { outcome: 'exists', run, workflow };
    return { outcome: await deps.startExecution(run, chosen), run, workflow };
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
