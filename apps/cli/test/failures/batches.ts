import { setTimeout as sleep } from 'node:timers/promises';
import { type ObjectStore, readBytes } from '@sluice/lake-storage';
import { TaskError } from '@sluice/local-stepfunctions';
import type { StateMachine } from '@sluice/workflows';
import { z } from 'zod';
import type { Steps } from '../../src/run/steps.ts';
import type { Faults } from './csv-map-run.ts';
import type { Failure } from './failure.ts';

/** Something that goes wrong while an object goes through csv-map, in its second batch or behind the batches. */
export interface Fault extends Failure {
  readonly faults: Faults;
}

const ofBatch = z.object({ items: z.tuple([z.object({ row: z.int() })], z.unknown()) });
const isSecond = (payload: unknown): boolean => ofBatch.parse(payload).items[0].row === 500;

/** What processing the second batch comes to instead; `attempt` counts from 1. */
const processing =
  (instead: (payload: unknown, steps: Steps, attempt: number) => Promise<unknown>) =>
  (steps: Steps): Partial<Steps> => {
    let attempt = 0;
    return {
      processRows: (payload) => {
        if (!isSecond(payload)) return steps.processRows(payload);
        attempt += 1;
        return instead(payload, steps, attempt);
      },
    };
  };

const fails = (name: string, cause: string): Promise<never> => Promise.reject(new TaskError(name, cause));
const always = (name: string, cause: string): Faults => ({ steps: processing(() => fails(name, cause)) });
const once = (name: string, cause: string): Faults => ({
  steps: processing((payload, steps, attempt) =>
    attempt === 1 ? fails(name, cause) : steps.processRows(payload),
  ),
});

/** The Map with other settings. */
const withMap =
  (change: (map: MapState) => MapState) =>
  (machine: StateMachine): StateMachine => {
    const map = machine.States.ProcessCsvRows;
    if (map?.Type !== 'Map') throw new Error('no Map');
    return { ...machine, States: { ...machine.States, ProcessCsvRows: change(map) } };
  };
type MapState = Extract<StateMachine['States'][string], { Type: 'Map' }>;
const tolerating = withMap((map) => ({ ...map, ToleratedFailurePercentage: 50 }));
const timingOut = withMap((map) => {
  const { ProcessRows, ...others } = map.ItemProcessor.States;
  if (!ProcessRows) throw new Error('no ProcessRows');
  const States = { ProcessRows: { ...ProcessRows, TimeoutSeconds: 1 }, ...others };
  return { ...map, ItemProcessor: { ...map.ItemProcessor, States } };
});

/** Changes what is in the store before the batches are put together. */
const beforeCollecting =
  (change: (store: ObjectStore) => Promise<void>) =>
  (steps: Steps, store: ObjectStore): Partial<Steps> => ({
    collectMapRun: async (payload) => {
      await change(store);
      return steps.collectMapRun(payload);
    },
  });

const rewrite = async (
  store: ObjectStore,
  prefix: string,
  change: (text: string) => string,
): Promise<void> => {
  for await (const { key } of store.list('curated', prefix)) {
    const at = { bucket: 'curated', key };
    const text = String(Buffer.from((await readBytes(store, at)) ?? []));
    await store.put(at, Buffer.from(change(text)));
  }
};
const results = 'map-results/orders-1/';
const secondPart = 'staging/orders-1/parts/500-';

const done = { exitCode: 0, rows: 'published', type: 'nothing' } as const;
const setAside = { exitCode: 0, rows: 'setAside', type: 'replay' } as const;
const failed = { exitCode: 1, rows: 'raw', type: 'redrive' } as const;

const lost = (bytes: number): string => 'x'.repeat(bytes);

