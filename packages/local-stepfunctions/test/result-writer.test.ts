import { describe, expect, test } from '@jest/globals';
import { ResultFiles } from '../src/distributed-map/result-file.ts';
import type { ObjectStore, TaskHandlers } from '../src/index.ts';
import { createVirtualClock } from '../src/index.ts';
import {
  CSV,
  distributed,
  EXPRESS,
  failing,
  nonZero,
  PUT,
  readerOf,
  runMap,
  TASK_PROCESSOR,
  WRITER,
} from './distributed-machine.ts';
import { memoryObjects } from './memory-objects.ts';

// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html; quoted rules were observed on AWS.

const withConfig = (WriterConfig: object) => ({
  ResultWriter: { ...WRITER.ResultWriter, WriterConfig },
});

/** Of the items 0 to 4 the third fails; one at a time. */
const SOME_FAIL = {
  input: [0, 1, 2, 3, 4],
  handlers: failing((input) => input === 2),
  clock: createVirtualClock(1_000),
};

async function write(fields: object, options: object = SOME_FAIL) {
  const objects = memoryObjects();
  const run = await runMap(distributed({ MaxConcurrency: 1, ...fields }), { objects, ...options });
  const folder = `out/results/${run.id}`;
  return {
    ...run,
    objects,
    folder,
    names: [...objects.files.keys()].map((path) => path.replace(folder, '')),
  };
}

