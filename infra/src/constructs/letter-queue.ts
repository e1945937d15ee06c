import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue/index.js';
import { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { allow, policyOf, type ResourceStatement, type Statement } from './policy.ts';
import { DEAD_LETTER_SECONDS, refusePlainHttp } from './queue-policy.ts';

interface LetterQueueProps {
  /** Without the environment's prefix. */
  readonly name: string;
  /** The Sid of the statement that lets a role write: `ReportFailedBatches`. */
  readonly purpose: string;
  readonly keyArn: string;
}

/**
 * A queue of letters about batches that failed for good: one for each, which says where its rows are and holds not a
 * cell of them. Nothing takes them but a person, who has seen to the rows.
 */
export class LetterQueue extends Construct {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /** What a function needs to write one. */
  readonly may: readonly Statement[];

  constructor(scope: Construct, id: string, deployment: Deployment, props: LetterQueueProps) {
    super(scope, id);
    const { keyArn } = props;
    const queue = new SqsQueue(this, 'queue', {
      name: deployment.nameOf(props.name),
      messageRetentionSeconds: DEAD_LETTER_SECONDS,
      kmsMasterKeyId: keyArn,
    });
    this.name = queue.name;
    this.url = queue.url;
    this.arn = queue.arn;
    this.may = [
      allow(props.purpose, ['sqs:SendMessage'], [queue.arn]),
      // A producer needs both: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
      allow('EncryptLetters', ['kms:GenerateDataKey', 'kms:Decrypt'], [keyArn], {
        StringEquals: { 'kms:ViaService': `sqs.${deployment.environment.region}.amazonaws.com` },
      }),
    ];
  }

  /** Refuses letters of everybody but this role, whatever IAM allows them: to be called once, when the role is there. */
  takeOnlyFrom(roleArn: string): void {
    const refuseOthers: ResourceStatement = {
      Sid: 'RefuseOtherSenders',
      Effect: 'Deny',
      Principal: '*',
      Action: ['sqs:SendMessage'],
      Resource: [this.arn],
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': roleArn } },
    };
    new SqsQueuePolicy(this, 'policy', {
      queueUrl: this.url,
      policy: policyOf([refusePlainHttp(this.arn), refuseOthers]),
    });
  }
}
