import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { CloudwatchLogStream } from '@cdktf/provider-aws/lib/cloudwatch-log-stream/index.js';
import { KinesisFirehoseDeliveryStream } from '@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import type { Deployment } from './deployment.ts';
import type { LakeFolders } from './folder-access.ts';
import { allow } from './policy.ts';
import type { PrivateBucket } from './private-bucket.ts';
import type { RecordStream } from './record-stream.ts';
import { ServiceRole } from './role.ts';

type Settings = NonNullable<Environment['optIns']['streamArchive']>;

interface StreamArchiveProps extends Settings {
  readonly stream: RecordStream;
  readonly raw: PrivateBucket;
  readonly folders: LakeFolders;
  /** Encrypts the archive. */
  readonly dataKeyArn: string;
  /** Encrypts the log. */
  readonly keyArn: string;
}

/**
 * Firehose, which puts every record of the stream into the raw zone as it came: packed, a line each, below
 * `archive/records/<stream>/<year>/<month>/<day>/<hour>/` by the time of arrival in UTC. No event tells of them and nothing
 * reads them, so it is a second copy beside the way to the lake, and may hold a record twice where that has it once.
 *
 * It has no processor that takes aggregated records apart: of a Kinesis stream Firehose does that by itself
 * (https://docs.aws.amazon.com/streams/latest/dev/kpl-with-firehose.html), and `RecordDeAggregation` is for several JSON
 * texts in one record.
 */
export class StreamArchive extends Construct {
  readonly name: string;
  /** Records wait so long at most, while nothing is wrong. */
  readonly bufferSeconds: number;

  constructor(scope: Construct, id: string, deployment: Deployment, props: StreamArchiveProps) {
    super(scope, id);
    const { stream, raw, folders, bufferMb, bufferSeconds } = props;
    const name = deployment.nameOf('archive');
    const logs = new CloudwatchLogGroup(this, 'logs', {
      name: `/aws/kinesisfirehose/${name}`,
      retentionInDays: deployment.environment.retention.logDays,
      kmsKeyId: props.keyArn,
    });
    // Firehose makes none, and says nothing without one.
    const errors = new CloudwatchLogStream(this, 'errors', {
      name: 'DestinationDelivery',
      logGroupName: logs.name,
    });
    const role = new ServiceRole(this, 'archive', deployment, {
      description: 'Keeps records of the stream as they came',
      service: 'firehose.amazonaws.com',
      // https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
      may: [
        ...stream.mayRead,
        ...folders.access({ write: ['archive'] }),
        allow('ReadOwnObjects', ['s3:GetObject'], [folders.objectsIn('archive')]),
        allow(
          'FindBucket',
          ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
          [raw.arn],
        ),
        allow('WriteOwnLogs', ['logs:PutLogEvents'], [`${logs.arn}:*`]),
      ],
    });
    new KinesisFirehoseDeliveryStream(this, 'delivery', {
      name,
      destination: 'extended_s3',
      kinesisSourceConfiguration: { kinesisStreamArn: stream.arn, roleArn: role.arn },
      extendedS3Configuration: {
        roleArn: role.arn,
        bucketArn: raw.arn,
        kmsKeyArn: props.dataKeyArn,
        prefix: `archive/records/${stream.name}/!{timestamp:yyyy/MM/dd/HH}/`,
        errorOutputPrefix: `archive/errors/${stream.name}/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/`,
        compressionFormat: 'GZIP',
        bufferingSize: bufferMb,
        bufferingInterval: bufferSeconds,
        // Behind each record a line ends, whatever is in it.
        processingConfiguration: { enabled: true, processors: [{ type: 'AppendDelimiterToRecord' }] },
        cloudwatchLoggingOptions: { enabled: true, logGroupName: logs.name, logStreamName: errors.name },
      },
      // Firehose tries the role when the stream is made.
      dependsOn: [role.policy],
    });
    this.name = name;
    this.bufferSeconds = bufferSeconds;
  }
}
