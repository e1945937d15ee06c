import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { encodeAggregated } from '@sluice/kinesis-producer/aggregated-record';
import { memoryStore } from '@sluice/lake-storage/memory';
import { parseSequenceRange } from '@sluice/lake-storage/zones';
import type { KinesisEventRecord } from '@sluice/step-contracts';
import fc from 'fast-check';
import { type IngestRecordsDeps, ingestRecords } from '../src/ingest-records.ts';
import { failingObjects, type StoreFault } from './failing-objects.ts';
import { event, keysIn, lake, linesIn, numberOf, record } from './shard.ts';

/** A record and what has to be found of it: its line in a raw object, or its text in quarantine. */
interface Sent {
  readonly data: Uint8Array;
  readonly found: readonly string[];
}

const sentRecord = (folder: string, text: string, found = text): Sent => ({
  data: Buffer.from(text),
  found: [`${folder} ${found}`],
});

const single = fc.oneof(
  // Few ids, so that many records are alike.
  fc
    .integer({ min: 0, max: 3 })
    .map((id) => sentRecord('incoming/orders', `{"_dataset":"orders","id":"${id}"}`, `{"id":"${id}"}`)),
  fc
    .integer({ min: 0, max: 3 })
    .map((id) => sentRecord('incoming/strict', `{"id":"${id}","_dataset":"strict"}`, `{"id":"${id}"}`)),
  fc.nat(3).map((id) => sentRecord('quarantine/strict', `{"_dataset":"strict","more":${id}}`)),
  fc.nat(3).map((id) => sentRecord('quarantine/_unmatched', `{"_dataset":"nobody","id":${id}}`)),
  fc.constantFrom('', '[]', '{"id":', 'null').map((text) => sentRecord('quarantine/_unmatched', text)),
);
const sent = fc.oneof(
  { weight: 5, arbitrary: single },
  {
    weight: 1,
    arbitrary: single.map(
      ({ data, found }): Sent => ({ data: found.length === 0 ? data : gzipSync(data), found }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.array(single, { maxLength: 4 }).map(
      (members): Sent => ({
        data: encodeAggregated(members.map(({ data }) => ({ partitionKey: 'a', data }))),
        found: members.flatMap(({ found }) => found),
      }),
    ),
  },
);

/** One invocation: how many records it gets, what fails in it, and how far the mapping then goes back. */
const delivery = fc.record({
  size: fc.integer({ min: 1, max: 12 }),
  fault: fc.option(fc.record<StoreFault>({ at: fc.nat(8), done: fc.boolean(), crash: fc.boolean() }), {
    freq: 1,
  }),
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(30) }),
});
type Delivery = typeof delivery extends fc.Arbitrary<infer T> ? T : never;

/** As an event source mapping delivers a shard: always on from where it is, or from what failed. */
const deliver = async (
  records: readonly KinesisEventRecord[],
  deliveries: readonly Delivery[],
  deps: IngestRecordsDeps,
): Promise<void> => {
  let position = 0;
  for (const { size, fault, back } of [...deliveries, { size: records.length, fault: null, back: 0 }]) {
    const batch = records.slice(position, position + size);
    const result = await ingestRecords(event(...batch), {
      ...deps,
      objects: failingObjects(deps.objects, fault),
    });
    // Of a function that died there is no answer: the batch comes again, maybe cut otherwise.
    if (!fault?.crash) {
      const failedAt = batch.findIndex(
        ({ kinesis }) => kinesis.sequenceNumber === result.response.batchItemFailures[0]?.itemIdentifier,
      );
      position += failedAt < 0 ? batch.length : failedAt;
    }
    position = Math.max(0, position - back);
  }
  await ingestRecords(event(...records.slice(position)), deps);
};

const foundIn = async (objects: IngestRecordsDeps['objects']): Promise<string[]> => {
  const found: string[] = [];
  const folderOf = (key: string) => key.split('/').slice(0, 2).join('/');
  for (const folder of new Set((await keysIn(objects, 'raw')).map(folderOf)))
    for (const line of await linesIn(objects, 'raw', `${folder}/`)) found.push(`${folder} ${line}`);
  for (const folder of new Set((await keysIn(objects, 'curated')).map(folderOf)))
    for (const line of await linesIn(objects, 'curated', `${folder}/`))
      found.push(`${folder} ${JSON.parse(line).raw}`);
  return found.sort();
};

