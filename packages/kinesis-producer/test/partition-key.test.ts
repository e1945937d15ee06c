import { describe, expect, test } from '@jest/globals';
import { partitionKeyBy } from '../src/partition-key.ts';

const data = Buffer.from('{"id":7}');

describe('partitionKeyBy', () => {
  test('takes the value of a field', () => {
    const keyOf = partitionKeyBy({ strategy: 'field', field: 'id' });
    expect(keyOf({ id: 7 }, data)).toEqual({ partitionKey: '7' });
  });

  test('keeps several fields apart', () => {
    const keyOf = partitionKeyBy({ strategy: 'field', field: ['a', 'b'] });
    expect(keyOf({ a: '1,2', b: '3' }, data)).not.toEqual(keyOf({ a: '1', b: '2,3' }, data));
  });

  test.each([{}, { id: null }, { id: '' }])(
    'gives copies of a record without a value, %j, the same key',
    (values) => {
      const keyOf = partitionKeyBy({ strategy: 'field', field: 'id' });
      expect(keyOf(values, data)).toEqual(keyOf(values, Buffer.from(data)));
      expect(keyOf(values, data)).not.toEqual(keyOf(values, Buffer.from('other')));
    },
  );

  test.each(['x'.repeat(257), '\ud800'])(
    'gives a value that Kinesis would not take a key that it takes',
    (id) => {
      const { partitionKey } = partitionKeyBy({ strategy: 'field', field: 'id' })({ id }, data);
      expect(partitionKey).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  test('does not look at what a record inherits', () => {
    const keyOf = partitionKeyBy({ strategy: 'field', field: 'constructor' });
    expect(keyOf({}, data)).toEqual(partitionKeyBy({ strategy: 'hash' })({}, data));
  });

  test('hashes the data', () => {
    const keyOf = partitionKeyBy({ strategy: 'hash' });
    expect(keyOf({}, data)).toEqual({ partitionKey: 'f909686c4adf64f7a8c468b29e6e66aa' });
  });

  test('is never twice the same at random', () => {
    const keyOf = partitionKeyBy({ strategy: 'random' });
    expect(keyOf({}, data)).not.toEqual(keyOf({}, data));
  });

  test('leads every record to the shard of an explicit hash key', () => {
    const keyOf = partitionKeyBy({ strategy: 'explicit', explicitHashKey: '12' });
    expect(keyOf({}, data)).toMatchObject({ explicitHashKey: '12' });
  });
});
