import { setTimeout as sleep } from 'node:timers/promises';
import {
  always,
  anObject,
  done,
  type Fault,
  failed,
  fails,
  once,
  processing,
  secondPart,
  setAside,
  timingOut,
  tolerating,
} from './fault.ts';

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
    what: 'Lambda throttles it for good',
    faults: always('Lambda.TooManyRequestsException', 'Rate exceeded'),
    sees: 'dead letter `Lambda.TooManyRequestsException`, `not_processed` in the counts',
    retried: ['ProcessRows', 6],
    ...setAside,
  },
  {
    what: 'The function dies before it has written the part of its batch',
    faults: always('Runtime.ExitError', 'RequestId: … Error: Runtime exited with error: signal: killed'),
    sees: 'dead letter `Runtime.ExitError`, `not_processed` in the counts',
    retried: ['ProcessRows', 2],
    ...setAside,
  },
  {
    what: 'The function dies after that',
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
    what: 'The function does not answer, once',
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
    what: 'The function never answers in time',
    faults: always('States.Timeout', ''),
    sees: 'dead letter `States.Timeout`, `not_processed` in the counts',
    retried: ['ProcessRows', 2],
    ...setAside,
  },
  {
    what: 'The function throws: a bug, a permission',
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
    what: 'The bucket takes no part of a batch at all',
    faults: {
      store: (store) => ({
        put: (at, body, options) =>
          at.key.startsWith(secondPart)
            ? fails('AccessDenied', 'not authorized to perform: s3:PutObject')
            : store.put(at, body, options),
      }),
    },
    sees: '`States.ExceedToleratedFailureThreshold`, in `map-results` `AccessDenied`',
    retried: ['ProcessRows', 3],
    ...failed,
  },
  {
    what: 'The DynamoDB table does not take all items, once',
    faults: once('ItemsNotTaken', 'the table has not taken 25 items in time'),
    sees: 'nothing but a longer run',
    retried: ['ProcessRows', 1],
    ...done,
  },
  {
    what: 'The table never takes all of them',
    faults: always('ItemsNotTaken', 'the table has not taken 25 items in time'),
    sees: 'dead letter `ItemsNotTaken`, `not_processed` in the counts',
    retried: ['ProcessRows', 3],
    ...setAside,
  },
  {
    what: 'The rows of a batch are set aside, and the queue of dead letters does not answer, once',
    faults: {
      steps: (steps) => {
        let attempt = 0;
        return {
          ...processing(() => fails('AccessDenied', ''))(steps),
          recordFailedRows: async (payload) => {
            const answer = await steps.recordFailedRows(payload);
            attempt += 1;
            return attempt === 1 ? fails('ServiceUnavailable', '') : answer;
          },
        };
      },
    },
    sees: 'dead letter `AccessDenied`, maybe twice; `not_processed` in the counts',
    retried: ['RecordFailedRows', 1],
    ...setAside,
  },
  {
    what: 'The function answers with more than 256 KiB',
    faults: {
      steps: processing(async (payload, steps) => ({
        ...anObject.parse(await steps.processRows(payload)),
        note: 'x'.repeat(256 * 1024),
      })),
    },
    sees: '`States.ExceedToleratedFailureThreshold`, in `map-results` `States.DataLimitExceeded`',
    ...failed,
  },
  {
    what: 'It does, where that many failed rows are tolerated',
    faults: {
      machine: tolerating,
      steps: processing(async (payload, steps) => ({
        ...anObject.parse(await steps.processRows(payload)),
        note: 'x'.repeat(256 * 1024),
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
    what: 'They cannot, where that many failed rows are tolerated',
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
