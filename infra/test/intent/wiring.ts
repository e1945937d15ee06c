import {
  at,
  blocks,
  type Json,
  type PolicyStatement,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { messageTarget, obstacle, referred } from './delivery.ts';
import {
  about,
  bodyOf,
  type Rule,
  ref,
  refersTo,
  remove,
  rewriteStatement,
  withoutStatement,
} from './rule.ts';

/** The statements of the role that a resource runs in. */
const permissionsOf = (stack: StackJson, role: Json | undefined): PolicyStatement[] => {
  const found = referred(stack, role, 'aws_iam_role');
  return found
    ? about(stack, 'aws_iam_role_policy', 'role', found).flatMap(({ body }) => statementsOf(body.policy))
    : [];
};

/** Mappings of anything but a stream. */
const fedByQueues = (stack: StackJson): Resource[] =>
  resources(stack, 'aws_lambda_event_source_mapping').filter(
    ({ body }) => !referencesIn(body.event_source_arn).some((each) => each.startsWith('aws_kinesis_')),
  );

export const wiringRules: readonly Rule[] = [
  {
    intent: 'a bucket tells only queues of the stack, which let it and can encrypt what it says',
    violations: (stack) =>
      resources(stack, 'aws_s3_bucket_notification').flatMap(({ address, body }) => {
        const bucket = referred(stack, body.bucket, 'aws_s3_bucket');
        const others = ['topic', 'lambda_function'].filter((kind) => blocks(body[kind]).length > 0);
        return [
          ...others.map((kind) => `${address} tells a ${kind}, too`),
          ...blocks(body.queue).flatMap((each) => {
            const queue = messageTarget(stack, at(each, 'queue_arn'));
            if (!queue) return [`${address} tells a queue that is not there`];
            const found = obstacle(stack, 's3.amazonaws.com', queue);
            if (found) return [`${address}: ${found}`];
            const [policy] = about(stack, 'aws_sqs_queue_policy', 'queue_url', queue);
            const sources = statementsOf(policy?.body.policy)
              .filter(({ Effect }) => Effect === 'Allow')
              .map(({ Condition }) => Condition?.ArnEquals?.['aws:SourceArn'] ?? []);
            return sources.every(([arn]) => bucket !== undefined && refersTo(arn, bucket))
              ? []
              : [`${address}: ${queue.address} takes the word of other buckets`];
          }),
        ];
      }),
    broken: [
      {
        how: 'the queue does not let S3 in',
        change: (stack) =>
          withoutStatement(stack, 'aws_sqs_queue_policy.intake_queue_policy', 'policy', 'TakeObjectEvents'),
        says: [
          'aws_s3_bucket_notification.intake_notification: the policy of aws_sqs_queue.intake_queue does not let s3.amazonaws.com in',
        ],
      },
      {
        how: 'S3 may not use the key of the queue',
        change: (stack) =>
          withoutStatement(stack, 'aws_kms_key.keys_operations_key', 'policy', 'QueueObjectEvents'),
        says: [
          'aws_s3_bucket_notification.intake_notification: aws_kms_key.keys_operations_key does not let s3.amazonaws.com encrypt for aws_sqs_queue.intake_queue',
        ],
      },
      {
        how: "another bucket's events would start runs",
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_sqs_queue_policy.intake_queue_policy',
            'policy',
            'TakeObjectEvents',
            (statement) => {
              statement.Condition = {
                ArnEquals: { 'aws:SourceArn': ref('aws_s3_bucket.zones_curated_bucket', 'arn') },
                StringEquals: { 'aws:SourceAccount': ref('data.aws_caller_identity.caller', 'account_id') },
              };
            },
          ),
        says: [
          'aws_s3_bucket_notification.intake_notification: aws_sqs_queue.intake_queue takes the word of other buckets',
        ],
      },
    ],
  },
  {
    intent: 'a function that a queue feeds is in the stack, and may take what is in the queue',
    violations: (stack) =>
      fedByQueues(stack).flatMap(({ address, body }) => {
        const queue = referred(stack, body.event_source_arn, 'aws_sqs_queue');
        const consumer = referred(stack, body.function_name, 'aws_lambda_function');
        if (!queue) return [`${address} has no queue of the stack`];
        if (!consumer) return [`${address} has no function of the stack`];
        const may = permissionsOf(stack, consumer.body.role)
          .filter(({ Resource: on }) => on.some((arn) => refersTo(arn, queue)))
          .flatMap(({ Action }) => Action);
        // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
        const lacking = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].filter(
          (action) => !may.includes(action),
        );
        return lacking.length === 0 ? [] : [`${address}: ${consumer.address} lacks ${lacking.join(', ')}`];
      }),
    broken: [
      {
        how: 'it takes messages, but cannot delete them',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_iam_role_policy.intake_start_pipeline_start_pipeline_policy',
            'policy',
            'TakeArrivals',
            (statement) => {
              statement.Action = ['sqs:ReceiveMessage', 'sqs:GetQueueAttributes'];
            },
          ),
        says: [
          'aws_lambda_event_source_mapping.intake_arrivals: aws_lambda_function.intake_start_pipeline_function lacks sqs:DeleteMessage',
        ],
      },
      {
        how: 'it feeds a function of somebody else',
        change: (stack) => {
          bodyOf(stack, 'aws_lambda_event_source_mapping.intake_arrivals').function_name = 'start-pipeline';
        },
        says: ['aws_lambda_event_source_mapping.intake_arrivals has no function of the stack'],
      },
    ],
  },
  {
    intent:
      'a rule on events tells only topics and queues of the stack, which let it and which it can encrypt for',
    violations: (stack) =>
      resources(stack, 'aws_cloudwatch_event_target').flatMap(({ address, body }) => {
        if (!referred(stack, body.rule, 'aws_cloudwatch_event_rule'))
          return [`${address} has no rule of the stack`];
        const target = messageTarget(stack, body.arn);
        if (!target) return [`${address} has no target of the stack`];
        const found = obstacle(stack, 'events.amazonaws.com', target);
        return found ? [`${address}: ${found}`] : [];
      }),
    broken: [
      {
        how: 'the topic does not let EventBridge in',
        change: (stack) =>
          withoutStatement(
            stack,
            'aws_sns_topic_policy.topics_runs_topic_policy',
            'policy',
            'TakeEndsOfRuns',
          ),
        says: [
          'aws_cloudwatch_event_target.failed_runs_target: the policy of aws_sns_topic.topics_runs_topic does not let events.amazonaws.com in',
        ],
      },
      {
        how: 'EventBridge may not use the key of the topic',
        change: (stack) => withoutStatement(stack, 'aws_kms_key.keys_operations_key', 'policy', 'SendEvents'),
        says: [
          'aws_cloudwatch_event_target.failed_runs_target: aws_kms_key.keys_operations_key does not let events.amazonaws.com encrypt for aws_sns_topic.topics_runs_topic',
          'aws_cloudwatch_event_target.transform_spark_notices_late_alarm: aws_kms_key.keys_operations_key does not let events.amazonaws.com encrypt for aws_sns_topic.topics_alarms_topic',
        ],
      },
    ],
  },
  {
    intent: "a failed execution of each state machine is somebody's business",
    violations: (stack) => {
      const patterns = resources(stack, 'aws_cloudwatch_event_rule')
        .filter((rule) => about(stack, 'aws_cloudwatch_event_target', 'rule', rule).length > 0)
        .map(({ body }) => body.event_pattern);
      return resources(stack, 'aws_sfn_state_machine')
        .filter((machine) => !patterns.some((pattern) => refersTo(pattern, machine)))
        .map(({ address }) => `${address} fails in silence`);
    },
    broken: [
      {
        how: 'the rule has no target',
        change: (stack) => remove(stack, 'aws_cloudwatch_event_target.failed_runs_target'),
        says: [
          'aws_sfn_state_machine.csv_map_comma_machine fails in silence',
          'aws_sfn_state_machine.workflow_machine fails in silence',
        ],
      },
    ],
  },
];