describe('the records of a shard', () => {
  test('are in a raw object or in quarantine once, however they are delivered and whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sent, { minLength: 1, maxLength: 40 }),
        fc.array(delivery, { maxLength: 15 }),
        fc.constantFrom(1, 100, 1_000_000),
        async (all, deliveries, maxWaiting) => {
          const { deps, objects } = lake({ maxWaiting });
          await deliver(
            all.map(({ data }, at) => record(at + 1, data)),
            deliveries,
            deps,
          );
          expect(await foundIn(objects)).toEqual(all.flatMap(({ found }) => found).sort());
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  test('are in objects that lie one behind the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sent, { minLength: 1, maxLength: 30 }),
        fc.array(delivery, { maxLength: 10 }),
        async (all, deliveries) => {
          const { deps, objects } = lake();
          await deliver(
            all.map(({ data }, at) => record(at + 1, data)),
            deliveries,
            deps,
          );
          const prefix = 'incoming/orders/';
          const ranges = (await keysIn(objects, 'raw', prefix)).map((key) => parseSequenceRange(key));
          for (const [at, range] of ranges.entries()) {
            const before = ranges[at - 1];
            if (before) expect(BigInt(before.last)).toBeLessThan(BigInt(range?.first ?? 0));
          }
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);
});

const order = (id: number): string => `{"_dataset":"orders","id":"${id}"}`;
const lines = (...ids: number[]): string[] => ids.map((id) => `{"id":"${id}"}`);
const orders = (...ids: number[]) => event(...ids.map((id) => record(id, order(id))));

describe('a batch that comes again', () => {
  test('is left out, and read once for that', async () => {
    const { deps, objects } = lake();
    await ingestRecords(orders(1, 2, 3), deps);
    const before = await keysIn(objects, 'raw');
    const { shards } = await ingestRecords(orders(1, 2, 3), deps);
    expect(shards).toMatchObject([{ recordsIn: 3, landed: 0, repeated: 3, objects: 0 }]);
    expect(await keysIn(objects, 'raw')).toEqual(before);
  });

  test('and has grown adds what is new on either side', async () => {
    const { deps, objects } = lake();
    await ingestRecords(orders(3, 4), deps);
    const { shards } = await ingestRecords(orders(1, 2, 3, 4, 5, 6), deps);
    expect(shards).toMatchObject([{ landed: 4, repeated: 2, objects: 2 }]);
    expect((await linesIn(objects, 'raw')).sort()).toEqual(lines(1, 2, 3, 4, 5, 6));
  });

  test('with a record that is in quarantine leaves that out, too', async () => {
    const { deps, objects } = lake();
    const batch = event(record(1, order(1)), record(2, 'no JSON'), record(3, order(3)));
    await ingestRecords(batch, deps);
    const { shards } = await ingestRecords(batch, deps);
    expect(shards).toMatchObject([{ quarantined: 0, repeated: 3 }]);
    expect(await linesIn(objects, 'curated')).toHaveLength(1);
  });

  test('in parts is left out part by part', async () => {
    const { deps } = lake();
    await ingestRecords(orders(1, 2, 3, 4), deps);
    expect((await ingestRecords(orders(1, 2), deps)).shards).toMatchObject([{ repeated: 2 }]);
    expect((await ingestRecords(orders(3, 4), deps)).shards).toMatchObject([{ repeated: 2 }]);
  });

  test('does not look at what came long before or long after it', async () => {
    const { deps, objects } = lake();
    for (let at = 1; at <= 50; at += 1) await ingestRecords(orders(at), deps);
    const seen: string[] = [];
    const watched: IngestRecordsDeps['objects'] = {
      ...objects,
      async *keys(...args) {
        for await (const key of objects.keys(...args)) {
          seen.push(key);
          yield key;
        }
      },
    };
    await ingestRecords(orders(20, 21), { ...deps, objects: watched });
    expect(seen.map((key) => parseSequenceRange(key)?.last)).toEqual([20, 21, 22].map(numberOf));
  });

  test('does not mix up records that are alike', async () => {
    const { deps, objects } = lake();
    const alike = (...at: number[]) => event(...at.map((one) => record(one, order(7))));
    await ingestRecords(alike(1, 2), deps);
    await ingestRecords(alike(2, 3, 4), deps);
    expect(await linesIn(objects, 'raw')).toEqual(lines(7, 7, 7, 7));
  });
});

describe('what fails', () => {
  const mixed = () =>
    event(record(1, order(1)), record(2, '{"_dataset":"strict","id":"2"}'), record(3, order(3)));

  test('is named by its lowest sequence number, and the rest is done', async () => {
    const { deps, objects } = lake();
    const strictDown = {
      ...objects,
      put: async (...args: Parameters<typeof objects.put>) => {
        if (args[0].key.includes('/strict/')) throw new Error('down');
        return objects.put(...args);
      },
    };
    const { shards, response } = await ingestRecords(mixed(), { ...deps, objects: strictDown });
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: numberOf(2) }]);
    expect(shards).toMatchObject([{ landed: 2, failed: 1, failure: { errorName: 'Error' } }]);
    expect(await linesIn(objects, 'raw')).toEqual(lines(1, 3));
  });

  test('is all of a batch if nothing can be listed', async () => {
    const { deps, objects } = lake();
    const { shards, response } = await ingestRecords(mixed(), {
      ...deps,
      objects: failingObjects(objects, { at: 0, done: false, crash: true }),
    });
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: numberOf(1) }]);
    expect(shards).toMatchObject([{ recordsIn: 3, failed: 3, objects: 0 }]);
  });

  test('of our own is thrown, when nothing is under way any more', async () => {
    const { deps } = lake();
    const findDataset = () => {
      throw new TypeError('a mistake');
    };
    await expect(ingestRecords(mixed(), { ...deps, findDataset })).rejects.toThrow('a mistake');
  });
});

