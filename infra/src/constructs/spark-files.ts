import { S3Object } from '@cdktf/provider-aws/lib/s3-object/index.js';
import { Construct } from 'constructs';
import { type SparkCode, sparkFolder, sparkNames } from '../spark-program.ts';
import type { Deployment } from './deployment.ts';
import type { Folder, LakeFolders } from './folder-access.ts';
import { allow, type Statement } from './policy.ts';
import { sparkLogsPrefix } from './spark-logs.ts';
import type { Zones } from './zones.ts';

interface SparkFilesProps {
  readonly code: SparkCode;
  readonly zones: Zones;
  readonly folders: LakeFolders;
  /** Encrypts the zones. */
  readonly dataKeyArn: string;
}

const programPrefix = 'transform-spark/';

/** Java matches repeated groups of a dataset's pattern by calling itself: long texts want a deep stack, as on one machine. */
export const executorSetting = 'spark.executor.extraJavaOptions=-Xss64m';

/**
 * The Spark program in the bucket of scripts, below `transform-spark/<id>/`. Another program has another id and so other
 * keys: what a job reads is what it was deployed with, and a deployment puts the new one there before it takes the old one away.
 */
export class SparkFiles extends Construct {
  /** `s3://…` */
  readonly script: string;
  readonly package: string;
  /** With a `/` at the end. */
  readonly plans: string;
  /** Where Spark's event logs go. */
  readonly eventLogs: string;
  /** What is told to the program, whatever runs it. */
  readonly arguments: Readonly<Record<'--plans' | '--curated-bucket', string>>;
  /** What the program does, and what runs it, in the buckets of the lake. */
  readonly may: readonly Statement[];
  /** What has to be there before a job can run. */
  readonly objects: readonly S3Object[];
  readonly needsDelta: boolean;

  constructor(scope: Construct, id: string, deployment: Deployment, props: SparkFilesProps) {
    super(scope, id);
    const { code, folders } = props;
    const { raw, curated, scripts } = props.zones;
    const prefix = `${programPrefix}${code.id}/`;
    this.objects = code.files.map(({ path }) => {
      return new S3Object(this, path.replaceAll(/[^A-Za-z0-9]+/g, '-'), {
        bucket: scripts.name,
        key: `${prefix}${path}`,
        // Beside the stacks, wherever they are synthesized.
        source: `\${path.module}/../../${sparkFolder}/${path}`,
        lifecycle: { createBeforeDestroy: true },
        dependsOn: [...scripts.keeping],
      });
    });
    const uri = (key: string): string => `s3://${scripts.name}/${key}`;
    this.script = uri(`${prefix}${sparkNames.script}`);
    this.package = uri(`${prefix}${sparkNames.package}`);
    this.plans = uri(`${prefix}${sparkNames.plans}`);
    this.eventLogs = uri(sparkLogsPrefix);
    this.arguments = { '--plans': this.plans, '--curated-bucket': curated.name };
    this.needsDelta = code.needsDelta;

    const { region } = deployment.environment;
    const worksOn: readonly Folder[] = code.needsDelta ? ['staging', 'tables'] : ['staging'];
    const throughS3 = { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } };
    this.may = [
      ...folders.access({
        read: ['incoming', ...worksOn],
        write: worksOn,
        delete: worksOn,
      }),
      // What reads S3 for Spark looks where a bucket is, and takes back uploads that nobody finished.
      allow(
        'FindBuckets',
        ['s3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
        [raw.arn, curated.arn, scripts.arn],
      ),
      allow('ReadProgram', ['s3:GetObject'], [`${scripts.arn}/${programPrefix}*`]),
      allow('FindFiles', ['s3:ListBucket'], [scripts.arn], {
        StringLike: { 's3:prefix': [`${programPrefix}*`, `${sparkLogsPrefix}*`] },
      }),
      allow(
        'WriteEventLogs',
        ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        [`${scripts.arn}/${sparkLogsPrefix}*`],
      ),
      allow('UseKeyOfScripts', ['kms:Decrypt', 'kms:GenerateDataKey'], [props.dataKeyArn], {
        ...throughS3,
        StringLike: { 'kms:EncryptionContext:aws:s3:arn': [scripts.arn, `${scripts.arn}/*`] },
      }),
    ];
  }
}
