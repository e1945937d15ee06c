import { at, type Resource, referencesIn, resources, type StackJson, textsIn } from '../../src/stack-json.ts';
import { bodyOf, type Rule, ref, rewriteStatement } from './rule.ts';

/** Arguments by which a resource gets its name. */
const nameArguments = ['name', 'bucket', 'function_name', 'alarm_name', 'dashboard_name'];

// A log group is called as what logs there: its name is made of another's.
const namedAfterOthers = ['aws_cloudwatch_log_group'];

const namesOf = ({ type, body }: Resource): string[] =>
  namedAfterOthers.includes(type)
    ? []
    : textsIn([...nameArguments.map((argument) => body[argument] ?? null), at(body, 'tags', 'Name') ?? null]);

/** The names that a resource uses without being called so: `sluice-dev-etl`; with `-` at the end what names begin with. */
const namesIn = (resource: Resource, prefix: string): string[] => {
  const own = namesOf(resource);
  const name = new RegExp(`(?<![\\w-])(?:${prefix}-|${prefix.replaceAll('-', '_')})[\\w-]*`, 'g');
  const used = textsIn(resource.body)
    .filter((text) => !own.includes(text))
    .flatMap((text) => text.match(name) ?? []);
  return [...new Set(used)];
};

/** What an ARN calls a resource of that type. */
const arns: readonly { readonly type: string; readonly argument: string; readonly pattern: RegExp }[] = [
  { type: 'aws_lambda_function', argument: 'function_name', pattern: /:function:([\w-]+)/g },
  { type: 'aws_sfn_state_machine', argument: 'name', pattern: /:stateMachine:([\w-]+)/g },
  { type: 'aws_sfn_state_machine', argument: 'name', pattern: /:(?:execution|mapRun):([\w-]+)/g },
  { type: 'aws_glue_crawler', argument: 'name', pattern: /:crawler\/([\w-]+)/g },
  { type: 'aws_glue_job', argument: 'name', pattern: /:job\/([\w-]+)/g },
  { type: 'aws_glue_catalog_database', argument: 'name', pattern: /:database\/(\w+)/g },
  { type: 'aws_glue_catalog_table', argument: 'name', pattern: /:table\/[^/]+\/(\w+)/g },
  { type: 'aws_athena_workgroup', argument: 'name', pattern: /:workgroup\/([\w-]+)/g },
  { type: 'aws_cloudtrail', argument: 'name', pattern: /:trail\/([\w-]+)/g },
];

const matches = (used: string, declared: readonly string[]): boolean =>
  declared.some((name) => (used.endsWith('-') ? `${name}-`.startsWith(used) : name === used));

const exists = (stack: StackJson, address: string): boolean => {
  const [first = '', second = '', third = ''] = address.split('.');
  return first === 'data'
    ? stack.data[second]?.[third] !== undefined
    : stack.resource[first]?.[second] !== undefined;
};

export const nameRules: readonly Rule[] = [
  {
    intent: 'whatever is referred to is in the stack',
    violations: (stack) =>
      resources(stack).flatMap(({ address, body }) =>
        referencesIn(Object.values(body))
          .filter((other) => !exists(stack, other))
          .map((other) => `${address} refers to ${other}, which is not there`),
      ),
    broken: [
      {
        how: 'a policy is about a bucket that has gone',
        change: (stack) => {
          bodyOf(stack, 'aws_s3_bucket_versioning.zones_raw_versioning').bucket = ref(
            'aws_s3_bucket.zones_bronze_bucket',
            'id',
          );
        },
        says: [
          'aws_s3_bucket_versioning.zones_raw_versioning refers to aws_s3_bucket.zones_bronze_bucket, which is not there',
        ],
      },
    ],
  },
  {
    intent: 'every name that is written out is the name of something in the stack',
    violations: (stack, { namePrefix }) => {
      const declared = resources(stack).flatMap(namesOf);
      return resources(stack).flatMap((resource) =>
        namesIn(resource, namePrefix)
          .filter((name) => !matches(name, declared))
          .map(
            (name) =>
              `${resource.address} names <prefix>${name.slice(namePrefix.length)}, which is not there`,
          ),
      );
    },
    broken: [
      {
        how: 'a log group is called as no function is',
        change: (stack) => {
          bodyOf(stack, 'aws_cloudwatch_log_group.functions_validate_object_logs').name =
            '/aws/lambda/sluice-dev-validator';
        },
        says: [
          'aws_cloudwatch_log_group.functions_validate_object_logs names <prefix>-validator, which is not there',
        ],
      },
    ],
  },
  {
    intent: 'every ARN that is written out is that of something in the stack',
    violations: (stack, { namePrefix }) =>
      resources(stack).flatMap(({ address, body }) =>
        arns.flatMap(({ type, argument, pattern }) => {
          const declared = textsIn(resources(stack, type).map((each) => each.body[argument] ?? null));
          const used = textsIn(body).flatMap((text) =>
            [...text.matchAll(pattern)].map(([, name = '']) => name),
          );
          return [...new Set(used)]
            .filter((name) => !matches(name, declared))
            .map(
              (name) =>
                `${address} has the ARN of ${type} ${name.replace(namePrefix, '<prefix>')}, which is not there`,
            );
        }),
      ),
    broken: [
      {
        how: 'a function has another name in a policy',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_iam_role_policy.workflow_etl_policy',
            'policy',
            'InvokeSteps',
            (statement) => {
              statement.Resource = ['arn:aws:lambda:eu-central-1:123456789012:function:validate'];
            },
          ),
        says: [
          'aws_iam_role_policy.workflow_etl_policy has the ARN of aws_lambda_function validate, which is not there',
        ],
      },
      {
        how: 'a state machine follows the executions of one that has gone',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_iam_role_policy.csv_map_comma_csv_map_comma_policy',
            'policy',
            'FollowBatches',
            (statement) => {
              statement.Resource = [
                'arn:aws:states:eu-central-1:123456789012:execution:csv-map/ProcessCsvRows:*',
              ];
            },
          ),
        says: [
          'aws_iam_role_policy.csv_map_comma_csv_map_comma_policy has the ARN of aws_sfn_state_machine csv-map, which is not there',
        ],
      },
    ],
  },
];
