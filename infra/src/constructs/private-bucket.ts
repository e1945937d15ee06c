import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket/index.js';
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js';
import { S3BucketLoggingA } from '@cdktf/provider-aws/lib/s3-bucket-logging/index.js';
import { S3BucketOwnershipControls } from '@cdktf/provider-aws/lib/s3-bucket-ownership-controls/index.js';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy/index.js';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block/index.js';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration/index.js';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning/index.js';
import { deployedBucket } from '@sluice/workflows/deployed';
import type { TerraformResource } from 'cdktf';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { policyOf, type ResourceStatement } from './policy.ts';

interface PrivateBucketProps {
  /** Null: S3's own key, which is all that server access logs can be delivered with. */
  readonly keyArn: string | null;
  /** Where accesses are logged; null for the bucket that holds the logs. */
  readonly accessLogs: string | null;
  readonly lifecycle: readonly S3BucketLifecycleConfigurationRule[];
  readonly noncurrentVersionDays: number;
  /** Besides what every bucket refuses. */
  readonly statements?: (bucketArn: string) => readonly ResourceStatement[];
}

/** A bucket `<prefix>-<id>-<account id>`: private, versioned, encrypted, over TLS only, owned by this account. */
export class PrivateBucket extends Construct {
  readonly name: string;
  readonly arn: string;
  /** What has to exist before a service can be told to write here. */
  readonly policy: S3BucketPolicy;
  /** What has to exist before the first object: how objects are encrypted, and that their versions are kept. */
  readonly keeping: readonly TerraformResource[];

  constructor(scope: Construct, id: string, deployment: Deployment, props: PrivateBucketProps) {
    super(scope, id);
    const { environment, accountId } = deployment;
    const bucket = new S3Bucket(this, 'bucket', {
      bucket: deployedBucket(environment.namePrefix, id, accountId),
      forceDestroy: !environment.protected,
    });
    if (environment.protected) bucket.addOverride('lifecycle.prevent_destroy', true);
    this.name = bucket.bucket;
    this.arn = bucket.arn;

    new S3BucketPublicAccessBlock(this, 'public-access', {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, 'ownership', {
      bucket: bucket.id,
      rule: { objectOwnership: 'BucketOwnerEnforced' },
    });
    const versioning = new S3BucketVersioningA(this, 'versioning', {
      bucket: bucket.id,
      versioningConfiguration: { status: 'Enabled' },
    });
    const encryption = new S3BucketServerSideEncryptionConfigurationA(this, 'encryption', {
      bucket: bucket.id,
      rule: [
        props.keyArn === null
          ? { applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }
          : {
              applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: props.keyArn },
              // One call to KMS for many objects.
              bucketKeyEnabled: true,
            },
      ],
    });
    this.keeping = [versioning, encryption];
    new S3BucketLifecycleConfiguration(this, 'lifecycle', {
      bucket: bucket.id,
      rule: [
        {
          id: 'unfinished-uploads',
          status: 'Enabled',
          filter: [{}],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 3 }],
        },
        {
          id: 'noncurrent-versions',
          status: 'Enabled',
          filter: [{}],
          noncurrentVersionExpiration: [{ noncurrentDays: props.noncurrentVersionDays }],
          // What is left of a deleted object when its last version has gone.
          expiration: [{ expiredObjectDeleteMarker: true }],
        },
        ...props.lifecycle,
      ],
      // Rules about versions need versions.
      dependsOn: [versioning],
    });
    if (props.accessLogs !== null) {
      new S3BucketLoggingA(this, 'access-logging', {
        bucket: bucket.id,
        targetBucket: props.accessLogs,
        targetPrefix: `${id}/`,
      });
    }
    const everything = [bucket.arn, `${bucket.arn}/*`];
    const refusals: ResourceStatement[] = [
      {
        Sid: 'RefusePlainHttp',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:*'],
        Resource: everything,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ];
    if (props.keyArn !== null) {
      // One that names no encryption gets the bucket's. Of an absent key `StringNotEquals` is true, `IfExists` or not:
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
      // With encryption and no key it would be a key of AWS's, which is another.
      const namesEncryption = { Null: { 's3:x-amz-server-side-encryption': 'false' } };
      refusals.push({
        Sid: 'RefuseOtherKeys',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:PutObject'],
        Resource: [`${bucket.arn}/*`],
        Condition: {
          StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': props.keyArn },
          ...namesEncryption,
        },
      });
      refusals.push({
        Sid: 'RefuseOtherEncryption',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:PutObject'],
        Resource: [`${bucket.arn}/*`],
        Condition: {
          StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' },
          ...namesEncryption,
        },
      });
    }
    this.policy = new S3BucketPolicy(this, 'bucket-policy', {
      bucket: bucket.id,
      policy: policyOf([...refusals, ...(props.statements?.(bucket.arn) ?? [])]),
    });
  }
}
