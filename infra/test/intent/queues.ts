import {
  at,
  blocks,
  type Json,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { refusesPlainHttp } from './resource-policies.ts';
import { about, bodyOf, type Rule, ref, refersTo, remove, withoutStatement } from './rule.ts';

const queuesOf = (stack: StackJson): Resource[] => resources(stack, 'aws_sqs_queue');

const json = (text: Json | undefined): Json | undefined =>
  typeof text === 'string' ? JSON.parse(text) : undefined;

/** Where a queue's messages go that nobody could take. */
const deadLettersOf = (stack: StackJson, { body }: Resource): Resource | undefined => {
  const target = at(json(body.redrive_policy), 'deadLetterTargetArn');
  return queuesOf(stack).find((queue) => refersTo(target, queue));
};

/** Whether messages of another queue end here. */
export const isForDeadLetters = (stack: StackJson, { address }: Resource): boolean =>
  queuesOf(stack).some((queue) => deadLettersOf(stack, queue)?.address === address);

/** Whether no function takes its messages: they wait for a person. */
export const isForPeople = (stack: StackJson, queue: Resource): boolean =>
  about(stack, 'aws_lambda_event_source_mapping', 'event_source_arn', queue).length === 0;

/** The alarms on a metric of a queue. */
const alarmsOn = (stack: StackJson, queue: Resource, metric: string): Resource[] =>
  resources(stack, 'aws_cloudwatch_metric_alarm').filter(
    ({ body }) =>
      body.namespace === 'AWS/SQS' &&
      body.metric_name === metric &&
      (refersTo(at(body, 'dimensions', 'QueueName'), queue) ||
        at(body, 'dimensions', 'QueueName') === queue.body.name),
  );

export const everyQueue =
  (fault: (queue: Resource, stack: StackJson) => string | null): Rule['violations'] =>
  (stack) =>
    queuesOf(stack).flatMap((queue) => {
      const found = fault(queue, stack);
      return found === null ? [] : [`${queue.address} ${found}`];
    });

const arrivals = 'aws_sqs_queue.intake_queue';
const deadLetters = 'aws_sqs_queue.intake_dead_letters';
const letters = 'aws_sqs_queue.failed_batches_queue';

/** The address of the only alarm on a metric of a queue. */
const theAlarmOn = (stack: StackJson, address: string, metric: string): string => {
  const queue = queuesOf(stack).find((each) => each.address === address);
  const [alarm, ...others] = queue ? alarmsOn(stack, queue, metric) : [];
  if (!alarm || others.length > 0) throw new Error(`${address} has not one alarm on ${metric}.`);
  return alarm.address;
};

export const queueRules: readonly Rule[] = [
  {
    intent: 'every queue is encrypted with a key of the stack',
    violations: everyQueue(({ body }) =>
      referencesIn(body.kms_master_key_id).some((each) => each.startsWith('aws_kms_key.'))
        ? null
        : 'is under a key of AWS',
    ),
    broken: [
      {
        how: 'a queue has no key',
        change: (stack) => {
          delete bodyOf(stack, arrivals).kms_master_key_id;
        },
        says: [`${arrivals} is under a key of AWS`],
      },
    ],
  },
  {
    intent: 'every queue refuses plain HTTP to everybody',
    violations: everyQueue((queue, stack) => {
      const [policy] = about(stack, 'aws_sqs_queue_policy', 'queue_url', queue);
      const statements = policy ? statementsOf(policy.body.policy) : [];
      return refusesPlainHttp(statements, 'sqs:*', [ref(queue.address, 'arn')]) ? null : 'takes plain HTTP';
    }),
    broken: [
      {
        how: 'the dead letters have no policy',
        change: (stack) => remove(stack, 'aws_sqs_queue_policy.intake_dead_letters_policy'),
        says: [`${deadLetters} takes plain HTTP`],
      },
      {
        how: 'the statement is gone',
        change: (stack) =>
          withoutStatement(stack, 'aws_sqs_queue_policy.intake_queue_policy', 'policy', 'RefusePlainHttp'),
        says: [`${arrivals} takes plain HTTP`],
      },
    ],
  },
  {
    intent: 'every queue of a function sends what it could not take to a queue of dead letters',
    violations: everyQueue((queue, stack) => {
      if (isForPeople(stack, queue)) return null;
      if (!deadLettersOf(stack, queue)) return 'has no queue for dead letters';
      const tries = at(json(queue.body.redrive_policy), 'maxReceiveCount');
      return typeof tries === 'number' && tries >= 1 ? null : 'never gives up';
    }),
    broken: [
      {
        how: 'no redrive',
        change: (stack) => {
          delete bodyOf(stack, arrivals).redrive_policy;
        },
        says: [`${arrivals} has no queue for dead letters`],
      },
    ],
  },
  {
    intent: 'dead letters are taken from their own queue only, and kept longer than there',
    violations: everyQueue((queue, stack) => {
      const sources = queuesOf(stack).filter((each) => deadLettersOf(stack, each)?.address === queue.address);
      if (sources.length === 0) return null;
      const [allow] = about(stack, 'aws_sqs_queue_redrive_allow_policy', 'queue_url', queue);
      const policy = json(allow?.body.redrive_allow_policy);
      const from = blocks(at(policy, 'sourceQueueArns') ?? []);
      if (
        at(policy, 'redrivePermission') !== 'byQueue' ||
        from.some((arn) => !sources.some((source) => refersTo(arn, source)))
      )
        return 'takes dead letters of any queue';
      // A message's age counts from its first queue on.
      const kept = Number(queue.body.message_retention_seconds);
      return sources.every((source) => kept > Number(source.body.message_retention_seconds))
        ? null
        : 'forgets before anybody has looked';
    }),
    broken: [
      {
        how: 'any queue may',
        change: (stack) => remove(stack, 'aws_sqs_queue_redrive_allow_policy.intake_dead_letters_of'),
        says: [`${deadLetters} takes dead letters of any queue`],
      },
      {
        how: 'they are kept for an hour',
        change: (stack) => {
          bodyOf(stack, deadLetters).message_retention_seconds = 3600;
        },
        says: [`${deadLetters} forgets before anybody has looked`],
      },
    ],
  },
  {
    intent: 'somebody hears of messages that wait too long, and of all that wait for a person',
    violations: everyQueue((queue, stack) => {
      const metric = isForPeople(stack, queue)
        ? 'ApproximateNumberOfMessagesVisible'
        : 'ApproximateAgeOfOldestMessage';
      return alarmsOn(stack, queue, metric).length > 0 ? null : `has no alarm on ${metric}`;
    }),
    broken: [
      {
        how: 'nobody watches the age',
        change: (stack) => remove(stack, theAlarmOn(stack, arrivals, 'ApproximateAgeOfOldestMessage')),
        says: [`${arrivals} has no alarm on ApproximateAgeOfOldestMessage`],
      },
      {
        how: 'nobody watches the dead letters',
        change: (stack) =>
          remove(stack, theAlarmOn(stack, deadLetters, 'ApproximateNumberOfMessagesVisible')),
        says: [`${deadLetters} has no alarm on ApproximateNumberOfMessagesVisible`],
      },
      {
        how: 'nobody watches the letters about batches',
        change: (stack) => remove(stack, theAlarmOn(stack, letters, 'ApproximateNumberOfMessagesVisible')),
        says: [`${letters} has no alarm on ApproximateNumberOfMessagesVisible`],
      },
    ],
  },
];
