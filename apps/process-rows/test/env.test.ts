import { expect, test } from '@jest/globals';
import { parseEnv } from '@sluice/lambda-kit';
import { environment } from '../src/env.ts';

const CURATED_BUCKET = 'curated';
const DYNAMODB_TABLE = 'rows';

test('a table comes with the keys of its datasets', () => {
  const variables = { CURATED_BUCKET, DYNAMODB_TABLE, DYNAMODB_KEYS: '{"orders":"id"}' };
  expect(parseEnv(environment, variables).DYNAMODB_KEYS).toEqual({ orders: 'id' });
});

test('a table without keys would stay empty, and is refused', () => {
  expect(() => parseEnv(environment, { CURATED_BUCKET, DYNAMODB_TABLE })).toThrow('DYNAMODB_KEYS is missing');
});

test('keys that are no JSON are refused in one line that does not quote them', () => {
  const variables = { CURATED_BUCKET, DYNAMODB_TABLE, DYNAMODB_KEYS: 'orders=id' };
  expect(() => parseEnv(environment, variables)).toThrow(
    /^Environment: DYNAMODB_KEYS is not valid \(JSON\)[^\n]*$/,
  );
  expect(() => parseEnv(environment, variables)).not.toThrow('orders=id');
});
