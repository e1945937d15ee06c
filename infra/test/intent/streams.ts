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
import { referred } from './delivery.ts';
import { about, bodyOf, type Rule, ref, refersTo, rewriteStatement } from './rule.ts';

const stream = 'aws_kinesis_stream.stream_stream';
const mapping = 'aws_lambda_event_source_mapping.stream_intake_records';
const ingestPolicy = 'aws_iam_role_policy.stream_intake_ingest_stream_ingest_stream_policy';

/** What is wrong with each stream. */
const everyStream =
  (fault: (stream: Resource, stack: StackJson) => string | null): Rule['violations'] =>
  (stack) =>
    resources(stack, 'aws_kinesis_stream').flatMap((each) => {
      const found = fault(each, stack);
      return found === null ? [] : [`${each.address} ${found}`];
    });

/** What is wrong with each mapping that reads a stream, or a consumer of one. */
const everyMapping =
  (faults: (body: Resource['body'], stack: StackJson) => readonly (string | null)[]): Rule['violations'] =>
  (stack) =>
    resources(stack, 'aws_lambda_event_source_mapping')
      .filter(({ body }) => referencesIn(body.event_source_arn).some((each) => /^aws_kinesis_/.test(each)))
      .flatMap(({ address, body }) =>
        faults(body, stack).flatMap((fault) => (fault === null ? [] : [`${address} ${fault}`])),
      );

/** What a mapping reads: a stream, and the consumer of it if it has one for itself. */
const sourceOf = ({ event_source_arn: arn }: Resource['body'], stack: StackJson) => {
  const consumer = referred(stack, arn, 'aws_kinesis_stream_consumer');
  return { consumer, source: referred(stack, consumer?.body.stream_arn ?? arn, 'aws_kinesis_stream') };
};

/** The statements of the role that a mapping's function runs in. */
const permissionsFor = (stack: StackJson, functionName: Json | undefined): PolicyStatement[] => {
  const lambda = referred(stack, functionName, 'aws_lambda_function');
  const role = lambda && referred(stack, lambda.body.role, 'aws_iam_role');
  return role
    ? about(stack, 'aws_iam_role_policy', 'role', role).flatMap(({ body }) => statementsOf(body.policy))
    : [];
};

const may = (statements: readonly PolicyStatement[], action: string, on: Resource): boolean =>
  statements.some(
    ({ Effect, Action, Resource: arns }) =>
      Effect === 'Allow' && Action.includes(action) && arns.some((arn) => refersTo(arn, on)),
  );

// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
const reading = [
  'kinesis:DescribeStream',
  'kinesis:DescribeStreamSummary',
  'kinesis:GetRecords',
  'kinesis:GetShardIterator',
  'kinesis:ListShards',
];