describe('several readers of a shard at once', () => {
  const atOnce = async (parallelizationFactor: number, ...batches: ReturnType<typeof orders>[]) => {
    const objects = memoryStore();
    let waiting = batches.length;
    const { promise: allListed, resolve } = Promise.withResolvers<void>();
    const { deps } = lake({
      parallelizationFactor,
      objects: {
        ...objects,
        async put(...args) {
          waiting -= 1;
          if (waiting === 0) resolve();
          await allListed;
          return objects.put(...args);
        },
      },
    });
    await Promise.all(batches.map((batch) => ingestRecords(batch, deps)));
    return (await linesIn(objects, 'raw')).sort();
  };

  test('two mappings that read a stream at once double what they cut differently', async () => {
    expect(await atOnce(1, orders(1, 2, 3), orders(2, 3, 4))).toEqual(lines(1, 2, 2, 3, 3, 4));
  });

  test('two mappings that cut a stream alike write it once', async () => {
    expect(await atOnce(1, orders(1, 2, 3), orders(1, 2, 3))).toEqual(lines(1, 2, 3));
  });

  test('with several batches of a shard at once, those that overlap are doubled and the same ones are not', async () => {
    const { deps, objects } = lake({ parallelizationFactor: 2 });
    await ingestRecords(orders(1, 3), deps);
    expect((await ingestRecords(orders(1, 3), deps)).shards).toMatchObject([
      { landed: 0, repeated: 2, objects: 0 },
    ]);
    await ingestRecords(orders(1, 3, 5), deps);
    expect((await linesIn(objects, 'raw')).sort()).toEqual(lines(1, 1, 3, 3, 5));
  });
});

