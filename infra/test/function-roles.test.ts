import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { everythingOn } from './everything-on.ts';
import { resources, stackOf, statementsOf } from './synthesized.ts';

type Context = Readonly<Record<string, string>>;
interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context?: Context;
}

/** `*` stands for any text, `/` included. */
const matches = (pattern: string, value: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '.*')}$`, 's').test(value);

/** Decides as IAM does, as far as our statements go: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */
const decide = (
  environment: Environment,
  app: string,
  { action, resource, context = {} }: Request,
): 'allowed' | 'denied' => {
  const name = `${environment.namePrefix}-${app}`;
  const stack = stackOf(environment);
  const role = resources(stack, 'aws_iam_role').find(({ body }) => body.name === name);
  const policies = resources(stack, 'aws_iam_role_policy').filter(
    ({ body }) => body.role === `\${${role?.address}.id}`,
  );
  if (policies.length !== 1) throw new Error(`${name} has ${policies.length} policies`);
  const applies = statementsOf(policies[0]?.body.policy).filter(
    ({ Action, Resource, Condition = {} }) =>
      Action.some((one) => matches(one, action)) &&
      Resource.some((one) => matches(one, resource)) &&
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, values]) => {
          const value = context[key];
          if (value === undefined) return false;
          return values.some((one) => (operator === 'StringEquals' ? one === value : matches(one, value)));
        }),
      ),
  );
  const denied = applies.length === 0 || applies.some(({ Effect }) => Effect === 'Deny');
  return denied ? 'denied' : 'allowed';
};

const raw = `\${aws_s3_bucket.zones_raw_bucket.arn}`;
const curated = `\${aws_s3_bucket.zones_curated_bucket.arn}`;
const glue = `arn:\${data.aws_partition.partition.partition}:glue:eu-central-1:\${data.aws_caller_identity.caller.account_id}`;
const incoming = `${raw}/incoming/orders/a.csv`;
const staged = `${curated}/staging/run-1/accepted-0.parquet`;
const published = `${curated}/processed/orders/process_year=2025/a-0.parquet`;
const quarantined = `${curated}/quarantine/orders/objects/a/a.csv`;
const manifest = `${curated}/runs/orders/run-1.json`;
const part = `${curated}/staging/run-1/part-0-100.part`;
const mapResult = `${curated}/map-results/run-1/some-uuid/SUCCEEDED_0.jsonl`;
const states = `arn:\${data.aws_partition.partition.partition}:states:eu-central-1:\${data.aws_caller_identity.caller.account_id}`;
const executionOf = (machine: string): string => `${states}:execution:sluice-dev-${machine}:orders-1`;
const useOfOperationsKey = (action: string, service: string): Request => ({
  action: `kms:${action}`,
  resource: `\${aws_kms_key.keys_operations_key.arn}`,
  context: { 'kms:ViaService': `${service}.eu-central-1.amazonaws.com` },
});

const streamed = `${raw}/incoming/orders/stream/sluice-dev-records/shardId-000000000000/9-1.jsonl.gz`;
const unread = `${curated}/quarantine/_unmatched/records/sluice-dev-records/shardId-000000000000/9-1.jsonl`;
const answered = `${curated}/requests/orders/0123456789abcdef.json`;
const ofRecords = (action: string): Request => ({
  action: `kinesis:${action}`,
  resource: `\${aws_kinesis_stream.stream_stream.arn}`,
});
const useOfRecordsKey = (action: 'Decrypt' | 'GenerateDataKey'): Request => ({
  action: `kms:${action}`,
  resource: `\${aws_kms_key.keys_data_key.arn}`,
  context: {
    'kms:ViaService': 'kinesis.eu-central-1.amazonaws.com',
    'kms:EncryptionContext:aws:kinesis:arn': `arn:\${data.aws_partition.partition.partition}:kinesis:eu-central-1:\${data.aws_caller_identity.caller.account_id}:stream/sluice-dev-records`,
  },
});

const useOfDataKey = (action: 'Decrypt' | 'GenerateDataKey', object: string): Request => ({
  action: `kms:${action}`,
  resource: `\${aws_kms_key.keys_data_key.arn}`,
  context: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com', 'kms:EncryptionContext:aws:s3:arn': object },
});
const readsOf = (object: string): Request[] => [
  { action: 's3:GetObject', resource: object },
  { action: 's3:GetObjectVersion', resource: object },
  useOfDataKey('Decrypt', object),
];
// An upload in parts decrypts what it has encrypted: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
const writesOf = (object: string): Request[] => [
  { action: 's3:PutObject', resource: object },
  { action: 's3:AbortMultipartUpload', resource: object },
  useOfDataKey('GenerateDataKey', object),
  useOfDataKey('Decrypt', object),
];
const deletionOf = (object: string): Request => ({ action: 's3:DeleteObject', resource: object });
/** Whether S3 says 404, which the code understands, of an object that is not there: such a request has no prefix. */
const tellsAbsence = (bucket: string): Request => ({ action: 's3:ListBucket', resource: bucket });
const listOf = (bucket: string, prefix: string): Request => ({
  action: 's3:ListBucket',
  resource: bucket,
  context: { 's3:prefix': prefix },
});
const glueRequests = (action: string, table: string): Request[] =>
  ['catalog', `database/\${aws_glue_catalog_database.catalogue_database.name}`]
    .map((part) => `${glue}:${part}`)
    .concat(`\${aws_glue_catalog_table.catalogue_table_${table}.arn}`)
    .map((resource) => ({ action, resource }));

/** What each app's `deps.ts` calls, and what it must not be able to do. */
const apps: Readonly<
  Record<string, { readonly does: readonly Request[]; readonly never: readonly Request[] }>
> = {
  'ingest-stream': {
    does: [
      ...writesOf(streamed),
      ...writesOf(unread),
      ...[streamed, unread].flatMap(readsOf),
      ...[raw, curated].map(tellsAbsence),
      ...['DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards'].map(ofRecords),
      useOfRecordsKey('Decrypt'),
      { action: 'sqs:SendMessage', resource: `\${aws_sqs_queue.stream_intake_dead_letters_queue.arn}` },
      ...['GenerateDataKey', 'Decrypt'].map((action) => useOfOperationsKey(action, 'sqs')),
    ],
    never: [
      { action: 's3:PutObject', resource: incoming },
      { action: 's3:GetObject', resource: incoming },
      { action: 's3:PutObject', resource: quarantined },
      { action: 's3:GetObject', resource: quarantined },
      { action: 's3:PutObject', resource: staged },
      deletionOf(streamed),
      ofRecords('PutRecords'),
      useOfRecordsKey('GenerateDataKey'),
    ],
  },
  'ingest-api': {
    does: [
      ...['PutRecords', 'ListShards'].map(ofRecords),
      useOfRecordsKey('GenerateDataKey'),
      ...writesOf(answered),
      ...readsOf(answered),
      tellsAbsence(curated),
    ],
    never: [
      ...['GetRecords', 'GetShardIterator', 'DeleteStream'].map(ofRecords),
      useOfRecordsKey('Decrypt'),
      { action: 's3:PutObject', resource: incoming },
      { action: 's3:GetObject', resource: published },
      { action: 's3:PutObject', resource: manifest },
      deletionOf(answered),
    ],
  },
  'validate-object': {
    does: [...readsOf(incoming), tellsAbsence(raw)],
    never: [
      ...writesOf(incoming).filter(({ action }) => action !== 'kms:Decrypt'),
      deletionOf(incoming),
      ...readsOf(published),
      { action: 's3:GetObject', resource: `${raw}/elsewhere/a.csv` },
    ],
  },
  'score-quality': {
    does: [...readsOf(incoming), tellsAbsence(raw), ...writesOf(staged)],
    never: [
      { action: 's3:PutObject', resource: incoming },
      { action: 's3:PutObject', resource: published },
      { action: 's3:GetObject', resource: published },
      deletionOf(staged),
      useOfDataKey('GenerateDataKey', incoming),
    ],
  },
  'transform-object': {
    does: [
      ...readsOf(incoming),
      tellsAbsence(raw),
      ...writesOf(staged),
      deletionOf(staged),
      listOf(curated, 'staging/run-1/accepted-'),
    ],
    never: [
      { action: 's3:PutObject', resource: published },
      { action: 's3:GetObject', resource: published },
      deletionOf(published),
      deletionOf(incoming),
      listOf(curated, 'processed/orders/'),
    ],
  },
  'publish-run': {
    does: [
      ...readsOf(incoming),
      ...readsOf(staged),
      ...readsOf(manifest),
      // HEAD is GetObject, too.
      ...readsOf(quarantined),
      ...[raw, curated].map(tellsAbsence),
      ...['staging/run-1/', 'processed/orders/process_year=2025/a-'].map((prefix) => listOf(curated, prefix)),
      // The journal of what is being published lies in staging.
      ...[staged, published, quarantined, manifest].flatMap(writesOf),
      ...[staged, published, quarantined, manifest].map(deletionOf),
      { action: 's3:GetObjectTagging', resource: incoming },
      { action: 's3:GetObjectVersionTagging', resource: incoming },
      { action: 's3:PutObjectTagging', resource: quarantined },
      ...glueRequests('glue:GetTable', 'orders'),
      ...glueRequests('glue:BatchCreatePartition', 'bird_strikes'),
    ],
    never: [
      { action: 's3:GetObject', resource: published },
      { action: 's3:PutObject', resource: incoming },
      deletionOf(incoming),
      { action: 's3:DeleteObjectVersion', resource: published },
      ...glueRequests('glue:UpdateTable', 'orders'),
      ...glueRequests('glue:BatchDeletePartition', 'orders'),
      ...glueRequests('glue:GetTable', 'runs').slice(-1),
    ],
  },
  'start-pipeline': {
    does: [
      ...['workflow', 'csv_map_comma'].map((machine) => ({
        action: 'states:StartExecution',
        resource: `\${aws_sfn_state_machine.${machine}_machine.arn}`,
      })),
      ...['etl', 'csv-map-comma'].map((machine) => ({
        action: 'states:DescribeExecution',
        resource: executionOf(machine),
      })),
      ...['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((action) => ({
        action: `sqs:${action}`,
        resource: `\${aws_sqs_queue.intake_queue.arn}`,
      })),
      useOfOperationsKey('Decrypt', 'sqs'),
    ],
    never: [
      ...['Stop', 'Redrive'].map((action) => ({
        action: `states:${action}Execution`,
        resource: executionOf('csv-map-comma'),
      })),
      { action: 'sqs:SendMessage', resource: `\${aws_sqs_queue.intake_queue.arn}` },
      { action: 'sqs:ReceiveMessage', resource: `\${aws_sqs_queue.intake_dead_letters.arn}` },
      ...readsOf(incoming),
      useOfOperationsKey('Decrypt', 'sns'),
    ],
  },
  'process-rows': {
    does: writesOf(part),
    never: [
      ...readsOf(incoming),
      { action: 's3:GetObject', resource: part },
      deletionOf(part),
      { action: 's3:PutObject', resource: published },
      { action: 's3:PutObject', resource: mapResult },
      { action: 'dynamodb:BatchWriteItem', resource: 'any' },
    ],
  },
  'record-failed-rows': {
    does: [
      ...writesOf(part),
      ...readsOf(part),
      tellsAbsence(curated),
      { action: 'sqs:SendMessage', resource: `\${aws_sqs_queue.failed_batches_queue.arn}` },
      ...['GenerateDataKey', 'Decrypt'].map((action) => useOfOperationsKey(action, 'sqs')),
    ],
    never: [
      ...readsOf(incoming),
      deletionOf(part),
      { action: 's3:PutObject', resource: quarantined },
      { action: 'sqs:SendMessage', resource: `\${aws_sqs_queue.intake_queue.arn}` },
      { action: 'sqs:ReceiveMessage', resource: `\${aws_sqs_queue.failed_batches_queue.arn}` },
    ],
  },
  'collect-map-run': {
    does: [
      ...readsOf(incoming),
      ...readsOf(part),
      ...readsOf(mapResult),
      ...[raw, curated].map(tellsAbsence),
      ...writesOf(staged),
      listOf(curated, 'staging/run-1/accepted-'),
      deletionOf(staged),
    ],
    never: [
      { action: 's3:PutObject', resource: published },
      { action: 's3:PutObject', resource: mapResult },
      deletionOf(mapResult),
      deletionOf(incoming),
      { action: 's3:GetObject', resource: published },
    ],
  },
};

const withTable: Environment = { ...dev, optIns: { ...dev.optIns, rowTable: { keys: { orders: 'id' } } } };

test('process-rows puts rows into the table where there is one, and can do nothing else there', () => {
  const table = `\${aws_dynamodb_table.rows_table.arn}`;
  const asked = ['BatchWriteItem', 'DeleteItem', 'GetItem', 'Scan'].map((action) => ({
    action: `dynamodb:${action}`,
    resource: table,
  }));
  expect(asked.map((request) => decide(withTable, 'process-rows', request))).toEqual([
    'allowed',
    'denied',
    'denied',
    'denied',
  ]);
});

describe.each(Object.entries(apps))('%s', (app, { does, never }) => {
  test('may do what its code calls', () => {
    expect(does.filter((request) => decide(dev, app, request) === 'denied')).toEqual([]);
  });

  test('may not do what is no business of its', () => {
    expect(never.filter((request) => decide(dev, app, request) === 'allowed')).toEqual([]);
  });

  test('uses the data key through S3 alone', () => {
    const request = {
      ...useOfDataKey('Decrypt', incoming),
      context: { 'kms:EncryptionContext:aws:s3:arn': incoming },
    };
    expect(decide(dev, app, request)).toBe('denied');
  });

  test('decrypts its own variables, and not those of another function', () => {
    const variablesOf = (name: string): Request => ({
      action: 'kms:Decrypt',
      resource: `\${aws_kms_key.keys_operations_key.arn}`,
      context: {
        'kms:EncryptionContext:aws:lambda:FunctionArn': `arn:\${data.aws_partition.partition.partition}:lambda:eu-central-1:\${data.aws_caller_identity.caller.account_id}:function:sluice-dev-${name}`,
      },
    });
    expect(decide(dev, app, variablesOf(app))).toBe('allowed');
    expect(decide(dev, app, variablesOf('another'))).toBe('denied');
  });

  test('is connected to a network where there is one, and nowhere else', () => {
    const request = { action: 'ec2:CreateNetworkInterface', resource: 'any' };
    expect(decide(everythingOn, app, request)).toBe('allowed');
    expect(decide(dev, app, request)).toBe('denied');
  });
});
