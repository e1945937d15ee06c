import type { Environment } from '../environments/environment.ts';
import { resources, statementsOf } from '../stack-json.ts';
import { actionsWithoutResources } from './actions-without-resources.ts';
import { type Permission, permissionsOf, type Source, type SynthesizedEnvironment } from './permissions.ts';
import { PolicyWords } from './policy-words.ts';

interface PermissionsPageProps {
  /** Without opt-ins. */
  readonly plain: SynthesizedEnvironment;
  /** As `plain`, with one opt-in each. */
  readonly optIns: ReadonlyMap<string, SynthesizedEnvironment>;
  readonly environments: readonly Environment[];
}

/** A permission that is always there, or comes with an opt-in, or goes with one. */
interface Listed extends Permission {
  /** `with` or `without` its name; null: whatever is opted in. */
  readonly optIn: string | null;
}

interface Role {
  readonly name: string;
  /** `lambda.amazonaws.com` */
  readonly service: string;
  readonly description: string;
}

/** `docs/permissions.md`: who may do what on what. */
export const permissionsPage = ({ plain, optIns, environments }: PermissionsPageProps): string => {
  const always = permissionsOf(plain);
  const known = new Set(always.map((permission) => JSON.stringify(permission)));
  const withOptIns = [...optIns].map(([optIn, synthesized]) => [optIn, permissionsOf(synthesized)] as const);
  const takenBy = (permission: Permission): string | null => {
    const line = JSON.stringify(permission);
    const [optIn] =
      withOptIns.find(([, found]) => !found.some((each) => JSON.stringify(each) === line)) ?? [];
    return optIn === undefined ? null : `without ${code(optIn)}`;
  };
  const listed: Listed[] = [
    ...always.map((permission) => ({ ...permission, optIn: takenBy(permission) })),
    ...withOptIns.flatMap(([optIn, found]) =>
      found
        .filter((permission) => !known.has(JSON.stringify(permission)))
        .map((permission) => ({ ...permission, optIn: `with ${code(optIn)}` })),
    ),
  ];
  const of = (wanted: Source): Listed[] => listed.filter(({ source }) => source === wanted);
  const roles = rolesOf([plain, ...optIns.values()]);
  return `# Permissions

Who may do what on what, from the policies that \`pnpm synth\` writes for Terraform. \`pnpm generate\` makes this page and a
test compares it; what it says is changed in [the stacks](../infra/src). Names are without the environment's prefix: the
queue \`arrivals\` is \`sluice-dev-arrivals\` in dev, and the database \`<prefix>\` is \`sluice_dev\`. The small print is what
IAM calls it.

People are not here: the stacks make no role for a person. What the roles of an account's people may do is decided
there, but nobody gets past what the policies of buckets, queues and topics refuse.

All environments have the same permissions, but for what an opt-in brings along or takes away; then its name is beside it.

${table(
  ['environment', 'opt-ins'],
  environments.map(({ name, optIns: settings }) => [name, settingsOf(settings)]),
)}

## Who touches objects

${objectsTable(of('role'), roles)}

No other role can.

## Roles

Each can be taken on by one AWS service and by nobody else, and has only the policy that is shown here.

${rolesChapters(of('role'), roles).join('\n\n')}

## Buckets

No role can reach \`state\`: it is for whoever runs Terraform.

${resourceTables(of('bucket'), 'bucket')}

## Queues

${resourceTables(of('queue'), 'queue')}

## Topics

${resourceTables(of('topic'), 'topic')}

## Functions

Who calls one without a role of the lake. The API lets in whom its environment says: principals of this account that IAM
allows \`execute-api:Invoke\`, or bearers of tokens.

${resourceTables(of('function'), 'function')}

## Keys

In a key's own policy \`*\` is the key itself. IAM policies decide who may use it: those of the roles above, and those that
the account gives to people. Without that line nobody could mend a key's policy
([AWS](https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html)).

${resourceTables(of('key'), 'key')}

## Network endpoints

Only with \`privateNetwork\`: all that the functions can reach, whatever their roles may do besides.

${table(
  ['endpoint', 'lets', 'on', 'only', 'small print'],
  of('endpoint').map(({ owner, purpose, on, when, actions }) => [
    code(owner),
    purpose,
    on,
    when,
    smallPrint(actions),
  ]),
)}

## Tables and columns

Only with \`columnGrants\`, when Lake Formation decides besides IAM. \`analyst\` stands for each of its \`analysts\`.

${grantsTable(of('grant'))}

## Actions on everything

A role may do something on everything only where AWS knows no resource that it could be limited to, or asks for everything.

${unscopedTable(of('role'))}
`;
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const code = (text: string): string => `\`${text}\``;

const smallPrint = (actions: readonly string[]): string =>
  `<sub>${actions.join(', ').replaceAll('*', '\\*')}</sub>`;

/** The opt-in that all these come with; null if any is always there, or comes with another. */
const optInOf = (rows: readonly Listed[]): string | null => {
  const [first] = rows;
  return first && rows.every(({ optIn }) => optIn === first.optIn) ? first.optIn : null;
};

const noteOf = (rows: readonly Listed[]): string => {
  const optIn = optInOf(rows);
  return optIn === null ? '' : ` (${optIn})`;
};

const withOptIn = (row: Listed): string => `${row.purpose}${noteOf([row])}`;

const settingsOf = (optIns: Environment['optIns']): string =>
  Object.entries(optIns)
    .filter(([, settings]) => settings !== null)
    .map(([name]) => code(name))
    .join(', ') || 'none';

/** What acts in a role of a service; in this order on the page. */
const actors: Readonly<Record<string, (name: string) => string>> = {
  'states.amazonaws.com': (name) => `The state machine ${code(name)}`,
  'lambda.amazonaws.com': (name) => `The function ${code(name)}`,
  'glue.amazonaws.com': (name) => (name === 'crawlers' ? `The ${code(name)}` : `The Glue job ${code(name)}`),
  'emr-serverless.amazonaws.com': (name) => `EMR Serverless, as ${code(name)}`,
  'firehose.amazonaws.com': (name) => `Firehose, as ${code(name)}`,
  'lakeformation.amazonaws.com': (name) => `Lake Formation, as ${code(name)}`,
  'vpc-flow-logs.amazonaws.com': (name) => `The ${code(name)}`,
};

const titleOf = ({ name, service }: Role): string => {
  const title = actors[service];
  if (!title) throw new Error(`permissions-page.ts does not know what ${service} does in the role ${name}.`);
  return title(name);
};

// The way of the data, which is the order in which its steps and folders are shown.
const steps = [
  'ingest-api',
  'ingest-stream',
  'start-pipeline',
  'validate-object',
  'score-quality',
  'transform-object',
  'process-rows',
  'record-failed-rows',
  'collect-map-run',
  'publish-run',
];
const folders = [
  'requests/',
  'incoming/*/stream/',
  'incoming/',
  'staging/',
  'map-results/',
  'processed/',
  'tables/',
  'quarantine/*/records/',
  'quarantine/',
  'runs/',
  'archive/',
  'transform-spark/',
  'spark-logs/',
];

const rolesOf = (synthesized: readonly SynthesizedEnvironment[]): Role[] => {
  const found = new Map<string, Role>();
  for (const { lake, environment } of synthesized) {
    const words = new PolicyWords(lake, environment.namePrefix);
    for (const role of resources(lake, 'aws_iam_role')) {
      const principal = statementsOf(role.body.assume_role_policy)[0]?.Principal;
      const service = principal === '*' ? undefined : principal?.Service?.[0];
      const name = words.nameOf(role);
      found.set(name, { name, service: service ?? '', description: String(role.body.description) });
    }
  }
  const services = Object.keys(actors);
  return [...found.values()].sort(
    (one, other) =>
      services.indexOf(one.service) - services.indexOf(other.service) ||
      steps.indexOf(one.name) - steps.indexOf(other.name),
  );
};

const deeds = { 's3:GetObject': 'read', 's3:PutObject': 'write', 's3:DeleteObject': 'delete' };

/** The page's first answer: who reads, writes and deletes which objects. */
const objectsTable = (permissions: readonly Listed[], roles: readonly Role[]): string => {
  const cells = new Map<string, string[]>();
  const columns = new Set<string>();
  for (const { owner, on, actions, refused } of permissions) {
    const done = Object.entries(deeds).filter(([action]) => actions.includes(action));
    if (refused || done.length === 0) continue;
    for (const [, below = '', bucket = ''] of on.matchAll(/objects below (.+?) of the bucket `(.+?)`/g)) {
      for (const [folder] of below.matchAll(/`.+?`/g)) {
        const column = `${bucket} ${folder}`;
        columns.add(column);
        const cell = `${owner} ${column}`;
        cells.set(cell, [...(cells.get(cell) ?? []), ...done.map(([, deed]) => deed)]);
      }
    }
  }
  const rank = (column: string): number => folders.findIndex((folder) => column.includes(folder));
  const inOrder = [...columns].sort((one, other) => rank(one) - rank(other));
  return table(
    ['', ...inOrder],
    roles
      .filter(({ name }) => inOrder.some((column) => cells.has(`${name} ${column}`)))
      .map((role) => [
        `${titleOf(role)}${noteOf(permissions.filter(({ owner }) => owner === role.name))}`,
        ...inOrder.map((column) => cells.get(`${role.name} ${column}`)?.join(', ') ?? ''),
      ]),
  );
};

const rolesChapters = (permissions: readonly Listed[], roles: readonly Role[]): string[] => {
  const functions = roles.filter(({ service }) => service === 'lambda.amazonaws.com');
  const of = ({ name }: Role): Listed[] => permissions.filter(({ owner }) => owner === name);
  const line = ({ owner: _owner, whom: _whom, ...rest }: Listed): string => JSON.stringify(rest);
  const [first, ...others] = functions.map((each) => of(each).map(line));
  const common = new Set(first?.filter((each) => others.every((lines) => lines.includes(each))));

  return roles.flatMap((role) => {
    const own = of(role);
    const chapter = roleChapter(titleOf(role), `${role.description}.`, own);
    if (!functions.includes(role)) return [chapter];
    const special = roleChapter(
      titleOf(role),
      `${role.description}.`,
      own.filter((each) => !common.has(line(each))),
    );
    if (role !== functions[0]) return [special];
    const ofAll = own.filter((each) => common.has(line(each)));
    return [roleChapter('Every function', 'Besides what follows for each.', ofAll), special];
  });
};

const roleChapter = (title: string, text: string, rows: readonly Listed[]): string => {
  const optIn = optInOf(rows);
  return [
    `### ${title}`,
    optIn === null ? text : `${text} Only ${optIn}.`,
    table(
      ['may', 'on', 'only', 'small print'],
      rows.map((row) => [
        `${row.refused ? '**Refused:** ' : ''}${optIn === null ? withOptIn(row) : row.purpose}`,
        row.on,
        row.when,
        smallPrint(row.actions),
      ]),
    ),
  ].join('\n\n');
};

/** Rows that say the same of several owners, as one. */
const grouped = (rows: readonly Listed[]): { readonly row: Listed; readonly owners: string[] }[] => {
  const groups = new Map<string, { row: Listed; owners: string[] }>();
  for (const row of rows) {
    const { owner, ...rest } = row;
    const key = JSON.stringify(rest);
    const group = groups.get(key) ?? { row, owners: [] };
    group.owners.push(owner);
    groups.set(key, group);
  }
  return [...groups.values()];
};

/** What the policies of buckets, or queues, … allow, and what they refuse. */
const resourceTables = (rows: readonly Listed[], kind: string): string => {
  const always = new Set(rows.filter(({ optIn }) => optIn === null).map(({ owner }) => owner));
  const which = (owners: readonly string[]): string =>
    always.size > 1 && [...always].every((owner) => owners.includes(owner))
      ? `every ${kind}`
      : owners.map(code).join(', ');
  const cells = (found: readonly Listed[]): string[][] =>
    grouped(found).map(({ row, owners }) => [
      withOptIn(row),
      row.whom,
      `${which(owners)}${row.on === '' ? '' : `: ${row.on}`}`,
      row.when,
      smallPrint(row.actions),
    ]);
  const allowed = rows.filter(({ refused }) => !refused);
  const refused = rows.filter((row) => row.refused);
  return [
    ...(allowed.length === 0 ? [] : [table(['let in', 'who', kind, 'only', 'small print'], cells(allowed))]),
    ...(refused.length === 0 ? [] : [table(['refused', 'who', kind, 'when', 'small print'], cells(refused))]),
  ].join('\n\n');
};

const grantsTable = (rows: readonly Listed[]): string => {
  const groups = new Map<string, { row: Listed; on: string[] }>();
  for (const row of rows) {
    const key = `${row.owner} ${row.actions.join()}`;
    const group = groups.get(key) ?? { row, on: [] };
    group.on.push(row.on);
    groups.set(key, group);
  }
  return table(
    ['who', 'may', 'on'],
    [...groups.values()].map(({ row, on }) => [
      code(row.owner),
      row.actions.map((action) => action.toLowerCase().replaceAll('_', ' ')).join(', '),
      on.join(', '),
    ]),
  );
};

const unscopedTable = (permissions: readonly Listed[]): string =>
  table(
    ['who', 'why', 'small print'],
    actionsWithoutResources.map(({ actions, why, source }) => {
      const users = permissions.filter(
        ({ refused, on, actions: used }) =>
          !refused && on === 'everything' && used.some((action) => actions.includes(action)),
      );
      const names = new Set(users.map(({ owner }) => code(owner)));
      return [[...names].join(', '), `${why} ([AWS](${source}))`, smallPrint(actions)];
    }),
  );
