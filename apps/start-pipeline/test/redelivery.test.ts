import { describe, expect, test } from '@jest/globals';
import { objectIdOf, runIdOf } from '@sluice/lake-storage/zones';
import { defineDataset, text } from '@sluice/record-schema';
import type { RunInput } from '@sluice/step-contracts';
import fc from 'fast-check';
import { type StartPipelineDeps, startPipeline } from '../src/start-pipeline.ts';

const orders = defineDataset({ name: 'orders', fields: { id: text() } });

interface Version {
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
}

/** A version of an object as S3 names it, and as EventBridge does. */
const recordOf = ({ key, versionId, size }: Version) => ({
  eventName: 'ObjectCreated:Put',
  eventTime: '2026-11-20T10:00:00.123Z',
  s3: {
    bucket: { name: 'raw' },
    object: { key: encodeURIComponent(key).replaceAll('%20', '+'), versionId, size, eTag: 'e' },
  },
});
const bridgeEventOf = ({ key, versionId, size }: Version) => ({
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: '2026-11-20T10:00:00Z',
  detail: { bucket: { name: 'raw' }, object: { key, 'version-id': versionId, size, etag: 'e' } },
});

/** State machines, which take each name once, and do not always answer. `isDown` is asked for each call. */
const stepFunctions = (isDown: () => boolean) => {
  const executions = new Map<string, RunInput>();
  const answer = <T>(value: () => T): Promise<T> =>
    isDown()
      ? Promise.reject(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }))
      : Promise.resolve(value());
  const nameOf = ({ runId }: RunInput, machine: string): string => `${machine}:${runId}`;
  const deps: StartPipelineDeps = {
    findDataset: (name) => (name === 'orders' ? orders : undefined),
    lambdaMaxBytes: 1000,
    startExecution: (run, { workflow }) =>
      answer(() => {
        const name = nameOf(run, workflow);
        if (executions.has(name)) return 'exists';
        executions.set(name, run);
        return 'started';
      }),
    isElsewhere: (run, { workflow }) =>
      answer(() => executions.has(nameOf(run, workflow === 'etl' ? 'csv-map' : 'etl'))),
  };
  return { executions, deps };
};

/** Delivers messages in batches, and those that fail again and again, as SQS does. */
const deliver = async (bodies: readonly string[], batchSize: number, deps: StartPipelineDeps) => {
  let waiting = bodies.map((body, at) => ({ messageId: String(at), body, received: 0 }));
  for (let rounds = 0; waiting.length > 0; rounds += 1) {
    if (rounds > 1000) throw new Error('messages come back for ever');
    const batch = waiting.slice(0, batchSize).map((one) => ({ ...one, received: one.received + 1 }));
    const { response } = await startPipeline(
      {
        Records: batch.map(({ received, ...message }) => ({
          ...message,
          attributes: { ApproximateReceiveCount: received },
        })),
      },
      deps,
    );
    const failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    waiting = [...waiting.slice(batchSize), ...batch.filter(({ messageId }) => failed.has(messageId))];
  }
};

const version: fc.Arbitrary<Version> = fc.record({
  key: fc
    .constantFrom('a.csv', 'a b.csv', '注文+1.json', '100%.csv')
    .map((name) => `incoming/orders/${name}`),
  versionId: fc.constantFrom('v1', 'v2', 'v3'),
  size: fc.constantFrom(0, 1000, 1001),
});
/** Of one version there is one size. */
const versions = fc.uniqueArray(version, {
  selector: ({ key, versionId }) => `${key} ${versionId}`,
  minLength: 1,
  maxLength: 8,
});

test('however events are repeated, shuffled, merged and wrapped, and calls fail: each version runs once', async () => {
  const ways = versions.chain((objects) =>
    fc.record({
      objects: fc.constant(objects),
      // Each at least once, in any order.
      events: fc
        .array(fc.constantFrom(...objects), { maxLength: 12 })
        .chain((repeated) =>
          fc.shuffledSubarray([...objects, ...repeated], { minLength: objects.length + repeated.length }),
        ),
      merged: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 20, maxLength: 20 }),
      shapes: fc.array(fc.constantFrom('s3', 'bridge', 'sns'), { minLength: 20, maxLength: 20 }),
      outages: fc.array(fc.boolean(), { maxLength: 40 }),
      batchSize: fc.integer({ min: 1, max: 10 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(ways, async ({ objects, events, merged, shapes, outages, batchSize }) => {
      const bodies: string[] = [];
      for (let at = 0; at < events.length; ) {
        const shape = shapes[bodies.length];
        // EventBridge sends one event at a time.
        const some = events.slice(at, at + (shape === 'bridge' ? 1 : (merged[bodies.length] ?? 1)));
        at += some.length;
        const notification = JSON.stringify({ Records: some.map(recordOf) });
        if (shape === 'bridge') bodies.push(...some.map((one) => JSON.stringify(bridgeEventOf(one))));
        else
          bodies.push(
            shape === 's3' ? notification : JSON.stringify({ Type: 'Notification', Message: notification }),
          );
      }
      const down = [...outages];
      const { executions, deps } = stepFunctions(() => down.pop() ?? false);
      await deliver(bodies, batchSize, deps);
      const expected = objects.map(({ key, versionId, size }) => {
        const csvMap = size > 1000 && key.endsWith('.csv');
        const object = { bucket: 'raw', key, versionId, etag: 'e' };
        return `${csvMap ? 'csv-map' : 'etl'}:${runIdOf('orders', object)}`;
      });
      expect([...executions.keys()].sort()).toEqual(expected.sort());
    }),
    { numRuns: 200 },
  );
});

describe('a message with several objects', () => {
  const objects = ['a', 'b', 'c'].map((name) => ({
    key: `incoming/orders/${name}.csv`,
    versionId: 'v',
    size: 1,
  }));
  const body = JSON.stringify({ Records: objects.map(recordOf) });

  test('comes again when one of them fails, and starts none of the others a second time', async () => {
    const calls = [false, true, false];
    const { executions, deps } = stepFunctions(() => calls.shift() ?? false);
    const started: string[] = [];
    const counted: StartPipelineDeps = {
      ...deps,
      startExecution: async (run, chosen) => {
        const outcome = await deps.startExecution(run, chosen);
        if (outcome === 'started') started.push(run.object.key);
        return outcome;
      },
    };
    await deliver([body], 1, counted);
    expect(started).toEqual(['incoming/orders/a.csv', 'incoming/orders/c.csv', 'incoming/orders/b.csv']);
    expect(executions.size).toBe(3);
  });
});

describe('an object that was overwritten', () => {
  const [first, second] = ['v1', 'v2'].map((versionId) => ({
    key: 'incoming/orders/a.csv',
    versionId,
    size: 1,
  }));

  test.each([
    ['in the order of its versions', [first, second]],
    ['the other way round', [second, first]],
  ])('has a run for each version, whose events come %s', async (_order, events) => {
    const { executions, deps } = stepFunctions(() => false);
    await deliver(
      events.flatMap((one) => (one ? [JSON.stringify({ Records: [recordOf(one)] })] : [])),
      1,
      deps,
    );
    const runs = [...executions.values()];
    expect(runs.map(({ object }) => object.versionId).sort()).toEqual(['v1', 'v2']);
    // Published files are named by it: neither run takes the place of the other's rows.
    expect(new Set(runs.map(({ object }) => objectIdOf(object))).size).toBe(2);
  });
});
