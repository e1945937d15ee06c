import { type ObjectStore, readBytes } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import {
  createMemoryJournal,
  type ExecutionJournal,
  loadDefinition,
  redriveExecution,
  startExecution,
  TaskError,
} from '@sluice/local-stepfunctions';
import { openObject } from '@sluice/record-transform';
import type { StateMachine } from '@sluice/workflows';
import { messyOrders } from '../../src/demo/messy-orders.ts';
import { csvMapMachine } from '../../src/run/csv-map-machine.ts';
import { etlMachine } from '../../src/run/etl-machine.ts';
import { type Steps, stepsOf } from '../../src/run/steps.ts';
import { taskHandlers } from '../../src/run/task-handlers.ts';
import { AS_OF } from '../orders.ts';

/** Rows of every fate, in three batches of csv-map. */
export const ROWS = 1200;
const content = Buffer.concat([...messyOrders(ROWS)]);

/** What goes wrong around a run. */
export interface Faults {
  readonly steps?: (steps: Steps, store: ObjectStore) => Partial<Steps>;
  /** What the steps and the Map see in the place of the store. */
  readonly store?: (store: ObjectStore) => Partial<ObjectStore>;
  readonly machine?: (machine: StateMachine) => StateMachine;
  /** The topic takes no message. */
  readonly topicIsDown?: true;
}

/** A lake in memory with an object that has arrived. */
export interface SmallLake {
  readonly store: ObjectStore;
  readonly run: {
    readonly runId: string;
    readonly dataset: string;
    readonly asOf: string;
    readonly object: {
      readonly bucket: string;
      readonly key: string;
      readonly size: number;
      readonly etag: string;
    };
  };
  readonly journal: ExecutionJournal;
  readonly scratchDir: string;
}

export const newLake = async (scratchDir: string): Promise<SmallLake> => {
  const store = memoryStore();
  const object = { bucket: 'raw', key: 'incoming/orders/a.csv', size: content.length };
  const stored = await store.put(object, content);
  if (stored.outcome !== 'stored') throw new Error('not stored');
  const run = { runId: 'orders-1', dataset: 'orders', asOf: AS_OF, object: { ...object, etag: stored.etag } };
  return { store, run, journal: createMemoryJournal(), scratchDir };
};

export interface Outcome {
  readonly status: string;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** Subjects and texts of the notifications. */
  readonly told: readonly string[];
  readonly letters: readonly { readonly error: string; readonly rows: { readonly from: number } }[];
  /** How often each step was called: of the batches the second one's, which starts at row 500. */
  readonly calls: Readonly<Record<string, number>>;
}

const isOfAnotherBatch = (payload: unknown): boolean =>
  typeof payload === 'object' &&
  payload !== null &&
  'items' in payload &&
  Array.isArray(payload.items) &&
  payload.items[0]?.row !== 500;

const counted = (steps: Steps, calls: Record<string, number>): Steps => {
  const count =
    (name: keyof Steps) =>
    (payload: unknown): Promise<unknown> => {
      if (!isOfAnotherBatch(payload)) calls[name] = (calls[name] ?? 0) + 1;
      return steps[name](payload);
    };
  return {
    validateObject: count('validateObject'),
    scoreQuality: count('scoreQuality'),
    transformObject: count('transformObject'),
    processRows: count('processRows'),
    recordFailedRows: count('recordFailedRows'),
    collectMapRun: count('collectMapRun'),
    publishRun: count('publishRun'),
  };
};

/** Takes the object through a state machine, or on through it. Waits take no time: jitter is none. */
export const runIn = async (
  { store: kept, run, journal, scratchDir }: SmallLake,
  faults: Faults = {},
  how: 'start' | 'redrive' | 'etl' = 'start',
): Promise<Outcome> => {
  const store = { ...kept, ...faults.store?.(kept) };
  const [letters, told, calls]: [Outcome['letters'][number][], string[], Record<string, number>] = [
    [],
    [],
    {},
  ];
  const steps = stepsOf({
    store,
    scratchDir,
    pseudonymKey: undefined,
    open: openObject,
    onProgress: () => undefined,
    onDeadLetter: (letter) => letters.push(letter),
  });
  const around = {
    random: () => 0,
    objects: {
      head: ({ bucket, key }: { readonly bucket: string; readonly key: string }) =>
        store.head({ bucket, key }),
      read: ({ bucket, key }: { readonly bucket: string; readonly key: string }, options?: object) =>
        store.read({ bucket, key }, options),
      list: store.list,
      put: store.put,
    },
    handlers: taskHandlers({
      steps: counted({ ...steps, ...faults.steps?.(steps, kept) }, calls),
      notify: (subject, message) => {
        if (faults.topicIsDown) throw new TaskError('SNS.AuthorizationErrorException', 'not authorized');
        told.push(`${subject}\n${message}`);
      },
      crawl: async () => undefined,
      runSpark: () => Promise.reject(new Error('Spark was asked for')),
    }),
  };
  const definition = how === 'etl' ? etlMachine() : csvMapMachine('COMMA', 500);
  const machine = loadDefinition(faults.machine?.(definition) ?? definition);
  const execution =
    how === 'redrive'
      ? await redriveExecution(machine, { ...around, journal })
      : startExecution(machine, {
          ...around,
          name: run.runId,
          input: run,
          ...(how === 'start' && { journal }),
        });
  const { status, error, cause } = await execution.result;
  return { status, error, cause, told, letters, calls };
};

/** All that is in the lake but for the results of Map Runs, which have names of their own each time. */
export const lakeOf = async ({ store }: SmallLake): Promise<Readonly<Record<string, string>>> => {
  const found: Record<string, string> = {};
  for (const bucket of ['raw', 'curated'])
    for await (const { key, etag } of store.list(bucket, ''))
      if (!key.startsWith('map-results/')) found[`${bucket}/${key}`] = etag;
  return found;
};

export const textOf = async ({ store }: SmallLake, key: string): Promise<string> =>
  String(Buffer.from((await readBytes(store, { bucket: 'curated', key })) ?? []));
