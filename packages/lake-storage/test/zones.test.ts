import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  arrivedName,
  embeddedZones,
  incomingKey,
  manifestKey,
  mapResultsPrefix,
  mendedKey,
  mendedPrefix,
  objectIdOf,
  paddedSequenceNumber,
  parseIncomingKey,
  parseMendedKey,
  parsePublishedKey,
  parseSequenceRange,
  publishedKey,
  quarantinedObjectKey,
  quarantinedRecordsKey,
  quarantinedRowsKey,
  runIdOf,
  stagingPrefix,
  streamBatchKey,
  streamPrefix,
  zoneOfFolder,
} from '../src/zones.ts';

const object = { bucket: 'lake-raw', key: 'incoming/orders/2026/a.csv', versionId: 'v1', etag: 'e1' };
const id = '0123456789abcdef0123456789abcdef';

describe('keys in the zones', () => {
  test('each kind of object has its folder', () => {
    expect(incomingKey('orders', 'a.csv')).toBe('incoming/orders/a.csv');
    expect(quarantinedRowsKey('orders', 'orders-1', 'jsonl')).toBe('quarantine/orders/orders-1.jsonl');
    expect(quarantinedObjectKey('orders', id, 'a.csv')).toBe(`quarantine/orders/objects/${id}/a.csv`);
    expect(stagingPrefix('orders-1')).toBe('staging/orders-1/');
    expect(manifestKey('orders', 'orders-1')).toBe('runs/orders/orders-1.json');
    expect(mapResultsPrefix('orders-1')).toBe('map-results/orders-1/');
  });

  test('a mended object lies with the arrived ones, and gives back what it stands for', () => {
    const mended = {
      dataset: 'orders',
      runId: `orders-${id}`,
      objectId: id,
      number: 2,
      rowsId: '0123456789abcdef',
      name: '2026/01/a b+c.csv',
    };
    const key = mendedKey(mended);
    expect(key).toBe(`incoming/orders/mended/orders-${id}/${id}/2-0123456789abcdef/2026/01/a b+c.csv`);
    expect(key.startsWith(mendedPrefix('orders', `orders-${id}`))).toBe(true);
    expect(parseMendedKey(key)).toEqual(mended);
    expect(arrivedName(key)).toBe('2026/01/a b+c.csv');
  });

  test('a mended object has the object id of the one it stands for, whatever its own version', () => {
    const original = objectIdOf(object);
    const key = mendedKey({
      dataset: 'orders',
      runId: runIdOf('orders', object),
      objectId: original,
      number: 1,
      rowsId: '0123456789abcdef',
      name: 'a.csv',
    });
    expect(objectIdOf({ bucket: 'lake-raw', key, versionId: 'v9', etag: 'e9' })).toBe(original);
  });

  test.each([
    'incoming/orders/a.csv',
    'incoming/orders/mended/a.csv',
    `incoming/orders/mended/run/${id}/0-0123456789abcdef/a.csv`,
    `incoming/orders/mended/run/${id}/1-0123456789abcdef/`,
    `processed/orders/mended/run/${id}/1-0123456789abcdef/a.csv`,
  ])('%j is not the key of a mended object', (key) => {
    expect(parseMendedKey(key)).toBeNull();
  });

  test('an object that did not arrive is called by its whole key', () => {
    expect(arrivedName('incoming/orders/2026/a.csv')).toBe('2026/a.csv');
    expect(arrivedName('elsewhere/a.csv')).toBe('elsewhere/a.csv');
  });

  test('only what came, as it came, is in the raw zone', () => {
    const raw = Object.entries(zoneOfFolder).filter(([, zone]) => zone === 'raw');
    expect(raw.map(([folder]) => folder)).toEqual(['incoming', 'archive']);
  });

  test('an embedded zone is a folder of its own name', () => {
    expect(Object.entries(embeddedZones).every(([zone, bucket]) => zone === bucket)).toBe(true);
  });

  test('an incoming key gives back its dataset and name', () => {
    expect(parseIncomingKey('incoming/orders/2026/01/a b+c.csv')).toEqual({
      dataset: 'orders',
      name: '2026/01/a b+c.csv',
    });
  });

  test.each([
    'incoming/orders/',
    'incoming/orders',
    'incoming/',
    'incoming//a.csv',
    'incoming/orders/folder/',
    'processed/orders/a.csv',
    'x/incoming/orders/a.csv',
    '',
  ])('%j is not the key of a raw object', (key) => {
    expect(parseIncomingKey(key)).toBeNull();
  });

  test('a published key shows its partitions unpadded, and reads back', () => {
    const file = {
      dataset: 'orders',
      partitions: [
        { column: 'process_year', value: 2026 },
        { column: 'process_month', value: 1 },
        { column: 'process_day', value: 5 },
      ],
      objectId: id,
      part: 0,
    };
    const key = `processed/orders/process_year=2026/process_month=1/process_day=5/${id}-0.parquet`;
    expect(publishedKey(file)).toBe(key);
    expect(parsePublishedKey(key)).toEqual(file);
  });

  test.each(['processed/orders/x.parquet', `staging/orders/${id}-0.parquet`, `processed/orders/${id}-0.csv`])(
    '%s is not a published file',
    (key) => {
      expect(parsePublishedKey(key)).toBeNull();
    },
  );

  test('a quarantined object has a key that S3 takes, however long its own was', () => {
    const key = quarantinedObjectKey('orders', id, `${'日'.repeat(330)}.csv`);
    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024);
    expect(key).toMatch(/日\.csv$/);
  });
});

