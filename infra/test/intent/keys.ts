import { type Resource, referencesIn, resources, type StackJson } from '../../src/stack-json.ts';
import { bodyOf, type Rule } from './rule.ts';

const keysOf = (stack: StackJson): Resource[] => resources(stack, 'aws_kms_key');

/** Arguments that name a key, wherever they are. */
const keyArguments = /^(kms_key|kms_key_id|kms_key_arn|kms_master_key_id|key_arn)$/;

export const keyRules: readonly Rule[] = [
  {
    intent: 'every key is made anew every year',
    violations: (stack) =>
      keysOf(stack)
        .filter(({ body }) => body.enable_key_rotation !== true)
        .map(({ address }) => `${address} is never rotated`),
    broken: [
      {
        how: 'rotation is off',
        change: (stack) => {
          bodyOf(stack, 'aws_kms_key.keys_data_key').enable_key_rotation = false;
        },
        says: ['aws_kms_key.keys_data_key is never rotated'],
      },
    ],
  },
  {
    intent: 'a protected key can be saved for thirty days after somebody deletes it',
    violations: (stack, environment) =>
      keysOf(stack)
        .filter(({ body }) => environment.protected && body.deletion_window_in_days !== 30)
        .map(({ address, body }) => `${address} is gone after ${body.deletion_window_in_days} days`),
    broken: [
      {
        how: 'a week has to do',
        of: 'prod',
        change: (stack) => {
          bodyOf(stack, 'aws_kms_key.keys_data_key').deletion_window_in_days = 7;
        },
        says: ['aws_kms_key.keys_data_key is gone after 7 days'],
      },
    ],
  },
  {
    intent: 'whatever names a key names one of the stack',
    violations: (stack) =>
      resources(stack).flatMap(({ address, body }) =>
        Object.entries(body)
          .filter(([argument]) => keyArguments.test(argument))
          .filter(([, value]) => !referencesIn(value).some((each) => each.startsWith('aws_kms_key.')))
          .map(([argument, value]) => `${address} has ${argument} = ${JSON.stringify(value)}`),
      ),
    broken: [
      {
        how: "AWS's own key is used",
        change: (stack) => {
          bodyOf(stack, 'aws_sns_topic.topics_runs_topic').kms_master_key_id = 'alias/aws/sns';
        },
        says: ['aws_sns_topic.topics_runs_topic has kms_master_key_id = "alias/aws/sns"'],
      },
    ],
  },
];
