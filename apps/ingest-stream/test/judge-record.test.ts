import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { encodeAggregated } from '@sluice/kinesis-producer/aggregated-record';
import { defineDataset, text } from '@sluice/record-schema';
import { createRowReader } from '@sluice/record-transform/reading';
import fc from 'fast-check';
import { ingestRecords } from '../src/ingest-records.ts';
import { createRecordJudge } from '../src/judge-record.ts';
import { event, findDataset, keysIn, lake, linesIn, linesOf, numberOf, record, shardId } from './shard.ts';

const ROOM = 32 * 1024 * 1024;
const byField = createRecordJudge(findDataset, { field: '_dataset' });
const judge = (data: string | Uint8Array, room = ROOM) => byField(Buffer.from(data), room);
const lineOf = (data: string | Uint8Array): string => {
  const judgement = judge(data);
  if (judgement.outcome !== 'readable') throw new Error(judgement.code);
  return judgement.line;
};

describe('the line of a record', () => {
  test.each([
    ['without the key that names its dataset', '{"_dataset":"orders","id":"1"}', '{"id":"1"}'],
    ['wherever that key is', '{"id":"1" , "_dataset" : "orders", "x":2}', '{"id":"1","x":2}'],
    ['however it is written', '{"id":"1","\\u005fdataset":"orders"}', '{"id":"1"}'],
    ['as often as it is there', '{"_dataset":"x","id":"1","_dataset":"orders"}', '{"id":"1"}'],
    ['that has nothing else', '{"_dataset":"orders"}', '{}'],
    ['with each number as it is written', '{"_dataset":"orders","a":1.10,"b":1e400}', '{"a":1.10,"b":1e400}'],
    ['with equal keys, each of them', '{"_dataset":"orders","a":1,"a":2}', '{"a":1,"a":2}'],
    ['over several lines', '{\n  "_dataset": "orders",\r\n  "a": [1,\n2]\n}\n', '{"a": [1, 2]}'],
    ['with escaped line breaks', '{"_dataset":"orders","a":"x\\ny"}', '{"a":"x\\ny"}'],
    ['behind a byte order mark', '\ufeff{"_dataset":"orders","id":"1"}', '{"id":"1"}'],
    ['with keys of old', '{"_dataset":"orders","__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
  ])('%s', (_, data, line) => {
    expect(lineOf(data)).toBe(line);
  });

  test('is the whole record if the stream says the dataset', () => {
    const ofOrders = createRecordJudge(findDataset, { dataset: 'orders' });
    expect(ofOrders(Buffer.from(' {"_dataset":"x",\n"id":"1"} '), ROOM)).toMatchObject({
      outcome: 'readable',
      dataset: 'orders',
      line: '{"_dataset":"x", "id":"1"}',
    });
  });
});

describe('a record in quarantine', () => {
  const packed = gzipSync('{"_dataset":"orders"}');
  test.each([
    ['not_json', null, null, ''],
    ['not_json', null, null, '{"_dataset":"orders"'],
    ['not_json', null, null, '{"_dataset":"orders"}\n{"_dataset":"orders"}'],
    ['not_an_object', null, null, '[{"_dataset":"orders"}]'],
    ['not_an_object', null, null, 'null'],
    ['invalid_utf8', null, null, Buffer.from([0x7b, 0xff, 0x7d])],
    ['corrupt_gzip', null, null, packed.subarray(0, packed.length - 9)],
    ['record_too_large', null, null, gzipSync(Buffer.alloc(16 * 1024 * 1024 + 1, ' '))],
    ['no_dataset', '_dataset', null, '{"id":"1"}'],
    ['no_dataset', '_dataset', null, '{"_dataset":1}'],
    ['unknown_dataset', '_dataset', null, '{"_dataset":"nobody"}'],
    ['unknown_dataset', '_dataset', null, '{"_dataset":"\\ud800"}'],
    ['wrong_format', null, 'csv_only', '{"_dataset":"csv_only","id":"1"}'],
    ['unknown_column', 'more', 'strict', '{"_dataset":"strict","id":"1","more":2}'],
    ['nested_value', null, 'orders', '{"_dataset":"orders","amount":[1]}'],
    ['invalid_utf8', null, 'orders', '{"_dataset":"orders","name":"\\udc00"}'],
  ])('is there for %s (field %s, dataset %s)', (code, field, dataset, data) => {
    expect(judge(data)).toMatchObject({ outcome: 'unreadable', code, field, dataset });
  });

  test('is of the dataset of its stream, if that has one', () => {
    const ofOrders = createRecordJudge(findDataset, { dataset: 'orders' });
    expect(ofOrders(Buffer.from('?'), ROOM)).toMatchObject({ code: 'not_json', dataset: 'orders' });
    expect(ofOrders(packed.subarray(0, 9), ROOM)).toMatchObject({ code: 'corrupt_gzip', dataset: 'orders' });
  });

  test('takes no more room than its Kinesis record has left', () => {
    expect(judge(gzipSync('{"_dataset":"orders"}'), 20)).toMatchObject({ code: 'record_too_large' });
    expect(judge(gzipSync('{"_dataset":"orders"}'), 0)).toMatchObject({ code: 'record_too_large' });
  });

  test('tells where it came from and when', async () => {
    const { deps, objects } = lake();
    const aggregated = encodeAggregated([
      { partitionKey: 'a', data: Buffer.from('{"_dataset":"orders","id":"1"}') },
      { partitionKey: 'b', data: Buffer.from('{"secret":') },
    ]);
    const { shards } = await ingestRecords(event(record(1, aggregated), record(2, 'x')), deps);
    expect(shards).toMatchObject([{ recordsIn: 3, landed: 1, quarantined: 2 }]);
    const lines = await linesIn(objects, 'curated');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        row: 2,
        reasons: [{ field: null, code: 'not_json' }],
        record: null,
        raw: '{"secret":',
        stream: {
          name: 'lake-records',
          shardId,
          sequenceNumber: numberOf(1),
          subSequenceNumber: 1,
          arrivedAt: '2026-11-06T13:00:01.123Z',
        },
      },
      {
        row: 1,
        reasons: [{ field: null, code: 'not_json' }],
        record: null,
        raw: 'x',
        stream: {
          name: 'lake-records',
          shardId,
          sequenceNumber: numberOf(2),
          arrivedAt: '2026-11-06T13:00:02.123Z',
        },
      },
    ]);
  });

  test.each([
    ['bytes that are no UTF-8', Buffer.from([0xff, 0x41]), '\ufffdA'],
    ['gzip that is cut off', packed.subarray(0, 12), null],
    ['a text of more than 64 KiB', Buffer.from('x'.repeat(64 * 1024 + 1)), 'x'.repeat(64 * 1024)],
  ])('keeps every byte of %s', async (_, data, raw) => {
    const { deps, objects } = lake();
    await ingestRecords(event(record(1, data)), deps);
    const [line = ''] = await linesIn(objects, 'curated');
    const entry = JSON.parse(line);
    expect(entry.raw).toBe(raw);
    expect(Buffer.from(entry.stream.data, 'base64').equals(data)).toBe(true);
  });
});

