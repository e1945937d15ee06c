import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { encodeAggregated } from '@sluice/kinesis-producer/aggregated-record';
import { paddedSequenceNumber, streamPrefix } from '@sluice/lake-storage/zones';
import { ingestRecords } from '../src/ingest-records.ts';
import { event, keysIn, lake, linesIn, numberOf, record, shardId } from './shard.ts';

const order = (id: number): string => `{"_dataset":"orders","id":"${id}","amount":1.10}`;
const line = (id: number): string => `{"id":"${id}","amount":1.10}`;
const other = '{"_dataset":"strict","id":"x"}';

describe('a batch of records', () => {
  test('becomes one raw object for each dataset, named by its first and last record of it', async () => {
    const { deps, objects } = lake();
    const { shards, response } = await ingestRecords(
      event(record(1, order(1)), record(2, other), record(3, order(3))),
      deps,
    );
    expect(response).toEqual({ batchItemFailures: [] });
    expect(shards).toEqual([
      {
        stream: 'lake-records',
        shardId,
        first: numberOf(1),
        last: numberOf(3),
        recordsIn: 3,
        landed: 3,
        quarantined: 0,
        repeated: 0,
        failed: 0,
        objects: 2,
        failure: null,
      },
    ]);
    const [first, second] = await keysIn(objects, 'raw');
    const ends = `${paddedSequenceNumber(numberOf(3))}-${paddedSequenceNumber(numberOf(1))}`;
    expect(first?.startsWith(`${streamPrefix('orders', 'lake-records', shardId)}${ends}-`)).toBe(true);
    expect(second?.startsWith(streamPrefix('strict', 'lake-records', shardId))).toBe(true);
    expect(await linesIn(objects, 'raw', 'incoming/orders/')).toEqual([line(1), line(3)]);
    expect(await keysIn(objects, 'curated')).toEqual([]);
  });

  test('may be aggregated and gzipped', async () => {
    const { deps, objects } = lake();
    const aggregated = encodeAggregated([
      { partitionKey: 'a', data: Buffer.from(order(1)) },
      { partitionKey: 'b', data: gzipSync(order(2)) },
    ]);
    const { shards } = await ingestRecords(event(record(1, aggregated), record(2, gzipSync(order(3)))), deps);
    expect(shards).toMatchObject([{ recordsIn: 3, landed: 3, objects: 1 }]);
    expect(await linesIn(objects, 'raw')).toEqual([line(1), line(2), line(3)]);
  });

  test('without records is done', async () => {
    const { deps } = lake();
    expect(await ingestRecords(event(), deps)).toEqual({ shards: [], response: { batchItemFailures: [] } });
  });

  test('with records of two shards keeps them apart', async () => {
    const { deps, objects } = lake();
    await ingestRecords(
      event(record(1, order(1)), record(2, order(2), { shard: 'shardId-000000000004' })),
      deps,
    );
    expect(await linesIn(objects, 'raw', streamPrefix('orders', 'lake-records', shardId))).toEqual([line(1)]);
    expect(await keysIn(objects, 'raw')).toHaveLength(2);
  });

  test('out of order is written in the order of its numbers', async () => {
    const { deps, objects } = lake();
    const { shards } = await ingestRecords(event(record(3, order(3)), record(1, order(1))), deps);
    expect(shards).toMatchObject([{ first: numberOf(1), last: numberOf(3) }]);
    expect(await linesIn(objects, 'raw')).toEqual([line(1), line(3)]);
  });
});
