import { GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import type { MiniStack } from '@sluice/aws-emulator';
import { z } from 'zod';

const policy = z.looseObject({ Statement: z.array(z.looseObject({ Sid: z.string() })) });

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
  const its = { RoleName: role, PolicyName: 'permissions' };
  try {
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand(its));
    const whole = policy.parse(JSON.parse(decodeURIComponent(PolicyDocument)));
    const Statement = whole.Statement.filter(({ Sid }) => Sid !== sid);
    if (Statement.length === whole.Statement.length) throw new Error(`${role} has no statement ${sid}.`);
    const put = (document: unknown) =>
      iam.send(new PutRolePolicyCommand({ ...its, PolicyDocument: JSON.stringify(document) }));
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
