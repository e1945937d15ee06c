import { actionsWithoutResources } from '../../src/permissions/actions-without-resources.ts';
import {
  at,
  blocks,
  type Json,
  type PolicyStatement,
  referencesIn,
  resources,
  type StackJson,
  statementsOf,
} from '../../src/stack-json.ts';
import { about, type Rule, ref, remove, rewriteStatement } from './rule.ts';

/** What is wrong with each statement of each role. */
const everyStatement =
  (
    fault: (statement: PolicyStatement, stack: StackJson, prefix: string) => string | null,
  ): Rule['violations'] =>
  (stack, { namePrefix }) =>
    resources(stack, 'aws_iam_role_policy').flatMap(({ address, body }) =>
      statementsOf(body.policy).flatMap((statement) => {
        const found = fault(statement, stack, namePrefix);
        return found === null ? [] : [`${address} ${statement.Sid ?? 'without a Sid'}: ${found}`];
      }),
    );

const withoutResources = actionsWithoutResources.flatMap(({ actions }) => actions);

/** Whether an ARN speaks of something that is in the stack, or called as the environment's things are. */
const isOurs = (arn: string, prefix: string): boolean =>
  referencesIn(arn).some((address) => !address.startsWith('data.')) ||
  arn.includes(prefix) ||
  // Whoever asks Glue for a table asks it for the account's catalogue as well:
  // https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
  /:glue:[^*]*:catalog$/.test(arn) ||
  // Step Functions makes the rule itself, under this name: https://docs.aws.amazon.com/step-functions/latest/dg/emr-serverless-iam.html
  arn.endsWith(':rule/StepFunctionsGetEventsForEMRServerlessJobRule') ||
  arn.includes(prefix.replaceAll('-', '_'));

// S3 takes a statement whose resource does not fit its action, and allows nothing by it.
const onBuckets = /^s3:(ListBucket(Versions|MultipartUploads)?|GetBucket\w+|PutBucket\w+)$/;
const isObjects = (arn: string): boolean => arn.includes('}/') || /:::[^/]+\//.test(arn);

/** Resource types that run in a role, and the argument that names it. */
const roleArguments: readonly string[] = [
  'ExecutionRoleArn',
  'role',
  'role_arn',
  'execution_role_arn',
  'iam_role_arn',
  'cloud_watch_logs_role_arn',
];

/** What the states of a state machine hand on. */
const tasksOf = (definition: Json | undefined): Json[] =>
  typeof definition === 'string'
    ? Object.values(at(JSON.parse(definition), 'States') ?? {}).flatMap(
        (state) => at(state, 'Parameters') ?? [],
      )
    : [];

const validateRole = 'aws_iam_role.functions_validate_object_validate_object_role';
const validatePolicy = 'aws_iam_role_policy.functions_validate_object_validate_object_policy';

