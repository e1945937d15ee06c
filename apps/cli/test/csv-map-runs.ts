import type { ObjectStore } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import {
  createVirtualClock,
  type HistoryEvent,
  loadDefinition,
  startExecution,
  TaskError,
} from '@sluice/local-stepfunctions';
import { type HandledBatch, type ProcessRowsInput, processRowsInput } from '@sluice/step-contracts';
import { csvMapDefinition } from '@sluice/workflows';
import { z } from 'zod';
import type { MapRunRecord } from '../src/lake/map-run-record.ts';
import { mapRunFacts } from '../src/run/map-run-facts.ts';
import { countFailedAttempts } from '../src/run/observed.ts';
import type { Steps } from '../src/run/steps.ts';

export const ROWS_IN_BATCH = 5;

const lambda = (name: string) => ({ arn: name, timeoutSeconds: 60 });

export const csvMap = csvMapDefinition({
  functions: {
    validateObject: lambda('validate-object'),
    processRows: lambda('process-rows'),
    recordFailedRows: lambda('record-failed-rows'),
    collectMapRun: lambda('collect-map-run'),
    publishRun: lambda('publish-run'),
  },
  topicArn: 'arn:aws:sns:eu-central-1:123456789012:runs',
  curatedBucket: 'curated',
  delimiter: 'COMMA',
  map: {
    executionType: 'STANDARD',
    maxItemsPerBatch: ROWS_IN_BATCH,
    maxInputBytesPerBatch: 100_000,
    maxConcurrency: 1,
    toleratedFailurePercentage: 0,
  },
});

/**
 * What happens to a batch: it is processed, at the first or the second attempt; it is recorded as failed; its child
 * fails; the whole execution is stopped.
 */
export type Luck = 'processed' | 'retried' | 'recorded' | 'failed' | 'stopped';

interface Batches {
  readonly runId: string;
  readonly count: number;
  readonly luckOf: (batch: number) => Luck;
}

/** Takes batches of rows that are all accepted, but for the first one of each, through the real state machine. */
export const runBatches = async ({
  runId,
  count,
  luckOf,
}: Batches): Promise<{
  readonly history: readonly HistoryEvent[];
  readonly mapRun: MapRunRecord;
  readonly store: ObjectStore;
}> => {
  const store = memoryStore();
  const object = { bucket: 'raw', key: 'incoming/orders/large.csv' };
  const lines = Array.from({ length: count * ROWS_IN_BATCH }, (_, at) => `ORD-${at}`);
  const stored = await store.put(object, Buffer.from(`id\n${lines.join('\n')}\n`));
  if (stored.outcome !== 'stored') throw new Error('not stored');
  const stop = new AbortController();
  const clock = createVirtualClock(Date.parse('2026-11-21T14:00:00Z'));
  const retried = new Set<number>();
  const take = (milliseconds: number) => clock.sleep(milliseconds, new AbortController().signal);

  const handled = (items: ProcessRowsInput['items'], fates: Partial<HandledBatch>): HandledBatch => ({
    handled: 'processed',
    first: items[0].row,
    rows: items.length,
    part: 'a-part',
    accepted: items.length - 1,
    filtered: 0,
    quarantined: 1,
    ...fates,
  });
  const processRows = async (payload: unknown): Promise<HandledBatch> => {
    const { items } = processRowsInput.parse(payload);
    await take(20);
    const luck = luckOf(items[0].row / ROWS_IN_BATCH);
    if (luck === 'stopped') stop.abort();
    if (luck === 'retried' && !retried.has(items[0].row)) {
      retried.add(items[0].row);
      throw new TaskError('Lambda.ServiceException', 'try again');
    }
    if (luck === 'recorded' || luck === 'failed') throw new TaskError('Runtime.ExitError', 'with a cause');
    return handled(items, {});
  };
  const nothing = async () => ({});
  const steps: Steps = {
    validateObject: async () => ({ valid: true, format: 'csv', headerKnown: true, unknownColumns: [] }),
    scoreQuality: nothing,
    transformObject: nothing,
    processRows,
    recordFailedRows: async (payload) => {
      const { items } = processRowsInput.parse(payload);
      if (luckOf(items[0].row / ROWS_IN_BATCH) === 'failed') throw new TaskError('NoQueue', '');
      const { error } = z.object({ error: z.string() }).parse(payload);
      return handled(items, { handled: 'recorded_as_failed', accepted: 0, quarantined: items.length, error });
    },
    collectMapRun: async () => {
      await take(900);
      const quality = { passed: true, score: 93.5, threshold: 70, rowsIn: 0, report: object };
      return { quality, transform: { engine: 'typescript' } };
    },
    publishRun: async () => ({
      manifest: object,
      counts: { rowsIn: 0, accepted: 0, filtered: 0, duplicates: 0, quarantined: 0 },
    }),
  };
  const observed = countFailedAttempts(steps);
  const byName: Readonly<Record<string, (payload: unknown) => Promise<unknown>>> = {
    'validate-object': observed.steps.validateObject,
    'process-rows': observed.steps.processRows,
    'record-failed-rows': observed.steps.recordFailedRows,
    'collect-map-run': observed.steps.collectMapRun,
    'publish-run': observed.steps.publishRun,
  };
  const invocation = z.object({ FunctionName: z.string(), Payload: z.unknown() });
  const execution = startExecution(loadDefinition(csvMap), {
    name: runId,
    input: {
      runId,
      dataset: 'orders',
      asOf: '2026-11-21T14:00:00Z',
      object: { ...object, size: 1, etag: stored.etag },
    },
    clock,
    random: () => 0.5,
    signal: stop.signal,
    objects: {
      head: ({ bucket, key }) => store.head({ bucket, key }),
      read: ({ bucket, key }, options) => store.read({ bucket, key }, options),
      list: (bucket, prefix) => store.list(bucket, prefix),
      put: (at, body) => store.put(at, body),
    },
    handlers: {
      'lambda:invoke': async (input) => {
        const { FunctionName, Payload } = invocation.parse(input);
        return { Payload: await byName[FunctionName]?.(Payload) };
      },
      'sns:publish': nothing,
    },
  });
  await execution.result;
  const [mapRun] = execution.mapRuns();
  if (!mapRun) throw new Error('there was no Map Run');
  return {
    store,
    history: execution.history(),
    mapRun: await mapRunFacts(store, runId, mapRun, observed.attempts),
  };
};
