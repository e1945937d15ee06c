import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import { everythingOn } from './everything-on.ts';
import { at, resources, stackOf, statementsOf } from './synthesized.ts';

const [table, ...others] = resources(stackOf(everythingOn), 'aws_dynamodb_table');
const inStack = (type: string, name: string) =>
  resources(stackOf(everythingOn), type).find((each) => each.name === name)?.body;

test('there is no table where nobody has opted in', () => {
  expect(resources(stackOf(dev), 'aws_dynamodb_table')).toEqual([]);
  const lambda = resources(stackOf(dev), 'aws_lambda_function').find(
    ({ name }) => name === 'functions_process_rows_function',
  );
  expect(at(lambda?.body, 'environment', 'variables')).not.toHaveProperty('DYNAMODB_TABLE');
});

describe('the table of rows', () => {
  test('has the key that process-rows puts rows by, and nothing that is paid by the hour', () => {
    expect(others).toEqual([]);
    expect(table?.body).toMatchObject({
      name: 'sluice-prod-rows',
      billing_mode: 'PAY_PER_REQUEST',
      hash_key: 'dataset_key',
      attribute: [{ name: 'dataset_key', type: 'S' }],
    });
    expect(table?.body).not.toHaveProperty('range_key');
  });

  test('is under the key of the data', () => {
    expect(table?.body.server_side_encryption).toEqual({
      enabled: true,
      kms_key_arn: `\${aws_kms_key.keys_data_key.arn}`,
    });
  });

  test('is told to process-rows, with the key of each dataset', () => {
    const lambda = inStack('aws_lambda_function', 'functions_process_rows_function');
    expect(at(lambda, 'environment', 'variables')).toMatchObject({
      DYNAMODB_TABLE: `\${${table?.address}.name}`,
      DYNAMODB_KEYS: '{"airports":"iata","orders":"id"}',
    });
  });

  test('takes rows of process-rows, which can neither read nor delete there', () => {
    const policy = inStack('aws_iam_role_policy', 'functions_process_rows_process_rows_policy');
    const may = statementsOf(policy?.policy).filter(({ Action }) =>
      Action.some((action) => action.startsWith('dynamodb:')),
    );
    expect(may).toEqual([
      {
        Sid: 'PutRows',
        Effect: 'Allow',
        Action: ['dynamodb:BatchWriteItem'],
        Resource: [`\${${table?.address}.arn}`],
      },
    ]);
  });
});
