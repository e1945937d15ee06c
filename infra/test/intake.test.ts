import { describe, expect, test } from '@jest/globals';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { at, type Resource, resources, stackOf, statementsOf } from './synthesized.ts';

const slow: Environment = {
  ...dev,
  lambda: {
    ...dev.lambda,
    functions: {
      ...dev.lambda.functions,
      startPipeline: { ...dev.lambda.functions.startPipeline, timeoutSeconds: 100 },
    },
  },
  intake: { batchSize: 100, batchWindowSeconds: 20, maxConcurrency: 7, maxReceives: 3 },
};

const one = (environment: Environment, type: string, name: string): Resource => {
  const found = resources(stackOf(environment), type).find((each) => each.name === name);
  if (!found) throw new Error(`no ${type} ${name}`);
  return found;
};
const queue = (environment: Environment): Resource => one(environment, 'aws_sqs_queue', 'intake_queue');
const deadLetters = one(dev, 'aws_sqs_queue', 'intake_dead_letters');
const arnOf = ({ address }: Resource): string => `\${${address}.arn}`;

describe('an object that arrives', () => {
  const notification = one(dev, 'aws_s3_bucket_notification', 'intake_notification').body;

  test('is told to the queue, however it was written, if it lies below incoming/', () => {
    expect(notification).toMatchObject({
      bucket: `\${aws_s3_bucket.zones_raw_bucket.bucket}`,
      queue: [{ queue_arn: arnOf(queue(dev)), events: ['s3:ObjectCreated:*'], filter_prefix: 'incoming/' }],
    });
  });

  test('is told once S3 may send to the queue', () => {
    expect(notification.depends_on).toEqual(['aws_sqs_queue_policy.intake_queue_policy']);
  });
});

describe('the queue', () => {
  const policyOf = (name: string) => statementsOf(one(dev, 'aws_sqs_queue_policy', name).body.policy);

  test('takes messages from the raw bucket of this account, and from nobody else', () => {
    const allowed = policyOf('intake_queue_policy').filter(({ Effect }) => Effect === 'Allow');
    expect(allowed).toEqual([
      expect.objectContaining({
        Principal: { Service: ['s3.amazonaws.com'] },
        Action: ['sqs:SendMessage'],
        Resource: [arnOf(queue(dev))],
        Condition: {
          ArnEquals: { 'aws:SourceArn': [`\${aws_s3_bucket.zones_raw_bucket.arn}`] },
          StringEquals: { 'aws:SourceAccount': [`\${data.aws_caller_identity.caller.account_id}`] },
        },
      }),
    ]);
  });

  test.each(['intake_queue_policy', 'intake_dead_letters_policy'])('refuses plain HTTP (%s)', (name) => {
    expect(policyOf(name)).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Principal: '*',
        Action: ['sqs:*'],
        Condition: { Bool: { 'aws:SecureTransport': ['false'] } },
      }),
    );
  });

  test('hides a message for as long as six tries of a batch may take', () => {
    expect(queue(slow).body.visibility_timeout_seconds).toBe(6 * 100 + 20);
  });

  test('gives a message up after so many tries, and keeps it longer than it waited', () => {
    expect(JSON.parse(String(queue(slow).body.redrive_policy))).toEqual({
      deadLetterTargetArn: arnOf(deadLetters),
      maxReceiveCount: 3,
    });
    expect(Number(deadLetters.body.message_retention_seconds)).toBeGreaterThan(
      Number(queue(dev).body.message_retention_seconds),
    );
  });

  test('alone may have its dead letters there', () => {
    const { body } = one(dev, 'aws_sqs_queue_redrive_allow_policy', 'intake_dead_letters_of');
    expect(body.queue_url).toBe(`\${${deadLetters.address}.url}`);
    expect(JSON.parse(String(body.redrive_allow_policy))).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [arnOf(queue(dev))],
    });
  });
});

describe('start-pipeline', () => {
  const mapping = one(slow, 'aws_lambda_event_source_mapping', 'intake_arrivals').body;

  test('takes what waits in the queue, as the environment says', () => {
    expect(mapping).toMatchObject({
      event_source_arn: arnOf(queue(slow)),
      function_name: `\${aws_lambda_function.intake_start_pipeline_function.arn}`,
      batch_size: 100,
      maximum_batching_window_in_seconds: 20,
    });
    expect(at(mapping, 'scaling_config', 'maximum_concurrency')).toBe(7);
  });

  test('gives back only the messages that failed', () => {
    expect(mapping.function_response_types).toEqual(['ReportBatchItemFailures']);
  });

  test('starts the machines that are deployed, and knows what is too large for a Lambda', () => {
    const { body } = one(dev, 'aws_lambda_function', 'intake_start_pipeline_function');
    expect(at(body, 'environment', 'variables')).toEqual({
      ETL_ARN: `\${aws_sfn_state_machine.workflow_machine.arn}`,
      CSV_MAP_COMMA_ARN: `\${aws_sfn_state_machine.csv_map_comma_machine.arn}`,
      LAMBDA_MAX_BYTES: String(dev.transform.lambdaMaxBytes),
    });
  });
});
