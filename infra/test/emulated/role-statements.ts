import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { MiniStack, RolePermission } from '@sluice/aws-emulator';
import { z } from 'zod';

const statement = z.looseObject({ Sid: z.string(), Action: z.array(z.string()) });
const policy = z.looseObject({ Statement: z.array(statement) });

const policyOf = async (iam: IAMClient, role: string): Promise<z.output<typeof policy>> => {
  const its = { RoleName: role, PolicyName: 'permissions' };
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand(its));
  return policy.parse(JSON.parse(decodeURIComponent(PolicyDocument)));
};

/** Every action of every statement of every role in the account. */
export const permissionsOfRoles = async ({
  endpoint,
  region,
  credentials,
}: MiniStack): Promise<RolePermission[]> => {
  const iam = new IAMClient({ endpoint, region, credentials });
  try {
    const { Roles = [] } = await iam.send(new ListRolesCommand({}));
    const permissions = await Promise.all(
      Roles.map(async ({ RoleName: role = '' }) =>
        (await policyOf(iam, role)).Statement.flatMap(({ Sid: sid, Action }) =>
          Action.map((action) => ({ role, sid, action })),
        ),
      ),
    );
    return permissions.flat();
  } finally {
    iam.destroy();
  }
};

/**
 * Does some work while a role of the lake lacks a statement.
 *
 * @throws Error if it has no such statement
 */
export const withoutStatement = async <T>(
  { endpoint, region, credentials }: MiniStack,
  role: string,
  sid: string,
  work: () => Promise<T>,
): Promise<T> => {
  const iam = new IAMClient({ endpoint, region, credentials });
  try {
    const whole = await policyOf(iam, role);
    const Statement = whole.Statement.filter(({ Sid }) => Sid !== sid);
    if (Statement.length === whole.Statement.length) throw new Error(`${role} has no statement ${sid}.`);
    const put = (document: unknown) =>
      iam.send(
        new PutRolePolicyCommand({
          RoleName: role,
          PolicyName: 'permissions',
          PolicyDocument: JSON.stringify(document),
        }),
      );
    await put({ ...whole, Statement });
    try {
      return await work();
    } finally {
      await put(whole);
    }
  } finally {
    iam.destroy();
  }
};

/** Denies roles of the lake to write some objects; returns how to end that. */
export const denyObjects = async (
  { endpoint, region, credentials }: MiniStack,
  objectsOf: Readonly<Record<string, readonly string[]>>,
): Promise<() => Promise<void>> => {
  const iam = new IAMClient({ endpoint, region, credentials });
  const PolicyName = 'denied-objects';
  for (const [RoleName, Resource] of Object.entries(objectsOf)) {
    const denied = { Sid: 'Denied', Effect: 'Deny', Action: ['s3:PutObject'], Resource };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [denied] });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  }
  return async () => {
    for (const RoleName of Object.keys(objectsOf))
      await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    iam.destroy();
  };
};