/** What goes wrong in a batch. Its waits are those of the state machine: up to 2, 4, 8 … seconds. */
export const batchFaults: readonly Fault[] = [
  {
    what: 'Lambda throttles the function of a batch, then has room',
    faults: once('Lambda.TooManyRequestsException', 'Rate exceeded'),
    sees: 'nothing but a longer run',
    retried: ['ProcessRows', 1],
    ...done,
  },
  {
    what: 'Lambda throttles it all the time',
    faults: always('Lambda.TooManyRequestsException', 'Rate exceeded'),
    sees: 'dead letter `Lambda.TooManyRequestsException`, `not_processed` in the counts',
    retried: ['ProcessRows', 6],
    ...setAside,
  },
  {
    what: 'The function of a batch dies before it has written its part',
    faults: always('Runtime.ExitError', 'RequestId: … Error: Runtime exited with error: signal: killed'),
    sees: 'dead letter `Runtime.ExitError`, `not_processed` in the counts',
    retried: ['ProcessRows', 2],
    ...setAside,
  },
  {
    what: 'It dies after it has written its part',
    faults: {
      steps: processing(async (payload, steps) => {
        await steps.processRows(payload);
        return fails('Runtime.ExitError', 'a moment too late');
      }),
    },
    sees: 'nothing; the part says that its rows are done',
    retried: ['ProcessRows', 2],
    ...done,
  },
  {
    what: 'It does not answer, once',
    faults: {
      machine: timingOut,
      steps: processing((payload, steps, attempt) =>
        attempt === 1 ? sleep(60_000, null, { ref: false }) : steps.processRows(payload),
      ),
    },
    sees: 'nothing but a longer run',
    retried: ['ProcessRows', 1],
    ...done,
  },
  {
    what: 'It never answers in time',
    faults: always('States.Timeout', ''),
    sees: 'dead letter `States.Timeout`, `not_processed` in the counts',
    retried: ['ProcessRows', 2],
    ...setAside,
  },
  {
    what: 'It throws: a bug, a permission',
    faults: always('AccessDenied', 'not authorized to perform: s3:PutObject'),
    sees: 'dead letter `AccessDenied`, `not_processed` in the counts',
    retried: ['ProcessRows', 3],
    ...setAside,
  },
  {
    what: 'The bucket is busy for a moment',
    faults: {
      store: (store) => {
        let left = 2;
        return {
          put: (at, body, options) => {
            if (!at.key.startsWith(secondPart) || left === 0) return store.put(at, body, options);
            left -= 1;
            return Promise.reject(
              Object.assign(new Error('Please reduce your request rate.'), { name: 'SlowDown' }),
            );
          },
        };
      },
    },
    sees: 'nothing but a longer run',
    retried: ['ProcessRows', 2],
    ...done,
  },
  {
    what: 'The DynamoDB table does not take all items, then does',
    faults: once('ItemsNotTaken', 'the table has not taken 25 items in time'),
    sees: 'nothing but a longer run',
    retried: ['ProcessRows', 1],
    ...done,
  },
  {
    what: 'The table takes too few all the time',
    faults: always('ItemsNotTaken', 'the table has not taken 25 items in time'),
    sees: 'dead letter `ItemsNotTaken`, `not_processed` in the counts',
    retried: ['ProcessRows', 3],
    ...setAside,
  },
  {
    what: 'It answers with more than 256 KiB',
    faults: {
      steps: processing(async (payload, steps) => ({
        ...z
          .object({})
          .loose()
          .parse(await steps.processRows(payload)),
        note: lost(256 * 1024),
      })),
    },
    sees: '`States.ExceedToleratedFailureThreshold`, in `map-results` `States.DataLimitExceeded`',
    ...failed,
  },
  {
    what: 'The same, where that many failed rows are tolerated',
    faults: {
      machine: tolerating,
      steps: processing(async (payload, steps) => ({
        ...z
          .object({})
          .loose()
          .parse(await steps.processRows(payload)),
        note: lost(256 * 1024),
      })),
    },
    sees: 'nothing; the part says that its rows are done',
    ...done,
  },
  {
    what: 'A batch fails, and its rows cannot be recorded either',
    faults: {
      steps: (steps) => ({
        ...processing(() => fails('AccessDenied', ''))(steps),
        recordFailedRows: () => fails('QueueDoesNotExist', ''),
      }),
    },
    sees: '`States.ExceedToleratedFailureThreshold`, in `map-results` `QueueDoesNotExist`',
    retried: ['RecordFailedRows', 3],
    ...failed,
  },
  {
    what: 'The same, where that many failed rows are tolerated',
    faults: {
      machine: tolerating,
      steps: (steps) => ({
        ...processing(() => fails('AccessDenied', ''))(steps),
        recordFailedRows: () => fails('QueueDoesNotExist', ''),
      }),
    },
    sees: '`not_processed` in the counts, no dead letter',
    retried: ['RecordFailedRows', 3],
    ...setAside,
  },
];

