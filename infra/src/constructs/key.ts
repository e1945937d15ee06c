import { KmsAlias } from '@cdktf/provider-aws/lib/kms-alias/index.js';
import { KmsKey } from '@cdktf/provider-aws/lib/kms-key/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { policyOf, type ResourceStatement } from './policy.ts';

interface KeyProps {
  readonly description: string;
  /** Besides what IAM policies of this account allow: services that encrypt in their own name. */
  readonly services: readonly ResourceStatement[];
}

/** A KMS key of this environment, rotated every year, and its alias `alias/<prefix>-<id>`. */
export class Key extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, deployment: Deployment, { description, services }: KeyProps) {
    super(scope, id);
    // Without it a key that nobody can administer is left behind: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    const account: ResourceStatement = {
      Sid: 'LetIamPoliciesDecide',
      Effect: 'Allow',
      Principal: { AWS: `arn:${deployment.partition}:iam::${deployment.accountId}:root` },
      Action: ['kms:*'],
      Resource: ['*'],
    };
    const key = new KmsKey(this, 'key', {
      description,
      enableKeyRotation: true,
      deletionWindowInDays: deployment.environment.protected ? 30 : 7,
      policy: policyOf([account, ...services]),
    });
    if (deployment.environment.protected) key.addOverride('lifecycle.prevent_destroy', true);
    new KmsAlias(this, 'alias', { name: `alias/${deployment.nameOf(id)}`, targetKeyId: key.keyId });
    this.arn = key.arn;
  }
}

/** Lets a service use a key for what belongs to this account. In a key's policy `*` is the key itself. */
export const serviceUse = (
  Sid: string,
  service: string,
  condition: ResourceStatement['Condition'] = {},
): ResourceStatement => ({
  Sid,
  Effect: 'Allow',
  Principal: { Service: service },
  Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
  Resource: ['*'],
  Condition: condition,
});
