import {
  at,
  blocks,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { bodyOf, type Rule, refersTo, rewriteStatement } from './rule.ts';

const tablesOf = (stack: StackJson): Resource[] => resources(stack, 'aws_dynamodb_table');

const everyTable =
  (fault: (table: Resource) => string | null): Rule['violations'] =>
  (stack) =>
    tablesOf(stack).flatMap((table) => {
      const found = fault(table);
      return found === null ? [] : [`${table.address} ${found}`];
    });

const rows = 'aws_dynamodb_table.rows_table';
const processRowsPolicy = 'aws_iam_role_policy.functions_process_rows_process_rows_policy';

export const tableRules: readonly Rule[] = [
  {
    intent: 'every table is encrypted with the key of the data',
    violations: everyTable(({ body }) =>
      referencesIn(at(body.server_side_encryption, 'kms_key_arn')).includes('aws_kms_key.keys_data_key') &&
      at(body.server_side_encryption, 'enabled') === true
        ? null
        : 'is under another key',
    ),
    broken: [
      {
        how: 'encryption is left to DynamoDB',
        of: 'everything-on',
        change: (stack) => {
          delete bodyOf(stack, rows).server_side_encryption;
        },
        says: [`${rows} is under another key`],
      },
    ],
  },
  {
    intent: 'every table can be put back to any second of the last 35 days',
    violations: everyTable(({ body }) =>
      at(body.point_in_time_recovery, 'enabled') === true ? null : 'has no backup',
    ),
    broken: [
      {
        how: 'recovery is off',
        of: 'everything-on',
        change: (stack) => {
          bodyOf(stack, rows).point_in_time_recovery = { enabled: false };
        },
        says: [`${rows} has no backup`],
      },
    ],
  },
  {
    intent: 'every table costs by what is done with it, and nothing by the hour',
    violations: everyTable(({ body }) =>
      body.billing_mode === 'PAY_PER_REQUEST' && blocks(body.replica).length === 0
        ? null
        : 'costs while idle',
    ),
    broken: [
      {
        how: 'capacity is provisioned',
        of: 'everything-on',
        change: (stack) => {
          bodyOf(stack, rows).billing_mode = 'PROVISIONED';
        },
        says: [`${rows} costs while idle`],
      },
    ],
  },
  {
    intent: 'where the environment is protected, DynamoDB itself refuses to delete a table',
    violations: (stack, environment) =>
      tablesOf(stack)
        .filter(({ body }) => body.deletion_protection_enabled !== environment.protected)
        .map(({ address }) => `${address} is ${environment.protected ? 'un' : ''}protected`),
    broken: [
      {
        how: 'protection is off',
        of: 'everything-on',
        change: (stack) => {
          bodyOf(stack, rows).deletion_protection_enabled = false;
        },
        says: [`${rows} is unprotected`],
      },
    ],
  },
  {
    intent: 'rows are put into tables, and no role reads them there or deletes one',
    violations: (stack) =>
      resources(stack, 'aws_iam_role_policy').flatMap(({ address, body }) =>
        statementsOf(body.policy)
          .filter(({ Effect }) => Effect === 'Allow')
          .flatMap(({ Action, Resource: on }) =>
            Action.filter((action) => action.startsWith('dynamodb:')).flatMap((action) => [
              ...(action === 'dynamodb:BatchWriteItem' ? [] : [`${address} may ${action}`]),
              ...(on.every((arn) => tablesOf(stack).some((table) => refersTo(arn, table)))
                ? []
                : [`${address} may ${action} on tables that are not of the stack`]),
            ]),
          ),
      ),
    broken: [
      {
        how: 'process-rows could read what others have put',
        of: 'everything-on',
        change: (stack) =>
          rewriteStatement(stack, processRowsPolicy, 'policy', 'PutRows', (statement) => {
            statement.Action = ['dynamodb:BatchWriteItem', 'dynamodb:Scan'];
          }),
        says: [`${processRowsPolicy} may dynamodb:Scan`],
      },
      {
        how: 'it could write into any table',
        of: 'everything-on',
        change: (stack) =>
          rewriteStatement(stack, processRowsPolicy, 'policy', 'PutRows', (statement) => {
            statement.Resource = ['arn:aws:dynamodb:eu-central-1:123456789012:table/*'];
          }),
        says: [`${processRowsPolicy} may dynamodb:BatchWriteItem on tables that are not of the stack`],
      },
    ],
  },
];
