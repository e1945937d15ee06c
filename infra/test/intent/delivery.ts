import {
  type Json,
  type PolicyStatement,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { about } from './rule.ts';

const byAddress = (stack: StackJson, address: string): Resource | undefined =>
  resources(stack).find((each) => each.address === address);

/** The resource of the stack that a value refers to, if it is of that type. */
export const referred = (stack: StackJson, value: Json | undefined, type: string): Resource | undefined =>
  referencesIn(value)
    .filter((address) => address.startsWith(`${type}.`))
    .map((address) => byAddress(stack, address))
    .find((resource) => resource !== undefined);

const lets = (statements: readonly PolicyStatement[], service: string, actions: readonly string[]): boolean =>
  actions.every((action) =>
    statements.some(
      ({ Effect, Principal, Action }) =>
        Effect === 'Allow' &&
        Principal !== undefined &&
        Principal !== '*' &&
        (Principal.Service ?? []).includes(service) &&
        Action.includes(action),
    ),
  );

/** What keeps a service from putting messages into a queue or a topic of the stack. */
export const obstacle = (stack: StackJson, service: string, target: Resource): string | null => {
  const [policyType, argument, action] =
    target.type === 'aws_sqs_queue'
      ? ['aws_sqs_queue_policy', 'queue_url', 'sqs:SendMessage']
      : ['aws_sns_topic_policy', 'arn', 'sns:Publish'];
  const [policy] = about(stack, policyType ?? '', argument ?? '', target);
  if (!lets(policy ? statementsOf(policy.body.policy) : [], service, [action ?? ''])) {
    return `the policy of ${target.address} does not let ${service} in`;
  }
  const key = referred(stack, target.body.kms_master_key_id, 'aws_kms_key');
  if (key && !lets(statementsOf(key.body.policy), service, ['kms:Decrypt', 'kms:GenerateDataKey*'])) {
    return `${key.address} does not let ${service} encrypt for ${target.address}`;
  }
  return null;
};

const targets = ['aws_sqs_queue', 'aws_sns_topic'] as const;

export const messageTarget = (stack: StackJson, value: Json | undefined): Resource | undefined =>
  targets.map((type) => referred(stack, value, type)).find((resource) => resource !== undefined);
