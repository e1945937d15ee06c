import { describe, expect, test } from '@jest/globals';
import { etlDefinition } from '@sluice/workflows';
import { dev } from '../src/environments/dev.ts';
import { at, type Resource, resources, type StackJson, stackOf, statementsOf } from './synthesized.ts';

const only = (stack: StackJson, type: string, part = ''): Resource => {
  const [found, ...others] = resources(stack, type).filter(({ name }) => name.startsWith(part));
  if (!found || others.length > 0) throw new Error(`not one ${type} ${part}`);
  return found;
};
const stack = stackOf(dev);
const machine = only(stack, 'aws_sfn_state_machine').body;
const operationsKey = `\${aws_kms_key.keys_operations_key.arn}`;

/** A text as Terraform hands it on: what stands between `${` and `}` is its own. */
const withValues = (text: string): string => text.replaceAll(/\$\{([a-z0-9_.]+)\}/g, '<$1>');

describe('the state machine', () => {
  test('is the etl machine, with what is deployed put in', () => {
    const lambda = (name: string, timeoutSeconds: number) => ({
      arn: `<aws_lambda_function.functions_${name}_function.arn>`,
      timeoutSeconds,
    });
    const { functions } = dev.lambda;
    const expected = etlDefinition({
      functions: {
        validateObject: lambda('validate_object', functions.validateObject.timeoutSeconds),
        scoreQuality: lambda('score_quality', functions.scoreQuality.timeoutSeconds),
        transformObject: lambda('transform_object', functions.transformObject.timeoutSeconds),
        publishRun: lambda('publish_run', functions.publishRun.timeoutSeconds),
      },
      crawlerPrefix: 'sluice-dev-raw-',
      job: { name: 'sluice-dev-transform-spark', timeoutSeconds: 7200 },
      topicArn: '<aws_sns_topic.topics_runs_topic.arn>',
      curatedBucket: '<aws_s3_bucket.zones_curated_bucket.bucket>',
      limits: {
        lambdaMaxBytes: dev.transform.lambdaMaxBytes,
        crawlerCheckSeconds: dev.discovery.checkSeconds,
        crawlerMaxChecks: dev.discovery.maxChecks,
      },
    });
    const definition = withValues(String(machine.definition));
    // Neither of these would reach AWS as it stands here.
    expect(definition.match(/[$%]\{[^}]*/g)).toBeNull();
    expect(JSON.parse(definition)).toEqual(expected);
  });

  test('never sends an object to Spark, which is not deployed: validation refuses those that are too large', () => {
    const validateObject = only(stack, 'aws_lambda_function', 'functions_validate_object').body;
    const { ChooseEngine } = JSON.parse(String(machine.definition)).States;
    expect(at(validateObject, 'environment', 'variables', 'MAX_OBJECT_BYTES')).toBe(
      String(ChooseEngine.Choices[0].NumericLessThanEquals),
    );
  });

  test('is encrypted, and its role uses the key for this machine alone', () => {
    expect(at(machine, 'encryption_configuration')).toMatchObject({
      type: 'CUSTOMER_MANAGED_KMS_KEY',
      kms_key_id: operationsKey,
    });
    const use = statementsOf(only(stack, 'aws_iam_role_policy', 'workflow').body.policy).find(
      ({ Sid }) => Sid === 'EncryptExecutions',
    );
    const [arn] = use?.Condition?.StringEquals?.['kms:EncryptionContext:aws:states:stateMachineArn'] ?? [];
    expect(use).toMatchObject({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: [operationsKey] });
    expect(arn).toMatch(new RegExp(`:stateMachine:${machine.name}$`));
  });

  test('logs everything, to a group that takes no room in the policy of the account', () => {
    const logs = only(stack, 'aws_cloudwatch_log_group', 'workflow');
    expect(logs.body.name).toBe('/aws/vendedlogs/states/sluice-dev-etl');
    expect(at(machine, 'logging_configuration')).toEqual({
      level: 'ALL',
      include_execution_data: true,
      log_destination: `\${${logs.address}.arn}:*`,
    });
  });

  test('encrypts what it logs for the service that delivers it, which can decrypt that and nothing else', () => {
    const context = { StringEquals: { 'kms:EncryptionContext:SourceArn': expect.any(Array) } };
    const role = statementsOf(only(stack, 'aws_iam_role_policy', 'workflow').body.policy);
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
    expect(machine.depends_on).toEqual([only(stack, 'aws_iam_role_policy', 'workflow').address]);
  });
});