describe('a raw object', () => {
  const odd = defineDataset({
    name: 'odd',
    source: { unknownColumns: 'reject' },
    fields: { id: text({ required: true }), body: text({ json: true }) },
  });
  const deps = (found = odd) => lake({ findDataset: (name) => (name === 'odd' ? found : undefined) });

  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('\ud800', '\n', '\u2028', '{"', '\\', [[[]]], { a: '}' }),
  );
  const members = fc.dictionary(
    fc.oneof(fc.constantFrom('id', 'body', 'id', '_dataset', '__proto__', 'more'), fc.string()),
    value,
  );
  const written = fc
    .tuple(members, fc.boolean(), fc.constantFrom(0, 1, '\t', '\r\n'))
    .map(([object, named, indent]) =>
      JSON.stringify(named ? { ...object, _dataset: 'odd' } : object, null, indent),
    );
  const data = fc.oneof(
    { weight: 4, arbitrary: written.map((one) => Buffer.from(one)) },
    { weight: 1, arbitrary: written.map((one) => gzipSync(one)) },
    {
      weight: 1,
      arbitrary: fc.tuple(written, fc.nat(), fc.nat(255)).map(([one, at, byte]) => {
        const bytes = Buffer.from(one);
        bytes[at % bytes.length] = byte;
        return bytes;
      }),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  );

  test('is never refused, nor has it a row that cannot be read, whatever the records are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(data, { minLength: 1, maxLength: 8 }), async (all) => {
        const { deps: itsDeps, objects } = deps();
        const { shards } = await ingestRecords(event(...all.map((one, at) => record(at + 1, one))), itsDeps);
        const landed = shards[0]?.landed ?? 0;
        const quarantined = await linesIn(objects, 'curated');
        expect(landed + quarantined.length).toBe(all.length);
        let rows = 0;
        for (const key of await keysIn(objects, 'raw')) {
          const reader = createRowReader(odd, key, {
            row() {
              rows += 1;
            },
            malformed(code) {
              throw new Error(code);
            },
          });
          for (const line of await linesOf(objects, 'raw', key)) reader.push(Buffer.from(`${line}\n`));
          reader.end();
        }
        expect(rows).toBe(landed);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test('has of each record what the record says', () => {
    const judgeOdd = createRecordJudge((name) => (name === 'odd' ? odd : undefined), { field: '_dataset' });
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, '\t\n'), (body, indent) => {
        const sent = JSON.stringify({ id: '1', _dataset: 'odd', body }, null, indent);
        const judgement = judgeOdd(Buffer.from(sent), ROOM);
        if (judgement.outcome === 'unreadable') throw new Error(judgement.code);
        expect(judgement.line).not.toMatch(/[\r\n]/);
        const { _dataset, ...rest } = JSON.parse(sent);
        expect(JSON.parse(judgement.line)).toEqual(rest);
      }),
    );
  });
});
