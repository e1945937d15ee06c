import {
  type Resource,
  referencesIn,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { refusesPlainHttp } from './resource-policies.ts';
import { about, bodyOf, type Rule, ref, withoutStatement } from './rule.ts';

const everyTopic =
  (fault: (topic: Resource, stack: StackJson) => string | null): Rule['violations'] =>
  (stack) =>
    resources(stack, 'aws_sns_topic').flatMap((topic) => {
      const found = fault(topic, stack);
      return found === null ? [] : [`${topic.address} ${found}`];
    });

export const topicRules: readonly Rule[] = [
  {
    intent: 'every topic is encrypted with a key of the stack',
    violations: everyTopic(({ body }) =>
      referencesIn(body.kms_master_key_id).some((each) => each.startsWith('aws_kms_key.'))
        ? null
        : 'is under a key of AWS, or none',
    ),
    broken: [
      {
        how: "a topic is under SNS's own key",
        change: (stack) => {
          bodyOf(stack, 'aws_sns_topic.topics_alarms_topic').kms_master_key_id = 'alias/aws/sns';
        },
        says: ['aws_sns_topic.topics_alarms_topic is under a key of AWS, or none'],
      },
    ],
  },
  {
    intent: 'every topic refuses plain HTTP to everybody',
    violations: everyTopic((topic, stack) => {
      const [policy] = about(stack, 'aws_sns_topic_policy', 'arn', topic);
      const statements = policy ? statementsOf(policy.body.policy) : [];
      // The one action there is for a message: https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html#enforce-encryption-data-in-transit
      return refusesPlainHttp(statements, 'sns:Publish', [ref(topic.address, 'arn')])
        ? null
        : 'takes plain HTTP';
    }),
    broken: [
      {
        how: 'the statement is gone',
        change: (stack) =>
          withoutStatement(
            stack,
            'aws_sns_topic_policy.topics_runs_topic_policy',
            'policy',
            'RefusePlainHttp',
          ),
        says: ['aws_sns_topic.topics_runs_topic takes plain HTTP'],
      },
    ],
  },
];
