import type { Environment } from '../environments/environment.ts';
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
} from '../stack-json.ts';
import { PolicyWords, purposeOf } from './policy-words.ts';

/** An environment and what was synthesized of it. */
export interface SynthesizedEnvironment {
  readonly environment: Environment;
  readonly lake: StackJson;
  readonly state: StackJson;
}

/** What kind of policy says it: one of IAM's, a resource's own, or Lake Formation's. */
export type Source = 'role' | 'bucket' | 'queue' | 'topic' | 'key' | 'endpoint' | 'function' | 'grant';

/** Somebody may do something, or is refused it. */
export interface Permission {
  readonly source: Source;
  /** The name of the role, the bucket, …: whose policy says it. */
  readonly owner: string;
  readonly purpose: string;
  readonly refused: boolean;
  readonly whom: string;
  readonly on: string;
  /** Under which circumstances; empty: always. */
  readonly when: string;
  /** In the words of IAM: `s3:GetObject`. */
  readonly actions: readonly string[];
}

/** Everything that an environment's policies say, in words that are the same in all environments. */
export const permissionsOf = ({ environment, lake, state }: SynthesizedEnvironment): Permission[] =>
  [lake, state].flatMap((stack) => {
    const words = new PolicyWords(stack, environment.namePrefix);
    return [
      ...rolePermissions(stack, words),
      ...resourcePermissions(stack, words),
      ...callersOfFunctions(stack, words),
      ...columnGrants(stack, words),
    ];
  });

const rolePermissions = (stack: StackJson, words: PolicyWords): Permission[] =>
  resources(stack, 'aws_iam_role').flatMap((role) => {
    const owner = words.nameOf(role);
    return resources(stack, 'aws_iam_role_policy')
      .filter(({ body }) => referencesIn(body.role).includes(role.address))
      .flatMap(({ body }) => statementsOf(body.policy))
      .map((statement) => ({
        source: 'role' as const,
        owner,
        ...said(statement),
        whom: owner,
        on: words.on(statement, owner),
        when: words.conditions(statement, owner).join(', '),
      }));
  });

const said = (statement: PolicyStatement): Pick<Permission, 'purpose' | 'refused' | 'actions'> => ({
  purpose: purposeOf(statement),
  refused: statement.Effect === 'Deny',
  actions: statement.Action,
});

/** The argument that says what a policy resource is about. */
const policies: readonly {
  readonly type: string;
  readonly source: Source;
  readonly subject: string | null;
}[] = [
  { type: 'aws_s3_bucket_policy', source: 'bucket', subject: 'bucket' },
  { type: 'aws_sqs_queue_policy', source: 'queue', subject: 'queue_url' },
  { type: 'aws_sns_topic_policy', source: 'topic', subject: 'arn' },
  { type: 'aws_kms_key', source: 'key', subject: null },
  { type: 'aws_vpc_endpoint', source: 'endpoint', subject: null },
];

const resourcePermissions = (stack: StackJson, words: PolicyWords): Permission[] =>
  policies.flatMap(({ type, source, subject }) =>
    resources(stack, type)
      .filter(({ body }) => body.policy !== undefined)
      .flatMap((resource) => {
        const [address] = subject === null ? [resource.address] : referencesIn(resource.body[subject]);
        const owner =
          source === 'endpoint'
            ? String(resource.body.service_name).split('.').slice(3).join('.')
            : words.nameOf(resourceAt(stack, address));
        return statementsOf(resource.body.policy).map((statement) => ({
          source,
          owner,
          ...said(statement),
          whom: words.principal(statement),
          on: onWhat(source, statement, words),
          when: words.conditions(statement).join(', '),
        }));
      }),
  );

/** What of a resource its own policy speaks of: of a bucket its folder, of all else the thing itself. */
const onWhat = (source: Source, { Resource: on }: PolicyStatement, words: PolicyWords): string => {
  if (source === 'endpoint') return words.things(on);
  if (source !== 'bucket') return '';
  const objects = on.filter((arn) => arn.endsWith('/*'));
  if (objects.length === 0) return 'the bucket itself';
  return on.length > objects.length
    ? 'the bucket and its objects'
    : words.things(objects).replace(/ of the bucket .*$/, '');
};

const resourceAt = (stack: StackJson, address: string | undefined): Resource => {
  const found = resources(stack).find((each) => each.address === address);
  if (!found) throw new Error(`A policy is about ${address}, which is not in the stack.`);
  return found;
};

/** Who may call a function without a role. */
const callersOfFunctions = (stack: StackJson, words: PolicyWords): Permission[] =>
  resources(stack, 'aws_lambda_permission').map(({ body }) => {
    const [api] = referencesIn(body.source_arn);
    return {
      source: 'function' as const,
      owner: words.nameOf(resourceAt(stack, referencesIn(body.function_name)[0])),
      purpose: purposeOf({ Sid: String(body.statement_id) }),
      refused: false,
      whom: words.principal({ Principal: { Service: [String(body.principal)] } }),
      on: '',
      when: `for requests of the API \`${words.nameOf(resourceAt(stack, api))}\``,
      actions: [String(body.action)],
    };
  });

/** What Lake Formation lets somebody do, besides what IAM does. */
const columnGrants = (stack: StackJson, words: PolicyWords): Permission[] =>
  resources(stack, 'aws_lakeformation_permissions').map(({ body }) => {
    const [role] = referencesIn(body.principal);
    const owner = role ? words.nameOf(resourceAt(stack, role)) : String(body.principal).replace(/^.*\//, '');
    return {
      source: 'grant' as const,
      owner,
      purpose: '',
      refused: false,
      whom: owner,
      on: grantedOn(stack, words, body),
      when: '',
      actions: blocks(body.permissions).map(String),
    };
  });

const grantedOn = (
  stack: StackJson,
  words: PolicyWords,
  { table, table_with_columns: columns, database, data_location: place }: Resource['body'],
): string => {
  const named = (value: Json | undefined): string =>
    `\`${words.nameOf(resourceAt(stack, referencesIn(value)[0]))}\``;
  if (columns !== undefined) {
    const hidden = blocks(at(columns, 'excluded_column_names')).map((column) => `\`${column}\``);
    return `${named(at(columns, 'name'))} without ${hidden.join(', ')}`;
  }
  if (table !== undefined) {
    const name = at(table, 'name');
    return name === undefined ? `every table in ${named(at(table, 'database_name'))}` : named(name);
  }
  if (database !== undefined) return `the database ${named(at(database, 'name'))}`;
  const { body } = resourceAt(stack, referencesIn(place)[0]);
  return words.things([`${body.arn}/*`]);
};
