import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeAggregated, encodeAggregated } from '../src/aggregated-record.ts';

const aRecord = fc.record(
  {
    data: fc.uint8Array({ maxLength: 300 }),
    partitionKey: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    explicitHashKey: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(String),
  },
  { requiredKeys: ['data', 'partitionKey'] },
);

/** The envelope of the format around any message. */
function enveloped(message: Uint8Array): Uint8Array {
  const digest = createHash('md5').update(message).digest();
  return Buffer.concat([Buffer.from('f3899ac2', 'hex'), message, digest]);
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('an aggregated record', () => {
  test('gives back the records that went in, in their order', () => {
    fc.assert(
      fc.property(fc.array(aRecord, { maxLength: 40 }), (records) => {
        expect(decodeAggregated(encodeAggregated(records))).toEqual(records);
      }),
    );
  });

  test('holds more records than a one-byte index counts', () => {
    const records = Array.from({ length: 300 }, (_, at) => ({
      data: Buffer.from(`${at}`),
      partitionKey: `key-${at}`,
    }));
    const decoded = decodeAggregated(encodeAggregated(records)) ?? [];
    expect(decoded.map(({ data, partitionKey }) => [text(data), partitionKey])).toEqual(
      records.map(({ data, partitionKey }) => [text(data), partitionKey]),
    );
  });

  test('is read as the KPL writes it: tables first, and tags, which we leave out', () => {
    // message AggregatedRecord { tables = "a", "b"; hash keys = "12"; records = (1, 0, "hi", tag "t") and (0, "yo") }
    const message = Buffer.from(
      '0a0161' +
        '0a0162' +
        '12023132' +
        '1a0d' +
        '0801' +
        '1000' +
        '1a026869' +
        '2203' +
        '0a0174' +
        '1a06' +
        '0800' +
        '1a02796f',
      'hex',
    );
    const decoded = decodeAggregated(enveloped(message)) ?? [];
    expect(decoded.map((record) => ({ ...record, data: text(record.data) }))).toEqual([
      { data: 'hi', partitionKey: 'b', explicitHashKey: '12' },
      { data: 'yo', partitionKey: 'a' },
    ]);
  });

  test.each([
    ['a partition key that no table has', '1a0508001a0179'],
    ['a record without data', '0a01611a020800'],
    ['a record without a partition key', '0a01611a041a026869'],
    ['a record longer than the message', '0a01611a7f0800'],
    ['a hash key that no table has', '0a01611a08080010051a026869'],
    ['nothing that is protobuf', 'ffffffff'],
  ])('is none with %s', (_, hex) => {
    expect(decodeAggregated(enveloped(Buffer.from(hex, 'hex')))).toBeNull();
  });

  test('is none once a byte of it changed', () => {
    const whole = encodeAggregated([{ data: Buffer.from('{"id":1}'), partitionKey: 'a' }]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(whole);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(decodeAggregated(changed)).toBeNull();
      }),
    );
  });

  test('is asked for of any bytes without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, wrapped) => {
        const decoded = decodeAggregated(wrapped ? enveloped(bytes) : bytes);
        expect(decoded === null || Array.isArray(decoded)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
