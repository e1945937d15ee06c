import { describe, expect, test } from '@jest/globals';
import { type Dataset, defineDataset, text } from '@sluice/record-schema';
import { arbitraries } from '@sluice/record-schema/arbitraries';
import { transformRows } from '@sluice/record-transform/typescript';
import fc from 'fast-check';
import { createRecordJudge } from '../src/judge-record.ts';
import { servedDatasets } from '../src/served-datasets.ts';
import { datasets, strict } from './api.ts';

const judge = (record: string | Buffer, dataset: Dataset = strict) =>
  createRecordJudge(dataset, '_dataset')(Buffer.from(record));
const lineOf = (record: string): string | null => {
  const judged = judge(record);
  return judged.outcome === 'valid' ? Buffer.from(judged.record.data).toString('utf8') : null;
};
const reasonsOf = (record: string | Buffer, dataset?: Dataset) => {
  const judged = judge(record, dataset);
  return judged.outcome === 'refused' ? judged.reasons : [];
};
const keyOf = (record: string, dataset?: Dataset) => {
  const judged = judge(record, dataset);
  return judged.outcome === 'valid' ? judged.record.partitionKey : null;
};

describe('a valid record', () => {
  test.each([
    ['its text as it is', '{"id": 1, "amount":1.10 }', '{"_dataset":"strict","id": 1, "amount":1.10 }'],
    ['every key that it has twice', '{"id":"x","id":2}', '{"_dataset":"strict","id":"x","id":2}'],
    [
      'its line breaks as blanks',
      '{\r\n"id":1,\n"notes":{\n"a":"\\n"}}',
      '{"_dataset":"strict","id":1, "notes":{ "a":"\\n"}}',
    ],
    ['escapes as they are', '{"id":1,"notes":"\\u00e4"}', '{"_dataset":"strict","id":1,"notes":"\\u00e4"}'],
  ])('goes on with its dataset and %s', (_what, record, line) => {
    expect(lineOf(record)).toBe(line);
  });

  test('may be empty', () => {
    const dataset = defineDataset({ name: 'optional', fields: { a: text() } });
    const judged = judge('{ }', dataset);
    expect(judged.outcome === 'valid' && Buffer.from(judged.record.data).toString()).toBe(
      '{"_dataset":"optional"}',
    );
  });
});

describe('a record is refused', () => {
  test.each([
    ['that is not JSON', '{"id":1', '', 'not_json'],
    ['that is no object', '[1]', '', 'not_an_object'],
    ['that is null', 'null', '', 'not_an_object'],
    ['that names a dataset itself', '{"id":1,"_dataset":"strict"}', '/_dataset', 'reserved_key'],
    ['that names a dataset in other letters', '{"id":1,"\\u005fdataset":"x"}', '/_dataset', 'reserved_key'],
    ['with an undeclared key', '{"id":1,"x":1}', '/x', 'unknown_column'],
    ['with an undeclared __proto__', '{"id":1,"__proto__":{"amount":1}}', '/__proto__', 'unknown_column'],
    ['with an array in a plain field', '{"id":1,"amount":[1]}', '/amount', 'nested_value'],
    ['with a lone surrogate', '{"id":1,"notes":"\\ud800"}', '/notes', 'invalid_utf8'],
    ['with a key that a pointer has to escape', '{"id":1,"a/b~c":{}}', '/a~1b~0c', 'nested_value'],
    ['whose last value of a key is wrong', '{"id":1,"id":"x"}', '/id', 'not_an_integer'],
    ['with 12.0 for an integer, as its text counts', '{"id":12.0}', '/id', 'not_an_integer'],
    ['with 1e3 for an integer, as its text counts', '{"id":1e3}', '/id', 'not_an_integer'],
    ['with a number beyond all bounds', '{"id":1,"amount":1e999}', '/amount', 'not_a_number'],
    ['with an integer beyond 2^53', '{"id":9007199254740993}', '/id', 'out_of_range'],
    ['without what is required', '{}', '/id', 'missing'],
    ['with null for what is required', '{"id":null}', '/id', 'missing'],
    ['with a required field from a prototype only', '{"__proto__":{"id":1}}', '/id', 'missing'],
  ])('%s', (_what, record, pointer, code) => {
    expect(reasonsOf(record)).toContainEqual({ pointer, code });
  });

  test('that is not UTF-8', () => {
    expect(reasonsOf(Buffer.from('{"id":1,"notes":"\xff"}', 'latin1'))).toEqual([
      { pointer: '', code: 'invalid_utf8' },
    ]);
  });

  test('that nests more than 100 deep, and no sooner', () => {
    const nested = (depth: number) => `{"id":1,"notes":${'['.repeat(depth - 1)}"]"${']'.repeat(depth - 1)}}`;
    expect(reasonsOf(nested(100))).toEqual([]);
    expect(reasonsOf(nested(101))).toEqual([{ pointer: '', code: 'nested_too_deep' }]);
  });

  test('that is larger than the stream takes, key and all, and no sooner', () => {
    const frame = '{"_dataset":"strict","id":1,"notes":""}'.length;
    const sized = (bytes: number) => `{"id":1,"notes":"${'a'.repeat(bytes - frame - 32)}"}`;
    expect(reasonsOf(sized(2 ** 20))).toEqual([]);
    expect(reasonsOf(sized(2 ** 20 + 1))).toEqual([{ pointer: '', code: 'record_too_large' }]);
  });

  test('with no more than twenty reasons, and no pointer that is long or has control characters', () => {
    const keys = Array.from({ length: 30 }, (_, at) => `"k${at}":1`).join(',');
    expect(reasonsOf(`{"id":1,${keys}}`)).toHaveLength(20);
    for (const key of ['k'.repeat(100), 'a\\u0000'])
      expect(reasonsOf(`{"id":1,"${key}":1}`)).toEqual([{ pointer: '', code: 'unknown_column' }]);
  });
});

