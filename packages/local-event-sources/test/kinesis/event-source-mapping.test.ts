import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteStreamCommand } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type CheckpointStore,
  type Checkpoints,
  createStream,
  type EventSourceMapping,
  type EventSourceMappingOptions,
  type Observation,
  startEventSourceMapping,
} from '../../src/kinesis/index.ts';
import { inOrderByKey, type LocalStream, localStream, numbersIn, sorted, to } from './local-stream.ts';

let stream: LocalStream;
let mappings: EventSourceMapping[];

beforeEach(async () => {
  stream = await localStream(2);
  mappings = [];
});

afterEach(async () => {
  await Promise.all(mappings.map((mapping) => mapping.stop()));
  await stream.close();
});

type Options = Partial<EventSourceMappingOptions>;

async function start(options: Options): Promise<EventSourceMapping> {
  const mapping = await startEventSourceMapping({
    client: stream.client,
    streamName: stream.name,
    handler: async () => {},
    retryBackoff: () => 5,
    ...options,
  });
  mappings.push(mapping);
  return mapping;
}

/** A mapping to a function that takes all, and the numbers that it took. */
async function startTaking(options: Options = {}) {
  const took: number[] = [];
  const mapping = await start({ handler: async (event) => void took.push(...numbersIn(event)), ...options });
  return { took, mapping };
}