describe('records of a dataset with a key', () => {
  const keyed = (...ids: number[]) =>
    event(...ids.map((id, at) => record(at + 1, `{"_dataset":"keyed","id":"${id}"}`)));

  test('have one line for copies that come together, so that a producer that sends again does not spoil the object', async () => {
    const { deps, objects } = lake();
    const { shards } = await ingestRecords(keyed(1, 2, 1, 1), deps);
    expect(shards).toMatchObject([{ recordsIn: 4, landed: 2, repeated: 2 }]);
    expect(await linesIn(objects, 'raw')).toEqual(lines(1, 2));
  });

  test('are left out as copies, too, when the batch comes again from the copy on', async () => {
    const { deps, objects } = lake();
    const { Records } = keyed(1, 2, 1);
    await ingestRecords({ Records }, deps);
    expect((await ingestRecords({ Records: Records.slice(2) }, deps)).shards).toMatchObject([
      { landed: 0, repeated: 1 },
    ]);
    expect(await linesIn(objects, 'raw')).toEqual(lines(1, 2));
  });

  test('keep their copies in quarantine: each has a sequence number of its own', async () => {
    const { deps, objects } = lake();
    const broken = '{"_dataset":"keyed","id":{}}';
    await ingestRecords(event(record(1, broken), record(2, broken)), deps);
    expect(await linesIn(objects, 'curated')).toHaveLength(2);
  });
});

describe('what is not promised', () => {
  test('a record that its producer sent twice is two records', async () => {
    const { deps, objects } = lake();
    await ingestRecords(event(record(1, order(7)), record(2, order(7))), deps);
    expect(await linesIn(objects, 'raw')).toEqual(lines(7, 7));
  });

  test('a put that is carried out after its function died may double a batch that was cut meanwhile', async () => {
    const { deps, objects } = lake();
    let late = async (): Promise<unknown> => undefined;
    const slow: IngestRecordsDeps['objects'] = {
      ...objects,
      async put(...args) {
        late = () => objects.put(...args);
        throw new Error('the function was stopped');
      },
    };
    await ingestRecords(orders(1, 2), { ...deps, objects: slow });
    await ingestRecords(orders(1), deps);
    await late();
    expect((await linesIn(objects, 'raw')).sort()).toEqual(lines(1, 1, 2));
  });

  test('a record whose raw object was removed is written again', async () => {
    const objects = memoryStore();
    const { deps } = lake({ objects });
    await ingestRecords(orders(1, 2), deps);
    for (const key of await keysIn(objects, 'raw')) await objects.delete({ bucket: 'raw', key });
    expect((await ingestRecords(orders(1, 2), deps)).shards).toMatchObject([{ landed: 2, repeated: 0 }]);
  });

  test('a record that is judged anew at its second try may be in both places', async () => {
    const { deps, objects } = lake();
    const batch = orders(1, 2);
    await ingestRecords(batch, { ...deps, findDataset: () => undefined });
    await ingestRecords(batch, deps);
    expect(await linesIn(objects, 'raw')).toEqual(lines(1, 2));
    expect(await linesIn(objects, 'curated')).toHaveLength(2);
  });
});

describe('nothing is lost', () => {
  test('between batches of a shard that interleave', async () => {
    const { deps, objects } = lake({ parallelizationFactor: 2 });
    await ingestRecords(orders(1, 3, 5), deps);
    await ingestRecords(orders(2, 4), deps);
    expect((await linesIn(objects, 'raw')).sort()).toEqual(lines(1, 2, 3, 4, 5));
  });

  test('when the function believes that batches do not interleave and they do', async () => {
    const { deps, objects } = lake({ parallelizationFactor: 1 });
    await ingestRecords(orders(1, 3, 5), deps);
    await ingestRecords(orders(2, 4), deps);
    expect((await linesIn(objects, 'raw')).sort()).toEqual(lines(1, 2, 3, 4, 5));
  });

  test('when batches of the same ends have other records, as after the factor was changed', async () => {
    const { deps, objects } = lake({ parallelizationFactor: 4 });
    await ingestRecords(orders(1, 2, 5), deps);
    await ingestRecords(orders(1, 3, 5), deps);
    expect(await linesIn(objects, 'raw')).toEqual(expect.arrayContaining(lines(2, 3)));
  });

  test('when an object has been removed or damaged since', async () => {
    const objects = memoryStore();
    const { deps } = lake({ objects });
    await ingestRecords(orders(1, 2, 3), deps);
    const [key = ''] = await keysIn(objects, 'raw');
    await objects.put({ bucket: 'raw', key }, Buffer.from([0x1f, 0x8b, 0x08]));
    const { shards } = await ingestRecords(orders(1, 2), deps);
    expect(shards).toMatchObject([{ landed: 2, repeated: 0 }]);
  });
});
