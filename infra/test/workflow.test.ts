import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { csvMapDefinition, etlDefinition, type StateMachine } from '@sluice/workflows';
import { dev } from '../src/environments/dev.ts';
import { at, type Resource, resources, type StackJson, stackOf, statementsOf } from './synthesized.ts';

const only = (stack: StackJson, type: string, part = ''): Resource => {
  const [found, ...others] = resources(stack, type).filter(({ name }) => name.startsWith(part));
  if (!found || others.length > 0) throw new Error(`not one ${type} ${part}`);
  return found;
};
const stack = stackOf(dev);
const operationsKey = `\${aws_kms_key.keys_operations_key.arn}`;
const machineOf = (id: string) => only(stack, 'aws_sfn_state_machine', id).body;

/** A text as Terraform hands it on: what stands between `${` and `}` is its own. */
const withValues = (text: string): string => text.replaceAll(/\$\{([a-z0-9_.]+)\}/g, '<$1>');

const { functions } = dev.lambda;
const lambda = (name: string, { timeoutSeconds }: { readonly timeoutSeconds: number }) => ({
  arn: `<aws_lambda_function.functions_${name}_function.arn>`,
  timeoutSeconds,
});
const shared = {
  topicArn: '<aws_sns_topic.topics_runs_topic.arn>',
  curatedBucket: '<aws_s3_bucket.zones_curated_bucket.bucket>',
};
const expected: Readonly<Record<string, StateMachine>> = {
  workflow: etlDefinition({
    ...shared,
    functions: {
      validateObject: lambda('validate_object', functions.validateObject),
      scoreQuality: lambda('score_quality', functions.scoreQuality),
      transformObject: lambda('transform_object', functions.transformObject),
      publishRun: lambda('publish_run', functions.publishRun),
    },
    crawlerPrefix: 'sluice-dev-raw-',
    job: {
      kind: 'glue',
      name: 'sluice-dev-transform-spark',
      timeoutSeconds: dev.spark.timeoutMinutes * 60,
      logGroup:
        '/aws-glue/jobs/<aws_glue_security_configuration.transform_spark_security.name>-role/sluice-dev-transform-spark/output',
    },
    sparkDatasets: [...datasets.values()]
      .filter(({ target }) => target.format === 'delta')
      .map(({ name }) => name),
    limits: {
      lambdaMaxBytes: dev.transform.lambdaMaxBytes,
      crawlerCheckSeconds: dev.discovery.checkSeconds,
      crawlerMaxChecks: dev.discovery.maxChecks,
    },
  }),
  csv_map_comma: csvMapDefinition({
    ...shared,
    functions: {
      validateObject: lambda('validate_object', functions.validateObject),
      processRows: lambda('process_rows', functions.processRows),
      recordFailedRows: lambda('record_failed_rows', functions.recordFailedRows),
      collectMapRun: lambda('collect_map_run', functions.collectMapRun),
      publishRun: lambda('publish_run', functions.publishRun),
    },
    delimiter: 'COMMA',
    map: dev.map,
  }),
};

test('there is a state machine for etl, and one for each delimiter of large CSV', () => {
  expect(resources(stack, 'aws_sfn_state_machine').map(({ body }) => body.name)).toEqual([
    'sluice-dev-csv-map-comma',
    'sluice-dev-etl',
  ]);
});

test('csv-map logs no data: its batches are rows. etl does', () => {
  const logsData = (id: string) => at(machineOf(id), 'logging_configuration', 'include_execution_data');
  expect([logsData('csv_map_comma'), logsData('workflow')]).toEqual([false, true]);
});

test("csv-map's role uses the data key for what it reads and writes, through S3 alone", () => {
  const policy = only(stack, 'aws_iam_role_policy', 'csv_map_comma').body.policy;
  const bucket = (zone: string): string => `\${aws_s3_bucket.zones_${zone}_bucket.arn}`;
  const uses = statementsOf(policy).filter(({ Resource }) =>
    Resource.includes(`\${aws_kms_key.keys_data_key.arn}`),
  );
  const only_ = (zones: readonly string[]) => ({
    StringEquals: { 'kms:ViaService': ['s3.eu-central-1.amazonaws.com'] },
    StringLike: {
      'kms:EncryptionContext:aws:s3:arn': zones.map(bucket).flatMap((arn) => [arn, `${arn}/*`]),
    },
  });
  expect(uses).toMatchObject([
    { Action: ['kms:Decrypt'], Condition: only_(['raw', 'curated']) },
    { Action: ['kms:GenerateDataKey'], Condition: only_(['curated']) },
  ]);
});

describe.each(Object.entries(expected))('the state machine %s', (id, definition) => {
  const machine = machineOf(id);

  test('is what is defined, with what is deployed put in', () => {
    const deployed = withValues(String(machine.definition));
    // Neither of these would reach AWS as it stands here.
    expect(deployed.match(/[$%]\{[^}]*/g)).toBeNull();
    expect(JSON.parse(deployed)).toEqual(definition);
  });

  test('is encrypted, and its role uses the key for this machine alone', () => {
    expect(at(machine, 'encryption_configuration')).toMatchObject({
      type: 'CUSTOMER_MANAGED_KMS_KEY',
      kms_key_id: operationsKey,
    });
    const use = statementsOf(only(stack, 'aws_iam_role_policy', id).body.policy).find(
      ({ Sid }) => Sid === 'EncryptExecutions',
    );
    const arns = use?.Condition?.StringEquals?.['kms:EncryptionContext:aws:states:stateMachineArn'] ?? [];
    expect(use).toMatchObject({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: [operationsKey] });
    expect(arns).not.toEqual([]);
    // With the label of a Map: the children that it starts.
    for (const arn of arns)
      expect(arn).toMatch(new RegExp(`:stateMachine:${machine.name}(/ProcessCsvRows)?$`));
  });

  test('logs everything, to a group that takes no room in the policy of the account', () => {
    const logs = only(stack, 'aws_cloudwatch_log_group', id);
    expect(logs.body.name).toBe(`/aws/vendedlogs/states/${machine.name}`);
    expect(at(machine, 'logging_configuration')).toMatchObject({
      level: 'ALL',
      log_destination: `\${${logs.address}.arn}:*`,
    });
  });

  test('encrypts what it logs for the service that delivers it, which can decrypt that and nothing else', () => {
    const context = { StringEquals: { 'kms:EncryptionContext:SourceArn': expect.any(Array) } };
    const role = statementsOf(only(stack, 'aws_iam_role_policy', id).body.policy);
    const key = statementsOf(only(stack, 'aws_kms_key', 'keys_operations').body.policy);
    const encrypted = role.find(({ Sid }) => Sid === 'EncryptLogs');
    const decrypted = key.find(
      ({ Principal }) =>
        typeof Principal === 'object' && Principal.Service?.includes('delivery.logs.amazonaws.com'),
    );
    expect(encrypted).toMatchObject({ Action: ['kms:GenerateDataKey'], Condition: context });
    expect(decrypted).toMatchObject({ Action: ['kms:Decrypt'], Condition: encrypted?.Condition });
  });

  test('is traced', () => {
    expect(at(machine, 'tracing_configuration', 'enabled')).toBe(true);
  });

  test('is made once its role is of use', () => {
    expect(machine.depends_on).toEqual([only(stack, 'aws_iam_role_policy', id).address]);
  });
});