function memoryCheckpoints(): CheckpointStore & { readonly saved: () => Checkpoints | null } {
  let saved: Checkpoints | null = null;
  return {
    saved: () => saved,
    load: async () => saved,
    save: async (checkpoints) => {
      saved = structuredClone(checkpoints);
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

/** Lets the nth calls of an operation (from 0) end as `fault` says. */
function failCalls(operation: string, fault: (call: number) => Error | undefined) {
  let calls = 0;
  stream.client.middlewareStack.add(
    (next, context) => async (args) => {
      const error = context.commandName === operation ? fault(calls++) : undefined;
      if (error) throw error;
      return next(args);
    },
    { step: 'initialize' },
  );
}

const clientError = (name: string) => Object.assign(new Error(name), { name, $fault: 'client' });

describe('delivery', () => {
  test('brings each record once, each key in order, in batches of one shard within the size', async () => {
    await stream.put(0, 2_000);
    const batches: { shards: Set<string | undefined>; size: number }[] = [];
    const took: number[] = [];
    const mapping = await start({
      batchSize: 150,
      handler: async (event) => {
        took.push(...numbersIn(event));
        const shards = new Set(event.Records.map(({ eventID }) => eventID.split(':')[0]));
        batches.push({ shards, size: event.Records.length });
      },
    });
    await mapping.caughtUp();
    expect(sorted(took)).toEqual(to(2_000));
    expect(inOrderByKey(took)).toBe(true);
    expect(batches.every(({ shards, size }) => shards.size === 1 && size <= 150)).toBe(true);
  });

  test('brings records that come later without being asked', async () => {
    const { took } = await startTaking({ pollIntervalMs: 20 });
    await stream.put(0, 10);
    await until(() => took.length >= 10);
    expect(sorted(took)).toEqual(to(10));
  });

  test('waits within the batch window until a batch is full', async () => {
    const sizes: number[] = [];
    const mapping = await start({
      batchSize: 100,
      batchWindowMs: 60_000,
      pollIntervalMs: 20,
      handler: async (event) => void sizes.push(event.Records.length),
    });
    for (let put = 0; put < 5; put += 1) {
      await stream.putBytes(20, 10);
      await sleep(30);
    }
    await mapping.caughtUp();
    expect(sizes).toEqual([100]);
  });

  test('has one invocation of a shard at a time', async () => {
    await stream.put(0, 400);
    expect(await mostAtATime({ batchSize: 10 })).toBe(1);
  });

  test('has as many invocations of a shard at a time as its parallelisation says, each key in order', async () => {
    await stream.put(0, 400);
    expect(await mostAtATime({ batchSize: 10, parallelizationFactor: 3 })).toBe(3);
  });

  async function mostAtATime(options: Options): Promise<number> {
    const running = new Map<string, number>();
    const took: number[] = [];
    let most = 0;
    const mapping = await start({
      ...options,
      handler: async (event) => {
        const shardId = event.Records[0]?.eventID.split(':')[0] ?? '';
        running.set(shardId, (running.get(shardId) ?? 0) + 1);
        most = Math.max(most, running.get(shardId) ?? 0);
        await sleep(2);
        running.set(shardId, (running.get(shardId) ?? 0) - 1);
        took.push(...numbersIn(event));
      },
    });
    await mapping.caughtUp();
    expect(sorted(took)).toEqual(to(400));
    expect(inOrderByKey(took)).toBe(true);
    return most;
  }

  test('gives up a poison record by letter and goes on behind it', async () => {
    await stream.put(0, 100);
    const took: number[] = [];
    const lost: number[] = [];
    const mapping = await start({
      bisectOnError: true,
      maxRetries: 1,
      handler: async (event) => {
        if (numbersIn(event).includes(42)) throw new Error('poison');
        took.push(...numbersIn(event));
      },
      onFailure: async (_, event) => void lost.push(...numbersIn(event)),
    });
    await mapping.caughtUp();
    expect(lost).toEqual([42]);
    expect(sorted([...took, ...lost])).toEqual(to(100));
  });
});

describe('resharding', () => {
  test('by split and merge while records come loses none, and keeps each key in order', async () => {
    const { took, mapping } = await startTaking({ pollIntervalMs: 20 });
    let next = 0;
    let writing = true;
    const writer = (async () => {
      for (; writing; next += 50) await stream.put(next, next + 50);
    })();
    await stream.split('shardId-000000000000');
    await sleep(50);
    await stream.merge('shardId-000000000003', 'shardId-000000000001');
    await sleep(50);
    await stream.split('shardId-000000000004');
    await sleep(50);
    writing = false;
    await writer;
    await mapping.caughtUp();
    expect(sorted(took)).toEqual(to(next));
    expect(inOrderByKey(took)).toBe(true);
  });

  test('lets a child wait until its parents are done', async () => {
    await stream.put(0, 100);
    await stream.merge('shardId-000000000000', 'shardId-000000000001');
    await stream.put(100, 200);
    const order: string[] = [];
    const mapping = await start({
      handler: async (event) => {
        await sleep(5);
        order.push(event.Records[0]?.eventID.split(':')[0] ?? '');
      },
      batchSize: 20,
    });
    await mapping.caughtUp();
    expect(order.indexOf('shardId-000000000002')).toBeGreaterThan(order.lastIndexOf('shardId-000000000000'));
    expect(order.indexOf('shardId-000000000002')).toBeGreaterThan(order.lastIndexOf('shardId-000000000001'));
  });
});

describe('starting position', () => {
  test('LATEST leaves out what was there, and nothing after that, even over a restart', async () => {
    await stream.put(0, 50);
    await sleep(5);
    const checkpoints = memoryCheckpoints();
    const first = await startTaking({ startingPosition: 'LATEST', checkpoints });
    await first.mapping.caughtUp();
    await first.mapping.stop();
    await stream.put(50, 100);
    const second = await startTaking({ startingPosition: 'LATEST', checkpoints });
    await second.mapping.caughtUp();
    expect(first.took).toEqual([]);
    expect(sorted(second.took)).toEqual(to(100).slice(50));
  });

  test('a time leaves out what came before it', async () => {
    await stream.put(0, 50);
    await sleep(5);
    const atTimestamp = new Date();
    await stream.put(50, 100);
    const { took, mapping } = await startTaking({ startingPosition: { atTimestamp } });
    await mapping.caughtUp();
    expect(sorted(took)).toEqual(to(100).slice(50));
  });
});

describe('restart', () => {
  test('goes on where the last run ended, and does not end before its invocations', async () => {
    await stream.put(0, 1_000);
    const checkpoints = memoryCheckpoints();
    const took: number[] = [];
    const first = await start({
      batchSize: 20,
      checkpoints,
      handler: async (event) => {
        await sleep(5);
        took.push(...numbersIn(event));
      },
    });
    await until(() => took.length > 0);
    await first.stop();
    const before = took.length;
    await sleep(20);
    expect(took).toHaveLength(before);
    expect(before).toBeLessThan(1_000);

    await stream.split('shardId-000000000000');
    await stream.put(1_000, 1_200);
    const second = await startTaking({ checkpoints });
    await second.mapping.caughtUp();
    expect(sorted([...took, ...second.took])).toEqual(to(1_200));
  });

  test('after batches that ran beside each other loses none', async () => {
    await stream.put(0, 1_000);
    const checkpoints = memoryCheckpoints();
    const took = new Set<number>();
    const first = await start({
      batchSize: 10,
      parallelizationFactor: 4,
      checkpoints,
      handler: async (event) => {
        const numbers = numbersIn(event);
        await sleep((numbers[0] ?? 0) % 7);
        // One key's lane lags behind.
        if (numbers.some((number) => number % 20 === 3)) throw new Error('not yet');
        for (const number of numbers) took.add(number);
      },
    });
    await until(() => took.size > 100);
    await first.stop();
    const second = await startTaking({ checkpoints });
    await second.mapping.caughtUp();
    expect(sorted([...new Set([...took, ...second.took])])).toEqual(to(1_000));
  });

  test('with positions of a stream that was made anew starts over', async () => {
    await stream.put(0, 10);
    const checkpoints = memoryCheckpoints();
    const first = await startTaking({ checkpoints });
    await first.mapping.caughtUp();
    await first.mapping.stop();

    await stream.client.send(new DeleteStreamCommand({ StreamName: stream.name }));
    // kinesalite keeps creation times in seconds.
    await sleep(1_000);
    await createStream(stream.client, stream.name, 2);
    await stream.put(10, 20);
    const second = await startTaking({ checkpoints });
    await second.mapping.caughtUp();
    expect(sorted(second.took)).toEqual(to(20).slice(10));
  });

  test('goes on without a save that failed, and says so at the end', async () => {
    await stream.put(0, 100);
    const observed: Observation['kind'][] = [];
    const { took, mapping } = await startTaking({
      checkpoints: { load: async () => null, save: async () => Promise.reject(new Error('disk full')) },
      observe: ({ kind }) => observed.push(kind),
    });
    await mapping.caughtUp();
    expect(took).toHaveLength(100);
    expect(observed).toContain('checkpointFailed');
    await expect(mapping.stop()).rejects.toThrow('disk full');
    mappings = [];
  });
});

describe('faults of the stream', () => {
  test('that pass are waited for: throttles, errors of the service, lost connections', async () => {
    await stream.put(0, 300);
    const faults = [
      clientError('ProvisionedThroughputExceededException'),
      Object.assign(new Error('fault'), { name: 'InternalFailure', $fault: 'server' }),
      Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    ];
    failCalls('GetRecordsCommand', (call) => (call < 6 ? faults[call % 3] : undefined));
    const observed: Observation['kind'][] = [];
    const { took, mapping } = await startTaking({ observe: ({ kind }) => observed.push(kind) });
    await mapping.caughtUp();
    expect(sorted(took)).toEqual(to(300));
    expect(observed.filter((kind) => kind === 'readFailed')).toHaveLength(6);
  });

  test('an iterator that has expired is replaced where reading had come to', async () => {
    failCalls('GetRecordsCommand', (call) =>
      call % 3 === 2 ? clientError('ExpiredIteratorException') : undefined,
    );
    await stream.put(0, 1_000);
    const { took, mapping } = await startTaking();
    await mapping.caughtUp();
    await stream.put(1_000, 2_000);
    await mapping.caughtUp();
    expect(sorted(took)).toEqual(to(2_000));
  });

  test('that stay end the mapping', async () => {
    const observed: Observation['kind'][] = [];
    const { mapping } = await startTaking({ pollIntervalMs: 20, observe: ({ kind }) => observed.push(kind) });
    await stream.client.send(new DeleteStreamCommand({ StreamName: stream.name }));
    await until(() => observed.includes('failed'));
    await expect(mapping.caughtUp()).rejects.toThrow(/not found|does not exist/);
  });

  test('an observer that throws ends the mapping too, and not the process', async () => {
    await stream.put(0, 10);
    const { mapping } = await startTaking({
      observe: ({ kind }) => {
        if (kind === 'invoked') throw new Error('no observer of ours');
      },
    });
    await expect(mapping.caughtUp()).rejects.toThrow('no observer of ours');
  });

  test('a stream that is not there is refused at once', async () => {
    await expect(start({ streamName: 'other' })).rejects.toThrow('Stream other under account');
  });
});

test('a mapping that is stopped does not catch up', async () => {
  const mapping = await start({});
  await mapping.stop();
  await expect(mapping.caughtUp()).rejects.toThrow('stopped');
});

test('an option out of range is refused by name', async () => {
  await expect(start({ batchSize: 10_001 })).rejects.toThrow(
    'batchSize is 10001: it has to be a whole number from 1 to 10000',
  );
});
