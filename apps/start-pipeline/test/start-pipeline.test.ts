import { describe, expect, test } from '@jest/globals';
import { type Dataset, defineDataset, text } from '@sluice/record-schema';
import type { RunInput } from '@sluice/step-contracts';
import type { ChosenWorkflow } from '@sluice/workflows';
import { type StartPipelineDeps, startPipeline } from '../src/start-pipeline.ts';

const eventTime = '2026-11-20T10:00:00.000Z';
const record = (key: string, object: Record<string, unknown> = {}, eventName = 'ObjectCreated:Put') => ({
  eventName,
  eventTime,
  s3: { bucket: { name: 'raw' }, object: { key, size: 12, eTag: 'abc', sequencer: '00', ...object } },
});
const message = (messageId: string, ...records: readonly unknown[]) => ({
  messageId,
  body: JSON.stringify({ Records: records }),
});
const datasets: readonly Dataset[] = [
  defineDataset({ name: 'orders', fields: { id: text() } }),
  defineDataset({ name: 'exports', workflow: 'csv-map', source: { delimiter: ';' }, fields: { id: text() } }),
];

const setUp = (startExecution?: (run: RunInput) => Promise<'started' | 'exists'>) => {
  const started: RunInput[] = [];
  const machines: ChosenWorkflow[] = [];
  const deps: StartPipelineDeps = {
    findDataset: (name) => datasets.find((one) => one.name === name),
    lambdaMaxBytes: 1000,
    startExecution: async (run, chosen) => {
      started.push(run);
      machines.push(chosen);
      return startExecution ? startExecution(run) : 'started';
    },
    isElsewhere: async () => {
      throw new Error('nobody should ask');
    },
  };
  return { started, machines, deps };
};
const failures = (...ids: readonly string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('an object that was created in the raw zone', () => {
  test('starts a run with the time of the event as its clock', async () => {
    const { started, deps } = setUp();
    const result = await startPipeline({ Records: [message('m1', record('incoming/orders/a.csv'))] }, deps);
    expect(started).toEqual([
      {
        runId: expect.stringMatching(/^orders-[0-9a-f]{32}$/),
        dataset: 'orders',
        asOf: eventTime,
        object: { bucket: 'raw', key: 'incoming/orders/a.csv', size: 12, etag: 'abc' },
      },
    ]);
    expect(result.response).toEqual(failures());
  });

  test.each([
    ['a blank', 'incoming/orders/a+b.csv', 'incoming/orders/a b.csv'],
    ['a plus', 'incoming/orders/a%2Bb.csv', 'incoming/orders/a+b.csv'],
    ['other scripts', 'incoming/orders/%E6%B3%A8%E6%96%87.csv', 'incoming/orders/注文.csv'],
    ['a percent sign', 'incoming/orders/100%25.csv', 'incoming/orders/100%.csv'],
    ['folders', 'incoming/orders/2026/11/a.csv', 'incoming/orders/2026/11/a.csv'],
  ])('is named by its key as it is, with %s in it', async (_what, encoded, key) => {
    const { started, deps } = setUp();
    await startPipeline({ Records: [message('m1', record(encoded))] }, deps);
    expect(started.map(({ object }) => object.key)).toEqual([key]);
  });

  test('starts a run of its own for each of its versions', async () => {
    const { started, deps } = setUp();
    const versions = ['v1', 'v2'].map((versionId) => record('incoming/orders/a.csv', { versionId }));
    await startPipeline({ Records: [message('m1', ...versions)] }, deps);
    expect(started.map(({ object }) => object.versionId)).toEqual(['v1', 'v2']);
    expect(new Set(started.map(({ runId }) => runId)).size).toBe(2);
  });

  test('starts nothing when its event comes again', async () => {
    const { started, deps } = setUp(async () => 'exists');
    const one = message('m1', record('incoming/orders/a.csv'));
    const { arrivals, response } = await startPipeline({ Records: [one, { ...one, messageId: 'm2' }] }, deps);
    expect(new Set(started.map(({ runId }) => runId)).size).toBe(1);
    expect(arrivals.map(({ outcome }) => outcome)).toEqual(['exists', 'exists']);
    expect(response).toEqual(failures());
  });

  test('starts a run even if it is empty: validation says what is wrong with it', async () => {
    const { started, deps } = setUp();
    await startPipeline({ Records: [message('m1', record('incoming/orders/a.csv', { size: 0 }))] }, deps);
    expect(started).toHaveLength(1);
  });
});

describe('what is no object of ours', () => {
  test.each([
    ['a folder marker', 'incoming/orders/', 'folder_marker'],
    ['a folder marker of a folder', 'incoming/orders/2026/', 'folder_marker'],
    ['an object beside the incoming folder', 'archive/orders/a.csv', 'outside_incoming'],
    [
      'a mended object, whose run is started by whoever mended it',
      `incoming/orders/mended/orders-1/${'a'.repeat(32)}/1-${'b'.repeat(16)}/a.csv`,
      'mended_object',
    ],
    ['an object without a dataset', 'incoming/a.csv', 'outside_incoming'],
    ['a folder marker of Hadoop', 'incoming/orders/2026_$folder$', 'folder_marker'],
  ])('is ignored: %s', async (_what, key, reason) => {
    const { started, deps } = setUp();
    const event = record(key, { size: 0 });
    const { arrivals, response } = await startPipeline({ Records: [message('m1', event)] }, deps);
    expect({ started, arrivals, response }).toEqual({
      started: [],
      arrivals: [{ outcome: 'ignored', reason, key }],
      response: failures(),
    });
  });

  test('is ignored: the test that S3 sends first', async () => {
    const { deps } = setUp();
    const body = JSON.stringify({
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Time: eventTime,
      Bucket: 'raw',
    });
    const { arrivals, response } = await startPipeline({ Records: [{ messageId: 'm1', body }] }, deps);
    expect(arrivals).toEqual([{ outcome: 'ignored', reason: 'test_event', key: null }]);
    expect(response).toEqual(failures());
  });

  test('is ignored: the removal of an object, whose run stays', async () => {
    const { started, deps } = setUp();
    const object = { key: 'incoming/orders/a+b.csv', sequencer: '01' };
    const body = JSON.stringify({
      Records: [
        {
          eventName: 'ObjectRemoved:DeleteMarkerCreated',
          eventTime,
          s3: { bucket: { name: 'raw' }, object },
        },
        record('incoming/orders/c.csv'),
      ],
    });
    const { arrivals, response } = await startPipeline({ Records: [{ messageId: 'm1', body }] }, deps);
    expect(arrivals).toMatchObject([
      { outcome: 'ignored', reason: 'removed_object', key: 'incoming/orders/a b.csv' },
      { outcome: 'started' },
    ]);
    expect(started).toHaveLength(1);
    expect(response).toEqual(failures());
  });
});

describe('a message that cannot be handled comes again, alone', () => {
  test.each([
    ['that is no JSON', 'not json', 'unreadable_message'],
    ['that is no notification', '{"hello":"world"}', 'unreadable_message'],
    ['from another service', '{"source":"my.app","detail-type":"Object Created"}', 'unreadable_message'],
    [
      'with a record that has no size',
      message('', record('incoming/orders/a.csv', { size: undefined })).body,
      'unreadable_record',
    ],
    ['with a record that is none', message('', 'hello').body, 'unreadable_record'],
    [
      'with a key that is not encoded as it should be',
      message('', record('incoming/orders/%E0%A4%A.csv')).body,
      'unreadable_key',
    ],
    ['about an unknown dataset', message('', record('incoming/nobody/a.csv')).body, 'unknown_dataset'],
  ])('one %s', async (_what, body, reason) => {
    const { started, deps } = setUp();
    const good = message('good', record('incoming/orders/a.csv'));
    const result = await startPipeline({ Records: [{ messageId: 'bad', body }, good] }, deps);
    expect(result.response).toEqual(failures('bad'));
    expect(result.arrivals).toContainEqual(expect.objectContaining({ outcome: 'failed', reason }));
    expect(started).toHaveLength(1);
  });

  test.each([
    'ThrottlingException',
    'ExecutionLimitExceeded',
    'TooManyRequestsException',
    'KmsThrottlingException',
  ])('one whose execution does not start: %s', async (name) => {
    const { deps } = setUp(async ({ object }) => {
      if (object.key.endsWith('b.csv')) throw Object.assign(new Error('slow down'), { name });
      return 'started';
    });
    const records = ['a', 'b', 'c'].map((name) => message(name, record(`incoming/orders/${name}.csv`)));
    const { response, arrivals } = await startPipeline({ Records: records }, deps);
    expect(response).toEqual(failures('b'));
    expect(arrivals).toContainEqual(
      expect.objectContaining({ reason: 'not_started', error: name, key: 'incoming/orders/b.csv' }),
    );
  });

  test('one of whose objects only one fails', async () => {
    const { started, deps } = setUp();
    const records = [
      record('incoming/orders/a.csv'),
      'hello',
      record('incoming/nobody/a.csv'),
      record('incoming/orders/b.csv'),
    ];
    const { response } = await startPipeline({ Records: [message('m1', ...records)] }, deps);
    expect(response).toEqual(failures('m1'));
    expect(started.map(({ object }) => object.key)).toEqual([
      'incoming/orders/a.csv',
      'incoming/orders/b.csv',
    ]);
  });
});

describe('the state machine', () => {
  const machineOf = async (key: string, size: number) => {
    const { machines, deps } = setUp();
    const { arrivals } = await startPipeline({ Records: [message('m1', record(key, { size }))] }, deps);
    expect(arrivals).toMatchObject([{ outcome: 'started', workflow: machines[0]?.workflow }]);
    return machines;
  };

  test('of a large CSV object is csv-map, of its delimiter', async () => {
    expect(await machineOf('incoming/orders/a.csv', 1001)).toEqual([
      { workflow: 'csv-map', delimiter: 'COMMA' },
    ]);
    expect(await machineOf('incoming/exports/a.csv', 1)).toEqual([
      { workflow: 'csv-map', delimiter: 'SEMICOLON' },
    ]);
  });

  test.each([
    ['fits a Lambda', 'incoming/orders/a.csv', 1000],
    ['is large and gzipped', 'incoming/orders/a.csv.gz', 1001],
    ['is large and JSON', 'incoming/orders/a.json', 1001],
    ['has no extension, which validation says', 'incoming/orders/a', 1001],
  ])('of an object that %s is etl', async (_what, key, size) => {
    expect(await machineOf(key, size)).toEqual([{ workflow: 'etl' }]);
  });
});

describe('a message that was handed over before', () => {
  const again = {
    ...message('m1', record('incoming/orders/a.csv')),
    attributes: { ApproximateReceiveCount: 2 },
  };

  test('starts nothing if its run is in another state machine: the settings have changed meanwhile', async () => {
    const { started, deps } = setUp();
    const isElsewhere: StartPipelineDeps['isElsewhere'] = async (_run, { workflow }) => workflow === 'etl';
    const { arrivals, response } = await startPipeline({ Records: [again] }, { ...deps, isElsewhere });
    expect(arrivals).toMatchObject([{ outcome: 'exists' }]);
    expect(response).toEqual(failures());
    expect(started).toEqual([]);
  });

  test('starts its run if there is none', async () => {
    const { started, deps } = setUp();
    await startPipeline({ Records: [again] }, { ...deps, isElsewhere: async () => false });
    expect(started).toHaveLength(1);
  });

  test('comes again if nobody can say', async () => {
    const { started, deps } = setUp();
    const { response } = await startPipeline({ Records: [again] }, deps);
    expect(response).toEqual(failures('m1'));
    expect(started).toEqual([]);
  });
});
