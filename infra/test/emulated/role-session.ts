import { GetRoleCommand, IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { MiniStack } from '@sluice/aws-emulator';
import { z } from 'zod';

/** What a client acts with, in the name of a role. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

const trust = z.looseObject({ Statement: z.array(z.unknown()) });

/** A session of a role that only a service may assume: for that moment the role trusts its account, too. */
export const sessionOf = async (
  { endpoint, region, credentials }: MiniStack,
  roleArn: string,
): Promise<SessionCredentials> => {
  const iam = new IAMClient({ endpoint, region, credentials });
  const sts = new STSClient({ endpoint, region, credentials });
  const RoleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  const trustWith = (document: unknown) =>
    iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(document) }));
  try {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const own = trust.parse(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')));
    const account = { Effect: 'Allow', Principal: { AWS: roleArn.split(':')[4] }, Action: 'sts:AssumeRole' };
    await trustWith({ ...own, Statement: [...own.Statement, account] });
    try {
      const session = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'tests' });
      const { Credentials: given } = await sts.send(session);
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = given ?? {};
      return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    } finally {
      await trustWith(own);
    }
  } finally {
    iam.destroy();
    sts.destroy();
  }
};
