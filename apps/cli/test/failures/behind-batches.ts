import {
  anObject,
  beforeCollecting,
  done,
  type Fault,
  failed,
  fails,
  isSecond,
  processing,
  results,
  rewrite,
  secondPart,
} from './fault.ts';

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
        ...anObject.parse(await steps.processRows(payload)),
        rows: 501,
      })),
    },
    sees: '`MapRunIncomplete`: `Row 1001 is in two batches of the Map Run.`',
    ...failed,
    type: 'again',
  },
  {
    what: 'The reader loses its connection to the bucket',
    faults: {
      store: (store) => ({
        read: async (at, options) => {
          const body = await store.read(at, options);
          if (at.bucket !== 'raw' || options?.ifMatch !== undefined || body === null) return body;
          return (async function* () {
            for await (const chunk of body) yield chunk.subarray(0, 20_000);
            throw new Error('connection reset');
          })();
        },
      }),
    },
    sees: '`States.ItemReaderFailed`: `connection reset`',
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
            isSecond(payload) ? { ...anObject.parse(payload), asOf: '2024-01-01T00:00:00.000Z' } : payload,
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
    what: 'What is staged is not what was counted',
    faults: {
      steps: (steps, store) => ({
        publishRun: async (payload) => {
          await rewrite(store, 'staging/orders-1/quarantine', (text) => text.slice(text.indexOf('\n') + 1));
          return steps.publishRun(payload);
        },
      }),
    },
    sees: '`LawViolation`, with all the numbers',
    ...failed,
    type: 'developer',
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
  {
    what: 'The rows are published, and nobody can be told',
    faults: { topicIsDown: true },
    sees: '`SNS.AuthorizationErrorException`; the manifest says `published`',
    ...failed,
    rows: 'published',
    type: 'again',
  },
];
