import {
  type PolicyStatement,
  type Resource,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { bodyOf, type Rule, ref, rewriteStatement } from './rule.ts';

/** The types that hold a policy of their own: who may do what with a resource, whatever a role's policy says. */
const ownPolicies = ['aws_kms_key', 'aws_s3_bucket_policy', 'aws_sns_topic_policy', 'aws_sqs_queue_policy'];

const isEverybody = ({ Principal }: PolicyStatement): boolean =>
  Principal === '*' || (Principal?.AWS?.includes('*') ?? false);

/** Whether everybody who does not speak TLS is refused an action. */
export const refusesPlainHttp = (
  statements: readonly PolicyStatement[],
  action: string,
  covers: readonly string[],
): boolean =>
  statements.some(
    (statement) =>
      statement.Effect === 'Deny' &&
      isEverybody(statement) &&
      statement.Action.includes(action) &&
      covers.every((resource) => statement.Resource.includes(resource)) &&
      JSON.stringify(statement.Condition) === JSON.stringify({ Bool: { 'aws:SecureTransport': ['false'] } }),
  );

/** What is wrong with each statement that allows something. */
const everyGrant =
  (fault: (statement: PolicyStatement, resource: Resource) => string | null): Rule['violations'] =>
  (stack: StackJson) =>
    resources(stack)
      .filter(({ type }) => ownPolicies.includes(type))
      .flatMap((resource) =>
        statementsOf(resource.body.policy)
          .filter(({ Effect }) => Effect === 'Allow')
          .flatMap((statement) => {
            const found = fault(statement, resource);
            return found === null ? [] : [`${resource.address} ${statement.Sid}: ${found}`];
          }),
      );

const accountDecides =
  "the account's IAM policies decide who may use a key; without it nobody could mend the key's own policy: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html";

/** The context in which a key is used, or the source for which a service acts. */
const narrowing = /^(aws:Source(Account|Arn)|kms:EncryptionContext:.+|kms:ViaService|kms:CallerAccount)$/;

const names = (statement: PolicyStatement): string[] =>
  Object.values(statement.Condition ?? {}).flatMap((operands) => Object.keys(operands));

// "kms:GenerateDataKey*" is with and without the plain text: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
const fewActions = ['kms:GenerateDataKey*', 'kms:ReEncrypt*'];

export const resourcePolicyRules: readonly Rule[] = [
  {
    intent: 'no policy of a resource lets everybody in',
    violations: everyGrant((statement) => (isEverybody(statement) ? 'is for everybody' : null)),
    broken: [
      {
        how: 'a service is replaced by everybody',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_s3_bucket_policy.zones_access_logs_bucket_policy',
            'policy',
            'TakeAccessLogs',
            (statement) => {
              statement.Principal = '*';
            },
          ),
        says: ['aws_s3_bucket_policy.zones_access_logs_bucket_policy TakeAccessLogs: is for everybody'],
      },
    ],
  },
  {
    intent: "a service that is let in acts for this account's resources only",
    violations: everyGrant((statement) => {
      if (statement.Principal === '*' || !statement.Principal?.Service) return null;
      return names(statement).some((name) => narrowing.test(name))
        ? null
        : `${statement.Principal.Service.join(', ')} may act for anybody`;
    }),
    except: Object.fromEntries(
      ['runs_topic_policy TakeEndsOfRuns', 'alarms_topic_policy TakeEvents'].map((statement) => [
        `aws_sns_topic_policy.topics_${statement}: events.amazonaws.com may act for anybody`,
        'EventBridge publishes to SNS without saying for whom: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions',
      ]),
    ),
    broken: [
      {
        how: 'the condition is gone',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_kms_key.keys_operations_key',
            'policy',
            'QueueObjectEvents',
            (statement) => {
              delete statement.Condition;
            },
          ),
        says: ['aws_kms_key.keys_operations_key QueueObjectEvents: s3.amazonaws.com may act for anybody'],
      },
    ],
  },
  {
    intent: 'no policy of a resource allows a service as a whole',
    violations: everyGrant(({ Action }) => {
      const wide = Action.filter((action) => action.includes('*') && !fewActions.includes(action));
      return wide.length === 0 ? null : `allows ${wide.join(', ')}`;
    }),
    except: Object.fromEntries(
      ['keys_data_key', 'keys_operations_key', 'state_key_key'].map((key) => [
        `aws_kms_key.${key} LetIamPoliciesDecide: allows kms:*`,
        accountDecides,
      ]),
    ),
    broken: [
      {
        how: 'a service may do all that S3 can',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_s3_bucket_policy.zones_access_logs_bucket_policy',
            'policy',
            'TakeAccessLogs',
            (statement) => {
              statement.Action = ['s3:*'];
            },
          ),
        says: ['aws_s3_bucket_policy.zones_access_logs_bucket_policy TakeAccessLogs: allows s3:*'],
      },
    ],
  },
  {
    intent: 'every endpoint of a network lets only this account through, and only what is written out',
    violations: (stack) =>
      resources(stack, 'aws_vpc_endpoint').flatMap(({ address, body }) => {
        if (body.policy === undefined) return [`${address} lets everything through`];
        return statementsOf(body.policy)
          .filter(({ Effect }) => Effect === 'Allow')
          .flatMap(({ Sid, Action, Condition }) => [
            ...(Condition?.StringEquals?.['aws:PrincipalAccount']?.join() ===
            ref('data.aws_caller_identity.caller', 'account_id')
              ? []
              : [`${address} ${Sid}: lets other accounts through`]),
            ...(Action.some((action) => action.includes('*'))
              ? [`${address} ${Sid}: lets ${Action.join(', ')} through`]
              : []),
          ]);
      }),
    broken: [
      {
        how: 'an endpoint has no policy',
        of: 'everything-on',
        change: (stack) => {
          delete bodyOf(stack, 'aws_vpc_endpoint.network_s3').policy;
        },
        says: ['aws_vpc_endpoint.network_s3 lets everything through'],
      },
      {
        how: 'data could be carried to another account',
        of: 'everything-on',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_vpc_endpoint.network_s3',
            'policy',
            'UseObjectsOfTheLake',
            (statement) => {
              delete statement.Condition;
            },
          ),
        says: ['aws_vpc_endpoint.network_s3 UseObjectsOfTheLake: lets other accounts through'],
      },
    ],
  },
];
