import { Cloudtrail } from '@cdktf/provider-aws/lib/cloudtrail/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import type { Deployment } from './deployment.ts';
import type { ResourceStatement } from './policy.ts';
import { PrivateBucket } from './private-bucket.ts';

type Settings = NonNullable<Environment['optIns']['auditTrail']>;

interface AuditTrailProps extends Settings {
  /** Every read and write of their objects is recorded. */
  readonly buckets: readonly PrivateBucket[];
  /** The key of the records; its policy has `auditTrailUse`. */
  readonly keyArn: string;
  /** Where accesses to the records are logged. */
  readonly accessLogs: string;
}

const service = 'cloudtrail.amazonaws.com';
const trailName = (deployment: Deployment): string => deployment.nameOf('objects');
// Made up, since the bucket and the key name the trail before there is one.
const trailArn = (deployment: Deployment): string =>
  deployment.arnOf('cloudtrail', `trail/${trailName(deployment)}`);

/**
 * CloudTrail's record of who read and wrote which object of the lake, in a bucket of its own. What is done to the account
 * itself is not in it: that belongs to a trail of the account, and a second copy of it costs.
 */
export class AuditTrail extends Construct {
  constructor(scope: Construct, id: string, deployment: Deployment, props: AuditTrailProps) {
    super(scope, id);
    const onlyTheTrail = { StringEquals: { 'aws:SourceArn': trailArn(deployment) } };
    const records = new PrivateBucket(this, 'audit', deployment, {
      keyArn: props.keyArn,
      accessLogs: props.accessLogs,
      noncurrentVersionDays: props.days,
      lifecycle: [{ id: 'old-records', status: 'Enabled', filter: [{}], expiration: [{ days: props.days }] }],
      // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
      statements: (bucketArn) => [
        {
          Sid: 'FindBucket',
          Effect: 'Allow',
          Principal: { Service: service },
          Action: ['s3:GetBucketAcl'],
          Resource: [bucketArn],
          Condition: onlyTheTrail,
        },
        {
          Sid: 'TakeRecords',
          Effect: 'Allow',
          Principal: { Service: service },
          Action: ['s3:PutObject'],
          Resource: [`${bucketArn}/AWSLogs/${deployment.accountId}/*`],
          Condition: {
            StringEquals: {
              ...onlyTheTrail.StringEquals,
              's3:x-amz-acl': 'bucket-owner-full-control',
            },
          },
        },
      ],
    });
    new Cloudtrail(this, 'trail', {
      name: trailName(deployment),
      s3BucketName: records.name,
      kmsKeyId: props.keyArn,
      enableLogFileValidation: true,
      includeGlobalServiceEvents: false,
      // The buckets are in this region, and so are the calls that reach them.
      isMultiRegionTrail: false,
      advancedEventSelector: [
        {
          name: 'Objects of the lake, read and written',
          fieldSelector: [
            { field: 'eventCategory', equalTo: ['Data'] },
            { field: 'resources.type', equalTo: ['AWS::S3::Object'] },
            { field: 'resources.ARN', startsWith: props.buckets.map(({ arn }) => `${arn}/`) },
          ],
        },
      ],
      // CloudTrail tries bucket and key when the trail is made.
      dependsOn: [records.policy],
    });
  }
}

/**
 * What the key of the records has to allow. The trail itself is named, not the encryption context: where S3 uses a bucket
 * key, that is the bucket's.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
 */
export const auditTrailUse = (deployment: Deployment): ResourceStatement => ({
  Sid: 'EncryptRecords',
  Effect: 'Allow',
  Principal: { Service: service },
  Action: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey*'],
  Resource: ['*'],
  Condition: { StringEquals: { 'aws:SourceArn': trailArn(deployment) } },
});
