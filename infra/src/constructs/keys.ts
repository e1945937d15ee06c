import { Construct } from 'constructs';
import { auditTrailUse } from './audit-trail.ts';
import type { Deployment } from './deployment.ts';
import { Key, serviceUse } from './key.ts';

/** Two keys: one for the data itself, one for what tells about it. Whoever runs the lake need not be able to read it. */
export class Keys extends Construct {
  /** ARN of the key of the zones, the catalogue and query results. */
  readonly data: string;
  /** ARN of the key of logs, queues, topics, functions' variables and executions. */
  readonly operations: string;

  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id);
    const { environment, accountId, partition } = deployment;
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': accountId } };

    this.data = new Key(this, 'data', deployment, {
      description: `The data of ${environment.namePrefix}`,
      services: [],
    }).arn;
    this.operations = new Key(this, 'operations', deployment, {
      description: `Logs, queues, topics and executions of ${environment.namePrefix}`,
      services: [
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        {
          ...serviceUse('EncryptLogs', `logs.${environment.region}.amazonaws.com`, {
            ArnLike: {
              'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${environment.region}:${accountId}:*`,
            },
          }),
          Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        },
        // What Step Functions logs is encrypted on the way to the log, too:
        // https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        {
          Sid: 'DeliverLogs',
          Effect: 'Allow',
          Principal: { Service: 'delivery.logs.amazonaws.com' },
          Action: ['kms:Decrypt'],
          Resource: ['*'],
          // The `*` is part of the value that the service sends, and no pattern.
          Condition: {
            StringEquals: {
              'kms:EncryptionContext:SourceArn': `arn:${partition}:logs:${environment.region}:${accountId}:*`,
            },
          },
        },
        serviceUse('QueueObjectEvents', 's3.amazonaws.com', ofThisAccount),
        serviceUse('SendAlarms', 'cloudwatch.amazonaws.com', ofThisAccount),
        // EventBridge does not say for whom it publishes; what it may encrypt for does:
        // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        serviceUse('SendEvents', 'events.amazonaws.com', {
          ArnLike: {
            'kms:EncryptionContext:aws:sns:topicArn': deployment.arnOf('sns', deployment.nameOf('*')),
          },
        }),
        ...(environment.optIns.budget === null
          ? []
          : [serviceUse('SendBudgetAlerts', 'budgets.amazonaws.com', ofThisAccount)]),
        ...(environment.optIns.auditTrail === null ? [] : [auditTrailUse(deployment)]),
      ],
    }).arn;
  }
}