export const roleRules: readonly Rule[] = [
  {
    intent: 'every role has one policy, which is its own',
    violations: (stack) => [
      ...resources(stack, 'aws_iam_role').flatMap((role) => {
        const { length } = about(stack, 'aws_iam_role_policy', 'role', role);
        return length === 1 ? [] : [`${role.address} has ${length} policies`];
      }),
      ...resources(stack, 'aws_iam_role')
        .filter(({ body }) => 'managed_policy_arns' in body || 'inline_policy' in body)
        .map(({ address }) => `${address} has policies in itself`),
      ...resources(stack)
        .filter(({ type }) =>
          /^aws_iam_(role_)?polic(y_attachment|ies_exclusive)$|^aws_iam_policy$/.test(type),
        )
        .map(({ address }) => `${address} is a policy that others can use`),
    ],
    broken: [
      {
        how: 'a policy of AWS is attached',
        change: (stack) => {
          stack.resource.aws_iam_role_policy_attachment = {
            basic: {
              role: ref(validateRole, 'name'),
              policy_arn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
            },
          };
        },
        says: ['aws_iam_role_policy_attachment.basic is a policy that others can use'],
      },
    ],
  },
  {
    intent: 'every statement says what it is for, in words of its own',
    violations: (stack) =>
      resources(stack, 'aws_iam_role_policy').flatMap(({ address, body }) => {
        const sids = statementsOf(body.policy).map(({ Sid }) => Sid ?? '');
        return sids
          .filter((sid, index) => !/^([A-Z][a-z0-9]*){2,}$/.test(sid) || sids.indexOf(sid) !== index)
          .map((sid) => `${address} has a statement ${JSON.stringify(sid)}`);
      }),
    broken: [
      {
        how: 'a statement has no Sid',
        change: (stack) =>
          rewriteStatement(stack, validatePolicy, 'policy', 'SendTraces', (statement) => {
            delete statement.Sid;
          }),
        says: [`${validatePolicy} has a statement ""`],
      },
    ],
  },
  {
    intent: 'no role may do what is not written out, not even a part of a service',
    violations: everyStatement(({ Effect, Action }) => {
      const wide = Action.filter((action) => !/^[a-z0-9-]+:[A-Za-z]+$/.test(action));
      return Effect === 'Allow' && wide.length > 0 ? `allows ${wide.join(', ')}` : null;
    }),
    broken: [
      {
        how: 'an action is widened',
        change: (stack) =>
          rewriteStatement(stack, validatePolicy, 'policy', 'WriteOwnLogs', (statement) => {
            statement.Action = ['logs:*'];
          }),
        says: [`${validatePolicy} WriteOwnLogs: allows logs:*`],
      },
    ],
  },
  {
    intent: 'no role may do anything on everything, but where AWS takes nothing else',
    violations: everyStatement(({ Effect, Action, Resource: on }) => {
      if (Effect !== 'Allow' || !on.includes('*')) return null;
      const narrow = Action.filter((action) => !withoutResources.includes(action));
      return narrow.length === 0 ? null : `allows ${narrow.join(', ')} on *`;
    }),
    broken: [
      {
        how: 'a resource is widened',
        change: (stack) =>
          rewriteStatement(stack, validatePolicy, 'policy', 'WriteOwnLogs', (statement) => {
            statement.Resource = ['*'];
          }),
        says: [`${validatePolicy} WriteOwnLogs: allows logs:CreateLogStream, logs:PutLogEvents on *`],
      },
    ],
  },
  {
    intent: "no role may do anything on somebody else's resources",
    violations: everyStatement(({ Effect, Resource: on }, _stack, prefix) => {
      const strange = on.filter((arn) => arn !== '*' && !isOurs(arn, prefix));
      return Effect === 'Allow' && strange.length > 0 ? `is about ${strange.join(', ')}` : null;
    }),
    broken: [
      {
        how: 'the key of everybody may be used',
        change: (stack) =>
          rewriteStatement(stack, validatePolicy, 'policy', 'ReadOwnVariables', (statement) => {
            statement.Resource = ['arn:aws:kms:*:*:key/*'];
          }),
        says: [`${validatePolicy} ReadOwnVariables: is about arn:aws:kms:*:*:key/*`],
      },
    ],
  },
  {
    intent: 'permissions about objects name objects, and those about buckets name buckets',
    violations: everyStatement(({ Action, Resource: on }) => {
      const wrong = Action.filter((action) => action.startsWith('s3:')).filter((action) =>
        on.some((arn) => arn !== '*' && isObjects(arn) === onBuckets.test(action)),
      );
      return wrong.length === 0 ? null : `${wrong.join(', ')} on ${on.join(', ')} allows nothing`;
    }),
    broken: [
      {
        how: 'a bucket is listed by its objects',
        change: (stack) =>
          rewriteStatement(stack, validatePolicy, 'policy', 'WriteOwnLogs', (statement) => {
            statement.Action = ['s3:ListBucket'];
            statement.Resource = [`${ref('aws_s3_bucket.zones_raw_bucket', 'arn')}/*`];
          }),
        says: [
          `${validatePolicy} WriteOwnLogs: s3:ListBucket on ${ref('aws_s3_bucket.zones_raw_bucket', 'arn')}/* allows nothing`,
        ],
      },
    ],
  },
  {
    intent: 'every role is taken on by one service, and by nobody else',
    violations: (stack) =>
      resources(stack, 'aws_iam_role').flatMap(({ address, body }) => {
        const trust = statementsOf(body.assume_role_policy);
        const [only] = trust;
        const principal = only?.Principal;
        const isOneService =
          trust.length === 1 &&
          only?.Effect === 'Allow' &&
          only.Action.join() === 'sts:AssumeRole' &&
          principal !== undefined &&
          principal !== '*' &&
          Object.keys(principal).join() === 'Service' &&
          principal.Service?.length === 1;
        return isOneService ? [] : [`${address} can be taken on by others than one service`];
      }),
    broken: [
      {
        how: 'a person may take on the role',
        change: (stack) =>
          rewriteStatement(stack, validateRole, 'assume_role_policy', 'ActInItsName', (statement) => {
            statement.Principal = { Service: 'lambda.amazonaws.com', AWS: '*' };
          }),
        says: [`${validateRole} can be taken on by others than one service`],
      },
    ],
  },
  {
    intent: 'every role is the role of something',
    violations: (stack) => {
      const used = resources(stack)
        .filter(({ type }) => type !== 'aws_iam_role_policy')
        // A run on EMR Serverless is given its role by the state machine that starts it.
        .flatMap(({ body }) => [body, ...blocks(body.extended_s3_configuration), ...tasksOf(body.definition)])
        .flatMap((body) => referencesIn(roleArguments.map((argument) => at(body, argument) ?? null)));
      return resources(stack, 'aws_iam_role')
        .filter(({ address }) => !used.includes(address))
        .map(({ address }) => `${address} is used by nothing`);
    },
    broken: [
      {
        how: 'a function has gone and left its role',
        change: (stack) => remove(stack, 'aws_lambda_function.functions_validate_object_function'),
        says: [`${validateRole} is used by nothing`],
      },
    ],
  },
];
