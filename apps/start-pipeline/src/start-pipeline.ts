import { parseIncomingKey, parseMendedKey, runIdOf } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { isPlainCsv } from '@sluice/record-transform/reading';
import type { RunInput, SqsBatchResponse, SqsEvent } from '@sluice/step-contracts';
import { type ChosenWorkflow, chooseWorkflow, type WorkflowName } from '@sluice/workflows';
import { type ObjectEvent, objectEvents } from './object-events.ts';

export interface StartPipelineDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  /** Larger objects go through csv-map, if it can read them. */
  readonly lambdaMaxBytes: number;
  /** Starts an execution that is named by the run id. `exists`: there is, or was, one of that name. */
  readonly startExecution: (run: RunInput, chosen: ChosenWorkflow) => Promise<'started' | 'exists'>;
  /** Whether there is, or was, an execution of that name in a state machine that is not the chosen one. */
  readonly isElsewhere: (run: RunInput, chosen: ChosenWorkflow) => Promise<boolean>;
}

/** What became of one event, or of a message that has none. */
export type Arrival =
  | {
      readonly outcome: 'started' | 'exists';
      readonly run: RunInput;
      readonly workflow: WorkflowName;
    }
  | {
      readonly outcome: 'ignored';
      readonly reason:
        | 'test_event'
        | 'removed_object'
        | 'other_event'
        | 'folder_marker'
        | 'outside_incoming'
        | 'mended_object';
      readonly key: string | null;
    }
  /** The message comes again. */
  | {
      readonly outcome: 'failed';
      readonly reason:
        | 'unreadable_message'
        | 'unreadable_record'
        | 'unreadable_key'
        | 'unknown_dataset'
        | 'not_started';
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
      const arrivals = await Promise.all(objectEvents(body).map((one) => arrivalOf(one, isRepeated, deps)));
      return { messageId, arrivals };
    }),
  );
  const failed = messages.filter(({ arrivals }) => arrivals.some(({ outcome }) => outcome === 'failed'));
  return {
    arrivals: messages.flatMap(({ arrivals }) => arrivals),
    response: { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) },
  };
};

const arrivalOf = async (
  event: ObjectEvent,
  isRepeated: boolean,
  deps: StartPipelineDeps,
): Promise<Arrival> => {
  switch (event.kind) {
    case 'created':
      return created(event.object, event.at, isRepeated, deps);
    case 'test_event':
      return ignored('test_event', null);
    case 'removed_object':
    case 'other_event':
      return ignored(event.kind, event.key);
    default:
      return failed(event.kind, event.key);
  }
};

const created = async (
  object: RunInput['object'],
  at: string,
  isRepeated: boolean,
  deps: StartPipelineDeps,
): Promise<Arrival> => {
  const { key, size } = object;
  if (isFolderMarker(key, size)) return ignored('folder_marker', key);
  const incoming = parseIncomingKey(key);
  if (!incoming) return ignored('outside_incoming', key);
  // It belongs to the run of the object it stands for; whoever mended it runs that again.
  if (parseMendedKey(key)) return ignored('mended_object', key);
  const dataset = deps.findDataset(incoming.dataset);
  if (!dataset) return failed('unknown_dataset', key);

  const run: RunInput = { runId: runIdOf(dataset.name, object), dataset: dataset.name, asOf: at, object };
  const { delimiter } = dataset.source;
  const chosen = chooseWorkflow(
    { size, plainCsv: isPlainCsv(dataset, key), delimiter },
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

/** An object that stands for a folder: S3's console makes the first kind, Hadoop the second. */
const isFolderMarker = (key: string, size: number): boolean =>
  key.endsWith('/') || (size === 0 && key.endsWith('_$folder$'));

const ignored = (
  reason: Extract<Arrival, { outcome: 'ignored' }>['reason'],
  key: string | null,
): Arrival => ({
  outcome: 'ignored',
  reason,
  key,
});

const failed = (
  reason: Extract<Arrival, { outcome: 'failed' }>['reason'],
  key: string | null,
  error?: unknown,
): Arrival => ({ outcome: 'failed', reason, key, error: error instanceof Error ? error.name : null });