describe('keys of what a stream left', () => {
  const recordsId = '0123456789abcdef';
  const shard = { stream: 'lake-records', shardId: 'shardId-000000000006', recordsId };
  const number = fc.bigInt({ min: 0n, max: 10n ** 56n - 1n });

  test('lie in the folder of their shard, in either zone', () => {
    const batch = { ...shard, first: '7', last: '12' };
    const zeros = '0'.repeat(54);
    expect(streamBatchKey('orders', batch)).toBe(
      `incoming/orders/stream/lake-records/shardId-000000000006/${zeros}12-0${zeros}7-${recordsId}.jsonl.gz`,
    );
    expect(quarantinedRecordsKey('orders', batch)).toBe(
      `quarantine/orders/records/lake-records/shardId-000000000006/${zeros}12-0${zeros}7-${recordsId}.jsonl`,
    );
    expect(quarantinedRecordsKey(null, batch)).toMatch(/^quarantine\/_unmatched\/records\/lake-records\//);
  });

  test('a raw one is the key of a raw object of its dataset', () => {
    const key = streamBatchKey('orders', { ...shard, first: '1', last: '1' });
    expect(parseIncomingKey(key)?.dataset).toBe('orders');
    expect(parseMendedKey(key)).toBeNull();
    expect(Buffer.byteLength(key)).toBeLessThan(1024 - 512);
  });

  test('give back their first and last number', () => {
    fc.assert(
      fc.property(number, number, (first, last) => {
        const batch = { ...shard, first: String(first), last: String(last) };
        const range = { first: batch.first, last: batch.last };
        expect(parseSequenceRange(streamBatchKey('orders', batch))).toEqual(range);
        expect(parseSequenceRange(quarantinedRecordsKey(null, batch))).toEqual(range);
      }),
    );
  });

  test('are in the order of their last numbers, and behind that number alone', () => {
    fc.assert(
      fc.property(number, number, number, (first, one, other) => {
        const prefix = streamPrefix('orders', shard.stream, shard.shardId);
        const key = streamBatchKey('orders', { ...shard, first: String(first), last: String(other) });
        expect(key > `${prefix}${paddedSequenceNumber(String(one))}`).toBe(other >= one);
      }),
    );
  });

  test('differ if the records do, whatever their ends are', () => {
    const batch = { ...shard, first: '1', last: '9' };
    expect(streamBatchKey('orders', { ...batch, recordsId: 'f'.repeat(16) })).not.toBe(
      streamBatchKey('orders', batch),
    );
  });

  test.each([
    'incoming/orders/a.csv',
    'incoming/orders/stream/s/shardId-0/1-2.jsonl.gz',
    `incoming/orders/stream/s/shardId-0/1-x-${'0'.repeat(16)}.jsonl.gz`,
    `incoming/orders/stream/s/shardId-0/2-1-${'0'.repeat(16)}.csv`,
  ])('%j is none of them', (key) => {
    expect(parseSequenceRange(key)).toBeNull();
  });
});

describe('object ids and run ids', () => {
  test('are the same each time', () => {
    expect(objectIdOf(object)).toBe(objectIdOf({ ...object }));
    expect(objectIdOf(object)).toMatch(/^[0-9a-f]{32}$/);
    expect(runIdOf('orders', object)).toBe(runIdOf('orders', { ...object }));
    expect(runIdOf('orders', object)).toMatch(/^orders-[0-9a-f]{32}$/);
  });

  test('do not depend on the etag when there is a version', () => {
    expect(objectIdOf({ ...object, etag: 'other' })).toBe(objectIdOf(object));
  });

  test.each([undefined, 'null'])('depend on the etag when the version is %s', (versionId) => {
    const unversioned = { ...object, versionId };
    expect(objectIdOf({ ...unversioned, etag: 'other' })).not.toBe(objectIdOf(unversioned));
    expect(runIdOf('orders', { ...unversioned, etag: 'other' })).not.toBe(runIdOf('orders', unversioned));
  });

  test('a version called null is no version', () => {
    expect(objectIdOf({ ...object, versionId: 'null' })).toBe(
      objectIdOf({ ...object, versionId: undefined }),
    );
  });

  test('differ whenever bucket, key or version differ', () => {
    const part = fc.string({ unit: fc.constantFrom('a', '/', '"', ',', '\\', '[') });
    fc.assert(
      fc.property(part, part, part, part, part, part, (b1, k1, v1, b2, k2, v2) => {
        fc.pre(b1 !== b2 || k1 !== k2 || v1 !== v2);
        const first = { bucket: b1, key: k1, versionId: v1, etag: '' };
        const second = { bucket: b2, key: k2, versionId: v2, etag: '' };
        expect(objectIdOf(first)).not.toBe(objectIdOf(second));
        expect(runIdOf('d', first)).not.toBe(runIdOf('d', second));
      }),
    );
  });

  test('differ between datasets, even those that look alike once shortened', () => {
    const long = 'd'.repeat(100);
    expect(runIdOf(`${long}1`, object)).not.toBe(runIdOf(`${long}2`, object));
    expect(runIdOf('a.b', object)).not.toBe(runIdOf('a b', object));
  });

  test('a run id is a name that Step Functions takes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120, unit: 'binary' }), (dataset) => {
        expect(runIdOf(dataset, object)).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
      }),
    );
  });
});
