import { GlueSecurityConfiguration } from '@cdktf/provider-aws/lib/glue-security-configuration/index.js';
import type { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { Keys } from './keys.ts';
import { allow, type Statement } from './policy.ts';

/** Under which keys something of Glue's writes objects, logs and bookmarks: `<prefix>-<name>`. */
export const glueEncryption = (
  scope: Construct,
  deployment: Deployment,
  name: string,
  keys: Pick<Keys, 'data' | 'operations'>,
): GlueSecurityConfiguration =>
  new GlueSecurityConfiguration(scope, 'security', {
    name: deployment.nameOf(name),
    encryptionConfiguration: {
      s3Encryption: { s3EncryptionMode: 'SSE-KMS', kmsKeyArn: keys.data },
      cloudwatchEncryption: { cloudwatchEncryptionMode: 'SSE-KMS', kmsKeyArn: keys.operations },
      jobBookmarksEncryption: { jobBookmarksEncryptionMode: 'CSE-KMS', kmsKeyArn: keys.operations },
    },
  });

/** What Glue does in a role that logs to encrypted groups: https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html */
export const glueLogging = (groupArns: readonly string[]): Statement =>
  allow(
    'WriteOwnLogs',
    ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:AssociateKmsKey'],
    groupArns.flatMap((arn) => [arn, `${arn}:*`]),
  );
