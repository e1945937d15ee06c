import { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping/index.js';
import { S3BucketNotification } from '@cdktf/provider-aws/lib/s3-bucket-notification/index.js';
import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue/index.js';
import { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy/index.js';
import { SqsQueueRedriveAllowPolicy } from '@cdktf/provider-aws/lib/sqs-queue-redrive-allow-policy/index.js';
import type { CsvDelimiter } from '@sluice/workflows';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { type FunctionSurroundings, LakeFunction } from './lake-function.ts';
import { allow, policyOf } from './policy.ts';
import type { PrivateBucket } from './private-bucket.ts';
import { DEAD_LETTER_SECONDS, refusePlainHttp } from './queue-policy.ts';

const DAY = 24 * 60 * 60;
// A weekend, and the Monday on which it is noticed.
const queuedSeconds = 4 * DAY;

interface Machine {
  readonly name: string;
  readonly arn: string;
}

interface CsvMap extends Machine {
  readonly delimiter: CsvDelimiter;
}

interface IntakeProps extends FunctionSurroundings {
  readonly raw: PrivateBucket;
  /** What start-pipeline starts. */
  readonly etl: Machine;
  readonly csvMaps: readonly CsvMap[];
}

interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
}

/** The way in: every object that arrives below `incoming/` starts a run, or ends in the dead letters. */
export class Intake extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly startPipeline: LakeFunction;

  constructor(scope: Construct, id: string, deployment: Deployment, props: IntakeProps) {
    super(scope, id);
    const { raw, etl, csvMaps, keyArn, network } = props;
    const { accountId, environment } = deployment;
    const { intake, lambda, transform } = environment;
    const size = lambda.functions.startPipeline;

    const deadLetters = new SqsQueue(this, 'dead-letters', {
      name: deployment.nameOf('arrivals-dead-letters'),
      messageRetentionSeconds: DEAD_LETTER_SECONDS,
      kmsMasterKeyId: keyArn,
    });
    const queue = new SqsQueue(this, 'queue', {
      name: deployment.nameOf('arrivals'),
      messageRetentionSeconds: queuedSeconds,
      kmsMasterKeyId: keyArn,
      // As Lambda recommends, for tries that were throttled: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeoutSeconds: 6 * size.timeoutSeconds + intake.batchWindowSeconds,
      // The longest: an empty answer costs as much as a full one.
      receiveWaitTimeSeconds: 20,
      redrivePolicy: JSON.stringify({
        deadLetterTargetArn: deadLetters.arn,
        maxReceiveCount: intake.maxReceives,
      }),
    });
    new SqsQueueRedriveAllowPolicy(this, 'dead-letters-of', {
      queueUrl: deadLetters.url,
      redriveAllowPolicy: JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [queue.arn] }),
    });
    new SqsQueuePolicy(this, 'dead-letters-policy', {
      queueUrl: deadLetters.url,
      policy: policyOf([refusePlainHttp(deadLetters.arn)]),
    });
    const queuePolicy = new SqsQueuePolicy(this, 'queue-policy', {
      queueUrl: queue.url,
      policy: policyOf([
        refusePlainHttp(queue.arn),
        {
          Sid: 'TakeObjectEvents',
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: ['sqs:SendMessage'],
          Resource: [queue.arn],
          Condition: {
            ArnEquals: { 'aws:SourceArn': raw.arn },
            StringEquals: { 'aws:SourceAccount': accountId },
          },
        },
      ]),
    });
    new S3BucketNotification(this, 'notification', {
      bucket: raw.name,
      queue: [
        {
          id: 'object-created',
          queueArn: queue.arn,
          events: ['s3:ObjectCreated:*'],
          filterPrefix: 'incoming/',
        },
      ],
      // S3 sends a test message when it is set up.
      dependsOn: [queuePolicy],
    });

    this.startPipeline = new LakeFunction(this, 'start-pipeline', deployment, {
      network,
      keyArn,
      description: 'Starts a run for every object that arrives',
      size,
      variables: {
        ETL_ARN: etl.arn,
        ...csvMapArns(csvMaps),
        LAMBDA_MAX_BYTES: String(transform.lambdaMaxBytes),
      },
      may: [
        allow(
          'StartRuns',
          ['states:StartExecution'],
          [etl, ...csvMaps].map(({ arn }) => arn),
        ),
        // Of a message that comes again, whether another state machine has its run.
        allow(
          'FindRuns',
          ['states:DescribeExecution'],
          [etl, ...csvMaps].map(({ name }) => deployment.arnOf('states', `execution:${name}:*`)),
        ),
        // Lambda polls in the function's name.
        allow(
          'TakeArrivals',
          ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
          [queue.arn],
        ),
        allow('DecryptArrivals', ['kms:Decrypt'], [keyArn], {
          StringEquals: { 'kms:ViaService': `sqs.${environment.region}.amazonaws.com` },
        }),
      ],
    });
    new LambdaEventSourceMapping(this, 'arrivals', {
      eventSourceArn: queue.arn,
      functionName: this.startPipeline.arn,
      batchSize: intake.batchSize,
      maximumBatchingWindowInSeconds: intake.batchWindowSeconds,
      // One message that fails comes again alone.
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: intake.maxConcurrency },
    });
    this.queue = queueOf(queue);
    this.deadLetters = queueOf(deadLetters);
  }
}

/** `CSV_MAP_COMMA_ARN`, for each. */
const csvMapArns = (csvMaps: readonly CsvMap[]) => {
  const arns: { [Delimiter in CsvDelimiter as `CSV_MAP_${Delimiter}_ARN`]?: string } = {};
  for (const { delimiter, arn } of csvMaps) arns[`CSV_MAP_${delimiter}_ARN`] = arn;
  return arns;
};

const queueOf = ({ name, arn, url }: SqsQueue): Queue => ({ name, arn, url });
