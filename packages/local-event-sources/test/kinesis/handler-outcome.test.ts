import { describe, expect, test } from '@jest/globals';
import { readResponse } from '../../src/kinesis/handler-outcome.ts';
import { recordsTo } from './records.ts';

const records = recordsTo(5);
const items = (...identifiers: unknown[]) => ({
  batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('all of a batch succeeded if the function returns', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty response', {}],
    ['null as its list', { batchItemFailures: null }],
    ['an empty list', items()],
    ['a text', 'done'],
  ])('%s', (_, response) => {
    expect(readResponse(response, records)).toEqual({ kind: 'succeeded' });
  });
});

describe('all of a batch failed if the function returns', () => {
  test.each([
    ['an empty identifier', items('')],
    ['null as identifier', items(null)],
    ['another key', { batchItemFailures: [{ id: '2' }] }],
    ['null as item', { batchItemFailures: [null] }],
    ['a number of another batch', items('17')],
    ['a number of another batch beside one of this', items('2', '17')],
    ['a list that is none', { batchItemFailures: '2' }],
  ])('%s', (_, response) => {
    expect(readResponse(response, records)).toMatchObject({ kind: 'failed', functionError: false });
  });
});

test('a batch is done up to the lowest number that the function names', () => {
  expect(readResponse(items('4', '2', '3'), records)).toEqual({ kind: 'partial', from: 2 });
});