describe('the partition key', () => {
  test('is the same for copies of a record, whatever else is in them', () => {
    expect(keyOf('{"id":1,"amount":1}')).toBe(keyOf('{"amount":2,"id":1}'));
    expect(keyOf('{"id":1}')).not.toBe(keyOf('{"id":2}'));
  });

  test('shows nothing of the record', () => {
    expect(keyOf('{"id":17}')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('of a dataset without a key hangs on all of the record', () => {
    const dataset = defineDataset({ name: 'keyless', fields: { a: text() } });
    expect(keyOf('{"a":"1"}', dataset)).toBe(keyOf('{"a":"1"}', dataset));
    expect(keyOf('{"a":"1"}', dataset)).not.toBe(keyOf('{"a":"2"}', dataset));
  });
});

test('a dataset that has the field which names datasets cannot be served', () => {
  const dataset = defineDataset({ name: 'odd', fields: { a: text({ from: '_dataset' }) } });
  expect(() => createRecordJudge(dataset, '_dataset')).toThrow('odd has a field _dataset');
});

/** Numbers in several spellings, since only JSON has them. */
const spelled = (cells: Readonly<Record<string, string | null>>, asNumber: boolean): string =>
  `{${Object.entries(cells)
    .map(([name, cell]) => {
      const isNumber = asNumber && cell !== null && /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(cell);
      return `${JSON.stringify(name)}:${isNumber ? cell : JSON.stringify(cell)}`;
    })
    .join(',')}}`;

describe('what the API says of a record, etl will say of its row', () => {
  test.each([...servedDatasets(datasets)])('%s', async (_name, dataset) => {
    const { validRow, brokenRow } = arbitraries(dataset);
    const rows = fc.oneof(
      validRow,
      brokenRow.map((row) => row.cells),
    );
    const judgeOf = createRecordJudge(dataset, '_dataset');
    await fc.assert(
      fc.asyncProperty(rows, fc.boolean(), async (cells, asNumber) => {
        const record = spelled(cells, asNumber);
        const judged = judgeOf(Buffer.from(record));
        const object = { key: 'a.jsonl', chunks: [Buffer.from(`${record}\n`)] };
        for await (const { outcome } of transformRows(dataset, object, { asOf: 0, pseudonymKey: 'k' })) {
          const codes = outcome.fate === 'quarantined' ? outcome.reasons.map(({ code }) => code) : [];
          expect(judged.outcome === 'refused' ? judged.reasons.map(({ code }) => code) : []).toEqual(codes);
        }
      }),
      { numRuns: 200 },
    );
  });
});