/** What goes wrong behind the batches. */
export const collectingFaults: readonly Fault[] = [
  {
    what: 'A batch is not in the results',
    faults: {
      steps: beforeCollecting((store) =>
        rewrite(store, results, (text) =>
          text.startsWith('{"DestinationBucket"')
            ? text
            : text
                .split('\n')
                .filter((line) => !line.includes('"first":500'))
                .join('\n'),
        ),
      ),
    },
    sees: '`MapRunIncomplete`: `Rows 501 to 1000 are in no batch of the Map Run.`',
    ...failed,
    type: 'again',
  },
  {
    what: 'A batch answers with more rows than it was given',
    faults: {
      steps: processing(async (payload, steps) => ({
        ...z
          .object({})
          .loose()
          .parse(await steps.processRows(payload)),
        rows: 501,
      })),
    },
    sees: '`MapRunIncomplete`: `Row 1001 is in two batches of the Map Run.`',
    ...failed,
    type: 'again',
  },
  {
    what: 'The results of the Map Run cannot be written',
    faults: {
      store: (store) => ({
        put: (at, body, options) =>
          at.key.startsWith(results)
            ? Promise.reject(new Error('Access Denied'))
            : store.put(at, body, options),
      }),
    },
    sees: '`States.ResultWriterFailed`: `Access Denied`',
    ...failed,
  },
  {
    what: 'A part has vanished from staging',
    faults: {
      steps: beforeCollecting(async (store) => {
        await store.delete({ bucket: 'curated', key: `${secondPart}500.jsonl` });
      }),
    },
    sees: '`MapRunIncomplete`: `The part with rows 501 to 1000 is not in staging.`',
    ...failed,
    type: 'again',
  },
  {
    what: 'A part is cut',
    faults: { steps: beforeCollecting((store) => rewrite(store, secondPart, (text) => text.slice(0, -200))) },
    sees: '`BrokenPart`: `the part of item 500 is not whole`',
    ...failed,
    type: 'again',
  },
  {
    what: 'Parts were made by two versions of the dataset, or for two times',
    faults: {
      steps: (steps) => ({
        processRows: (payload) =>
          steps.processRows(
            isSecond(payload)
              ? { ...z.object({}).loose().parse(payload), asOf: '2024-01-01T00:00:00.000Z' }
              : payload,
          ),
      }),
    },
    sees: '`MixedParts`: `The part with rows 501 to 1000 was made by another version of the dataset, or for another time.`',
    ...failed,
    type: 'again',
  },
  {
    what: 'The reader gives a batch another row than the object has',
    faults: {
      steps: (steps) => ({
        processRows: (payload) =>
          steps.processRows(
            isSecond(payload)
              ? JSON.parse(JSON.stringify(payload).replaceAll('example.com', 'example.org'))
              : payload,
          ),
      }),
    },
    sees: "`ReaderDisagreement`: `is not in the object what the Map Run's reader took for it`",
    ...failed,
    type: 'etl',
  },
  {
    what: 'The object is replaced while it is read',
    faults: {
      steps: beforeCollecting(async (store) => {
        await store.put({ bucket: 'raw', key: 'incoming/orders/a.csv' }, Buffer.from('id\n1\n'));
      }),
    },
    sees: '`LakeStorageError`: `start again with the new one`',
    ...failed,
    type: 'successor',
  },
  {
    what: 'Collecting dies, once',
    faults: {
      steps: (steps) => {
        let died = false;
        return {
          collectMapRun: async (payload) => {
            const answer = await steps.collectMapRun(payload);
            if (died) return answer;
            died = true;
            return fails('Runtime.ExitError', '');
          },
        };
      },
    },
    sees: 'nothing but a longer run',
    retried: ['CollectMapRun', 1],
    ...done,
  },
  {
    what: 'Collecting does not end in time',
    faults: { steps: () => ({ collectMapRun: () => fails('States.Timeout', '') }) },
    sees: '`States.Timeout`',
    retried: ['CollectMapRun', 2],
    ...failed,
  },
  {
    what: 'Publishing cannot write',
    faults: {
      store: (store) => ({
        copy: (from, to) =>
          to.key.startsWith('processed/') ? Promise.reject(new Error('Access Denied')) : store.copy(from, to),
      }),
    },
    sees: '`Access Denied`',
    ...failed,
  },
];
