import { KinesisStream } from '@cdktf/provider-aws/lib/kinesis-stream/index.js';
import { KinesisStreamConsumer } from '@cdktf/provider-aws/lib/kinesis-stream-consumer/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { allow, type Statement } from './policy.ts';

/** The stream `<prefix>-records`: what producers and the API send, until ingest-stream has made objects of it. */
export class RecordStream extends Construct {
  readonly name: string;
  readonly arn: string;
  /** What an event source mapping reads: the stream, or a consumer that shares no shard's rate with others. */
  readonly source: string;
  /** What a function needs to put records into it. */
  readonly mayPut: readonly Statement[];
  /** What a role needs in whose name it is read. */
  readonly mayRead: readonly Statement[];
  /** And to read `source`, if that is a consumer. */
  readonly maySubscribe: readonly Statement[];

  /** `keyArn`: encrypts the records. */
  constructor(scope: Construct, id: string, deployment: Deployment, { keyArn }: { readonly keyArn: string }) {
    super(scope, id);
    const { environment } = deployment;
    const { capacity, retentionHours } = environment.stream;
    const name = deployment.nameOf('records');
    const stream = new KinesisStream(this, 'stream', {
      name,
      streamModeDetails: { streamMode: capacity.mode === 'on_demand' ? 'ON_DEMAND' : 'PROVISIONED' },
      ...(capacity.mode === 'provisioned' ? { shardCount: capacity.shards } : {}),
      retentionPeriod: retentionHours,
      encryptionType: 'KMS',
      kmsKeyId: keyArn,
    });
    if (environment.protected) stream.addOverride('lifecycle.prevent_destroy', true);
    const consumer =
      environment.optIns.enhancedFanOut !== null
        ? new KinesisStreamConsumer(this, 'consumer', {
            name: deployment.nameOf('ingest-stream'),
            streamArn: stream.arn,
          })
        : null;
    this.name = stream.name;
    this.arn = stream.arn;
    this.source = consumer?.arn ?? stream.arn;

    // Kinesis opens the key in the name of whoever calls:
    // https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
    const useKey = (Sid: string, action: string): Statement =>
      allow(Sid, [action], [keyArn], {
        StringEquals: {
          'kms:ViaService': `kinesis.${environment.region}.amazonaws.com`,
          'kms:EncryptionContext:aws:kinesis:arn': deployment.arnOf('kinesis', `stream/${name}`),
        },
      });
    this.mayPut = [
      // The shards it looks up to keep within the rate of each.
      allow('PutRecords', ['kinesis:PutRecords', 'kinesis:ListShards'], [stream.arn]),
      useKey('EncryptRecords', 'kms:GenerateDataKey'),
    ];
    // https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    this.mayRead = [
      allow(
        'ReadRecords',
        [
          'kinesis:DescribeStream',
          'kinesis:DescribeStreamSummary',
          'kinesis:GetRecords',
          'kinesis:GetShardIterator',
          'kinesis:ListShards',
        ],
        [stream.arn],
      ),
      useKey('DecryptRecords', 'kms:Decrypt'),
    ];
    this.maySubscribe =
      consumer === null
        ? []
        : [
            allow(
              'SubscribeToRecords',
              ['kinesis:SubscribeToShard', 'kinesis:DescribeStreamConsumer'],
              [consumer.arn],
            ),
          ];
  }
}