describe('a ResultWriter', () => {
  test('"<prefix>/<map run uuid>/manifest.json and SUCCEEDED_0.json, FAILED_0.json, PENDING_0.json; keys DestinationBucket, MapRunArn, ResultFiles {Key, Size}. Written for failed runs too."', async () => {
    const { result, mapRun, objects, folder, id } = await write(WRITER);
    expect(result.error).toBe('States.ExceedToleratedFailureThreshold');
    const entry = (name: string) => ({
      Key: `results/${id}/${name}_0.json`,
      Size: objects.files.get(`${folder}/${name}_0.json`)?.length,
    });
    expect(objects.json(`${folder}/manifest.json`)).toEqual({
      DestinationBucket: 'out',
      MapRunArn: mapRun?.mapRunArn,
      ResultFiles: {
        FAILED: [entry('FAILED')],
        PENDING: [entry('PENDING')],
        SUCCEEDED: [entry('SUCCEEDED')],
      },
    });
    expect(nonZero(mapRun?.itemCounts)).toEqual({
      succeeded: 2,
      failed: 1,
      pending: 2,
      total: 5,
      resultsWritten: 3,
    });
  });

  test('"(or .jsonl)"', async () => {
    const { objects, folder, names } = await write(withConfig({ OutputType: 'JSONL' }));
    expect(names.sort()).toEqual([
      '/FAILED_0.jsonl',
      '/PENDING_0.jsonl',
      '/SUCCEEDED_0.jsonl',
      '/manifest.json',
    ]);
    expect(objects.lines(`${folder}/SUCCEEDED_0.jsonl`)).toHaveLength(2);
  });

  test('"a kind with no item has no file and [] in the manifest"', async () => {
    const { objects, folder, names } = await write(WRITER, { input: [] });
    expect(names).toEqual(['/manifest.json']);
    expect(objects.json(`${folder}/manifest.json`)).toMatchObject({
      ResultFiles: { FAILED: [], PENDING: [], SUCCEEDED: [] },
    });
  });

  test('"Input and Output inside are JSON strings"', async () => {
    const { objects, folder, mapRun } = await write({ ...WRITER, Label: 'Rows' });
    const machine = 'local:000000000000:stateMachine:state-machine/Rows';
    const child = (value: number, fields: object) => ({
      ExecutionArn: expect.stringMatching(
        /^arn:aws:states:local:000000000000:execution:state-machine\/Rows:/,
      ),
      Input: String(value),
      InputDetails: { Included: true },
      Name: expect.stringMatching(/^[0-9a-f-]{36}$/),
      RedriveCount: 0,
      StartDate: '1970-01-01T00:00:01.000Z',
      StateMachineArn: `arn:aws:states:${machine}`,
      StopDate: '1970-01-01T00:00:01.000Z',
      ...fields,
    });
    const succeeded = {
      Status: 'SUCCEEDED',
      OutputDetails: { Included: true },
      RedriveStatus: 'NOT_REDRIVABLE',
      RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    };
    expect(objects.json(`${folder}/SUCCEEDED_0.json`)).toEqual([
      child(0, { ...succeeded, Output: '0' }),
      child(1, { ...succeeded, Output: '1' }),
    ]);
    expect(objects.json(`${folder}/FAILED_0.json`)).toEqual([
      child(2, { Status: 'FAILED', Error: 'Bad', Cause: 'a bad item', RedriveStatus: 'REDRIVABLE' }),
    ]);
    expect(mapRun?.mapRunArn).toContain(':mapRun:state-machine/Rows:');
  });

  test('"PENDING entries have Input, InputDetails and Status only."', async () => {
    const { objects, folder } = await write(WRITER);
    expect(objects.json(`${folder}/PENDING_0.json`)).toEqual([
      { Input: '3', InputDetails: { Included: true }, Status: 'PENDING' },
      { Input: '4', InputDetails: { Included: true }, Status: 'PENDING' },
    ]);
  });

  test('"The state\'s output is {MapRunArn, ResultWriterDetails: {Bucket, Key}}."', async () => {
    const { result, mapRun, id } = await write(WRITER, { input: [1] });
    expect(result.output).toEqual({
      MapRunArn: mapRun?.mapRunArn,
      ResultWriterDetails: { Bucket: 'out', Key: `results/${id}/manifest.json` },
    });
  });

  test('without a Prefix writes at the top of the bucket', async () => {
    const { objects, id } = await write(
      { ResultWriter: { Resource: PUT, Parameters: { 'Bucket.$': '$.bucket' } }, ItemsPath: '$.items' },
      { input: { bucket: 'b', items: [] } },
    );
    expect([...objects.files.keys()]).toEqual([`b/${id}/manifest.json`]);
  });

  test('puts children that were stopped or timed out among the failed', async () => {
    const clock = createVirtualClock();
    const waits = { ...EXPRESS, StartAt: 'W', States: { W: { Type: 'Wait', SecondsPath: '$', End: true } } };
    const objects = memoryObjects();
    const { id } = await runMap(distributed({ ...WRITER, MaxConcurrency: 2 }, waits), {
      objects,
      clock,
      input: [400, 1, 500],
    });
    const statuses = objects.json(`out/results/${id}/FAILED_0.json`);
    expect(statuses).toEqual([
      expect.objectContaining({
        Status: 'TIMED_OUT',
        Error: 'States.Timeout',
        RedriveStatus: 'REDRIVABLE_BY_MAP_RUN',
      }),
      expect.objectContaining({ Status: 'ABORTED' }),
    ]);
    expect(objects.json(`out/results/${id}/SUCCEEDED_0.json`)).toEqual([
      expect.objectContaining({ ExecutionArn: expect.stringContaining(':express:state-machine/Only:') }),
    ]);
  });

  test.each<[string, Partial<ObjectStore>]>([
    [
      'at the first byte',
      {
        put: async () => {
          throw new Error('Access Denied');
        },
      },
    ],
    [
      'at the end',
      {
        put: async (_, body) => {
          for await (const _part of body);
          throw new Error('Access Denied');
        },
      },
    ],
  ])('whose store fails %s fails the Map Run', async (_, broken) => {
    const objects = { ...memoryObjects(), ...broken };
    const { result, mapRun } = await runMap(distributed(WRITER), { objects, input: [1, 2] });
    expect(result).toMatchObject({ error: 'States.ResultWriterFailed', cause: 'Access Denied' });
    expect(mapRun?.status).toBe('FAILED');
  });

  test('makes the children wait while the store is slow', async () => {
    const objects = memoryObjects({ 'in/data': `a\n${'1\n'.repeat(5_000)}` });
    let read = 0;
    let written = 0;
    let mostAhead = 0;
    const slow: ObjectStore = {
      ...objects,
      put: async (_, body) => {
        for await (const part of body) {
          written += part.length;
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
    const handlers: TaskHandlers = {
      'lambda:invoke': async () => {
        read += 10_000;
        mostAhead = Math.max(mostAhead, read - written);
        return 'x'.repeat(10_000);
      },
    };
    const { result } = await runMap(
      distributed({ ...readerOf(CSV), ...withConfig({ Transformation: 'COMPACT' }), MaxConcurrency: 10 }),
      { objects: slow, handlers },
    );
    expect(result.status).toBe('SUCCEEDED');
    expect(written).toBeGreaterThan(50_000_000);
    expect(mostAhead).toBeLessThan(3_000_000);
  });

  test('goes on in another file when one is full', async () => {
    const objects = memoryObjects();
    const files = new ResultFiles(objects, 'out', (index) => `S_${index}.json`, 'JSON', 100_000);
    for (let index = 0; index < 5; index += 1)
      await files.append(JSON.stringify(`${index}${'x'.repeat(70_000)}`));
    await files.close();
    expect(files.entries.map(({ Key }) => Key)).toEqual(['S_0.json', 'S_1.json', 'S_2.json']);
    expect(files.entries.map(({ Key }) => objects.json(`out/${Key}`))).toEqual([
      [expect.stringMatching(/^0x/), expect.stringMatching(/^1x/)],
      [expect.stringMatching(/^2x/), expect.stringMatching(/^3x/)],
      [expect.stringMatching(/^4x/)],
    ]);
  });
});

describe('the results with Transformation', () => {
  const OUTPUTS = {
    input: [[1, 2], { a: 3 }, 'bad'],
    handlers: failing((input) => input === 'bad'),
  };
  const tolerant = { ToleratedFailurePercentage: 100 };

  test.each<[string, unknown[]]>([
    ['COMPACT', [[1, 2], { a: 3 }]],
    ['FLATTEN', [1, 2, { a: 3 }]],
  ])('%s are outputs; those of failed children stay as with NONE', async (Transformation, outputs) => {
    const { objects, folder } = await write({ ...tolerant, ...withConfig({ Transformation }) }, OUTPUTS);
    expect(objects.json(`${folder}/SUCCEEDED_0.json`)).toEqual(outputs);
    expect(objects.json(`${folder}/FAILED_0.json`)).toEqual([
      expect.objectContaining({ Status: 'FAILED', Input: '"bad"' }),
    ]);
  });

  test('"a ResultWriter with only WriterConfig" shapes the output of the state', async () => {
    const output = async (WriterConfig: object) =>
      (await write({ ...tolerant, ResultWriter: { WriterConfig } }, OUTPUTS)).result.output;
    const failure = expect.objectContaining({ Status: 'FAILED' });
    expect(await output({ Transformation: 'FLATTEN', OutputType: 'JSON' })).toEqual([
      1,
      2,
      { a: 3 },
      failure,
    ]);
    expect(await output({ Transformation: 'COMPACT' })).toEqual([[1, 2], { a: 3 }, failure]);
    expect(await output({ Transformation: 'NONE' })).toEqual([
      expect.objectContaining({ Output: '[1,2]' }),
      expect.objectContaining({ Output: '{"a":3}' }),
      failure,
    ]);
    expect(await output({ Transformation: 'FLATTEN', OutputType: 'JSONL' })).toMatch(
      /^1\n2\n\{"a":3\}\n\{.*\}\n$/,
    );
  });
});

describe('without a ResultWriter', () => {
  test('the output is that of the children, with what is known of those that failed', async () => {
    const { result } = await runMap(distributed({ ToleratedFailureCount: 1 }), SOME_FAIL);
    expect(result.output).toEqual([0, 1, expect.objectContaining({ Error: 'Bad', Status: 'FAILED' }), 3, 4]);
  });

  test('"Payload limit 262,144 bytes of UTF-8: States.DataLimitExceeded."', async () => {
    const outputs = (bytes: number) => {
      const text = 'é'.repeat((bytes - 8) / 4);
      return runMap(distributed(), { input: [1, 2], handlers: { 'lambda:invoke': async () => text } });
    };
    // Two texts of two quotes each, two brackets and a comma, rounded to whole characters.
    expect((await outputs(262_144)).result.status).toBe('SUCCEEDED');
    const { result, mapRun } = await outputs(262_156);
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    expect(mapRun?.status).toBe('SUCCEEDED');
  });

  test('a Map Run whose children fail is not hidden by results that are too large', async () => {
    const { result } = await runMap(distributed({}, TASK_PROCESSOR), {
      input: [1, 2, 3],
      handlers: {
        'lambda:invoke': async (input) => {
          if (input === 3) throw new Error('bad');
          return 'x'.repeat(200_000);
        },
      },
    });
    expect(result.error).toBe('States.ExceedToleratedFailureThreshold');
  });
});