export const streamRules: readonly Rule[] = [
  {
    intent: 'every stream is encrypted with the key of the data',
    violations: everyStream(({ body }) =>
      body.encryption_type === 'KMS' && referencesIn(body.kms_key_id).join() === 'aws_kms_key.keys_data_key'
        ? null
        : 'is not under the key of the data',
    ),
    broken: [
      {
        how: 'it is not encrypted',
        change: (stack) => {
          bodyOf(stack, stream).encryption_type = 'NONE';
        },
        says: [`${stream} is not under the key of the data`],
      },
    ],
  },
  {
    intent: 'every stream is as large, and remembers as long, as its environment says',
    violations: (stack, environment) =>
      everyStream(({ body }) => {
        const { capacity, retentionHours } = environment.stream;
        const shards = capacity.mode === 'provisioned' ? capacity.shards : undefined;
        return body.shard_count === shards &&
          at(body, 'stream_mode_details', 'stream_mode') === capacity.mode.toUpperCase() &&
          body.retention_period === retentionHours
          ? null
          : 'is another than the environment wants';
      })(stack, environment),
    broken: [
      {
        how: 'it has more shards',
        change: (stack) => {
          bodyOf(stack, stream).shard_count = 2;
        },
        says: [`${stream} is another than the environment wants`],
      },
    ],
  },
  {
    intent: 'a function that a stream feeds is in the stack, and Lambda may read the stream in its name',
    violations: everyMapping((body, stack) => {
      const { consumer, source } = sourceOf(body, stack);
      if (!source) return ['reads no stream of the stack'];
      if (!referred(stack, body.function_name, 'aws_lambda_function'))
        return ['feeds no function of the stack'];
      const statements = permissionsFor(stack, body.function_name);
      const lacking = reading.filter((action) => !may(statements, action, source));
      if (consumer && !may(statements, 'kinesis:SubscribeToShard', consumer))
        lacking.push('kinesis:SubscribeToShard');
      const key = referred(stack, source.body.kms_key_id, 'aws_kms_key');
      if (key && !may(statements, 'kms:Decrypt', key)) lacking.push('kms:Decrypt');
      return lacking.map((action) => `lacks ${action}`);
    }),
    broken: [
      {
        how: 'it cannot find the shards',
        change: (stack) =>
          rewriteStatement(stack, ingestPolicy, 'policy', 'ReadRecords', (statement) => {
            statement.Action = reading.filter((action) => action !== 'kinesis:ListShards');
          }),
        says: [`${mapping} lacks kinesis:ListShards`],
      },
      {
        how: 'the consumer is left to others',
        of: 'everything-on',
        change: (stack) =>
          rewriteStatement(stack, ingestPolicy, 'policy', 'SubscribeToRecords', (statement) => {
            statement.Resource = [ref(stream, 'arn')];
          }),
        says: [`${mapping} lacks kinesis:SubscribeToShard`],
      },
    ],
  },
  {
    intent:
      'no record of a stream is passed over: reading begins with the oldest, and what failed comes again',
    violations: everyMapping((body) => [
      body.starting_position === 'TRIM_HORIZON' ? null : 'passes over what was sent before it was ready',
      blocks(body.function_response_types).includes('ReportBatchItemFailures')
        ? null
        : 'does not hear which records failed',
      Number(body.tumbling_window_in_seconds ?? 0) === 0 ? null : 'keeps a state between batches',
      blocks(body.filter_criteria).length === 0 ? null : 'leaves records out',
    ]),
    broken: [
      {
        how: 'it begins with the next record',
        change: (stack) => {
          bodyOf(stack, mapping).starting_position = 'LATEST';
        },
        says: [`${mapping} passes over what was sent before it was ready`],
      },
      {
        how: 'it takes an answer for none',
        change: (stack) => {
          delete bodyOf(stack, mapping).function_response_types;
        },
        says: [`${mapping} does not hear which records failed`],
      },
    ],
  },
  {
    intent:
      'no batch that always fails blocks its shard: it is halved, given up in time, and a letter says so',
    violations: everyMapping((body, stack) => {
      const letters = referred(
        stack,
        at(body, 'destination_config', 'on_failure', 'destination_arn'),
        'aws_sqs_queue',
      );
      const tries = Number(body.maximum_retry_attempts ?? -1);
      const { source } = sourceOf(body, stack);
      const kept = Number(source?.body.retention_period) * 3600;
      return [
        body.bisect_batch_on_function_error === true ? null : 'is not halved',
        tries >= 0 ? null : 'is tried for ever',
        Number(body.maximum_record_age_in_seconds ?? -1) < kept
          ? null
          : 'is given up when its records have expired',
        letters ? null : 'is given up in silence',
        letters && !may(permissionsFor(stack, body.function_name), 'sqs:SendMessage', letters)
          ? 'may not report what it gave up'
          : null,
      ];
    }),
    broken: [
      {
        how: 'nobody hears of it',
        change: (stack) => {
          delete bodyOf(stack, mapping).destination_config;
        },
        says: [`${mapping} is given up in silence`],
      },
      {
        how: 'it is tried for ever',
        change: (stack) => {
          bodyOf(stack, mapping).maximum_retry_attempts = -1;
        },
        says: [`${mapping} is tried for ever`],
      },
      {
        how: 'it is not halved',
        change: (stack) => {
          bodyOf(stack, mapping).bisect_batch_on_function_error = false;
        },
        says: [`${mapping} is not halved`],
      },
      {
        how: 'the records have gone by then',
        change: (stack) => {
          bodyOf(stack, mapping).maximum_record_age_in_seconds = 24 * 3600;
        },
        says: [`${mapping} is given up when its records have expired`],
      },
    ],
  },
];
