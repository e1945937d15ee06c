import { at, blocks, resources, type StackJson } from '../../src/stack-json.ts';
import { bodyOf, type Rule } from './rule.ts';

/** What holds something that nobody can make again, or without which nobody can read it. */
const irreplaceable = [
  'aws_s3_bucket',
  'aws_kinesis_stream',
  'aws_kms_key',
  'aws_glue_catalog_table',
  'aws_dynamodb_table',
];

const isProtected = (stack: StackJson, address: string): boolean =>
  blocks(bodyOf(stack, address).lifecycle).some((lifecycle) => at(lifecycle, 'prevent_destroy') === true);

export const protectionRules: readonly Rule[] = [
  {
    intent: 'where the environment is protected, Terraform refuses to destroy what holds data',
    violations: (stack, environment) =>
      resources(stack)
        .filter(({ type }) => environment.protected && irreplaceable.includes(type))
        // A view holds a query.
        .filter(({ body }) => body.table_type !== 'VIRTUAL_VIEW')
        .filter(({ address }) => !isProtected(stack, address))
        .map(({ address }) => `${address} can be destroyed`),
    broken: [
      {
        how: 'a bucket is not protected',
        of: 'prod',
        change: (stack) => {
          delete bodyOf(stack, 'aws_s3_bucket.zones_raw_bucket').lifecycle;
        },
        says: ['aws_s3_bucket.zones_raw_bucket can be destroyed'],
      },
      {
        how: 'a key is not protected, and with it goes all that it encrypts',
        of: 'prod',
        change: (stack) => {
          bodyOf(stack, 'aws_kms_key.keys_data_key').lifecycle = { prevent_destroy: false };
        },
        says: ['aws_kms_key.keys_data_key can be destroyed'],
      },
      {
        how: 'the table of rows is not protected',
        of: 'everything-on',
        change: (stack) => {
          delete bodyOf(stack, 'aws_dynamodb_table.rows_table').lifecycle;
        },
        says: ['aws_dynamodb_table.rows_table can be destroyed'],
      },
    ],
  },
  {
    intent: 'where the environment is protected, nothing is emptied on the way',
    violations: (stack, environment) =>
      resources(stack)
        .filter(({ body }) => environment.protected && body.force_destroy === true)
        .map(({ address }) => `${address} would be emptied`),
    broken: [
      {
        how: 'a bucket would be emptied',
        of: 'prod',
        change: (stack) => {
          bodyOf(stack, 'aws_s3_bucket.zones_curated_bucket').force_destroy = true;
        },
        says: ['aws_s3_bucket.zones_curated_bucket would be emptied'],
      },
    ],
  },
  {
    intent: 'where it is not, one `destroy` takes everything',
    violations: (stack, environment) => {
      if (environment.protected) return [];
      return [
        ...resources(stack)
          .filter(({ address }) => isProtected(stack, address))
          .map(({ address }) => `${address} cannot be destroyed`),
        ...resources(stack, 'aws_s3_bucket')
          .filter(({ body }) => body.force_destroy !== true)
          .map(({ address }) => `${address} is destroyed only if it is empty`),
      ];
    },
    broken: [
      {
        how: 'a bucket is protected in dev',
        change: (stack) => {
          bodyOf(stack, 'aws_s3_bucket.zones_raw_bucket').lifecycle = { prevent_destroy: true };
        },
        says: ['aws_s3_bucket.zones_raw_bucket cannot be destroyed'],
      },
      {
        how: 'a bucket is not emptied in dev',
        change: (stack) => {
          delete bodyOf(stack, 'aws_s3_bucket.zones_raw_bucket').force_destroy;
        },
        says: ['aws_s3_bucket.zones_raw_bucket is destroyed only if it is empty'],
      },
    ],
  },
];
