import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { SfnStateMachine } from '@cdktf/provider-aws/lib/sfn-state-machine/index.js';
import { datasets } from '@sluice/datasets';
import { etlDefinition } from '@sluice/workflows';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { Functions } from './functions.ts';
import { allow } from './policy.ts';
import { ServiceRole } from './role.ts';
import { workflowPermissions } from './workflow-permissions.ts';

interface EtlWorkflowProps {
  readonly functions: Functions;
  /** A dataset's crawler is called `<prefix><dataset>`. */
  readonly crawlerPrefix: string;
  /** The topic that hears of every run's end. */
  readonly runsTopicArn: string;
  readonly curatedBucket: string;
  /** Encrypts definition, executions, logs and the topic. */
  readonly keyArn: string;
}

/** The state machine `<prefix>-etl`, its log and its role. */
export class EtlWorkflow extends Construct {
  readonly name: string;
  readonly arn: string;
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, deployment: Deployment, props: EtlWorkflowProps) {
    super(scope, id);
    const { environment, accountId, partition } = deployment;
    const { region, discovery, transform, retention } = environment;
    const { functions, keyArn } = props;
    this.name = deployment.nameOf('etl');

    const definition = etlDefinition({
      functions,
      crawlerPrefix: props.crawlerPrefix,
      // Not deployed, and not reached: validate-object refuses what is too large for a Lambda.
      job: { name: deployment.nameOf('transform-spark'), timeoutSeconds: 2 * 60 * 60 },
      topicArn: props.runsTopicArn,
      curatedBucket: props.curatedBucket,
      limits: {
        lambdaMaxBytes: transform.lambdaMaxBytes,
        crawlerCheckSeconds: discovery.checkSeconds,
        crawlerMaxChecks: discovery.maxChecks,
      },
    });

    // CloudWatch keeps one policy for all that deliver logs, and it holds 5120 characters. Names that begin like this
    // take none of them: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    const logs = new CloudwatchLogGroup(this, 'logs', {
      name: `/aws/vendedlogs/states/${this.name}`,
      retentionInDays: retention.logDays,
      kmsKeyId: keyArn,
    });
    this.logGroupName = logs.name;
    const role = new ServiceRole(this, 'etl', deployment, {
      description: 'Takes one raw object to the curated zone, or to quarantine',
      service: 'states.amazonaws.com',
      may: [
        ...workflowPermissions(definition, {
          datasets: [...datasets.keys()],
          topicKeyArn: keyArn,
          region,
          glueArn: (resource) => deployment.arnOf('glue', resource),
        }),
        // None of these has resources to name: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
        allow(
          'DeliverLogs',
          [
            'logs:CreateLogDelivery',
            'logs:DeleteLogDelivery',
            'logs:DescribeLogGroups',
            'logs:DescribeResourcePolicies',
            'logs:GetLogDelivery',
            'logs:ListLogDeliveries',
            'logs:PutResourcePolicy',
            'logs:UpdateLogDelivery',
          ],
          ['*'],
        ),
        // Nor do these: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html
        allow(
          'SendTraces',
          [
            'xray:GetSamplingRules',
            'xray:GetSamplingTargets',
            'xray:PutTelemetryRecords',
            'xray:PutTraceSegments',
          ],
          ['*'],
        ),
        // Step Functions encrypts in this role, also what StartExecution brings; its caller needs no key.
        // https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        allow('EncryptExecutions', ['kms:Decrypt', 'kms:GenerateDataKey'], [keyArn], {
          StringEquals: {
            'kms:EncryptionContext:aws:states:stateMachineArn': deployment.arnOf(
              'states',
              `stateMachine:${this.name}`,
            ),
          },
        }),
        // The `*` is part of the value that the service sends, and no pattern.
        allow('EncryptLogs', ['kms:GenerateDataKey'], [keyArn], {
          StringEquals: {
            'kms:EncryptionContext:SourceArn': `arn:${partition}:logs:${region}:${accountId}:*`,
          },
        }),
      ],
    });
    this.arn = new SfnStateMachine(this, 'machine', {
      name: this.name,
      type: 'STANDARD',
      definition: JSON.stringify(definition),
      roleArn: role.arn,
      // The data is keys, counts and scores, never a row: what a person asks the log for.
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: true,
        logDestination: `${logs.arn}:*`,
      },
      tracingConfiguration: { enabled: true },
      encryptionConfiguration: {
        type: 'CUSTOMER_MANAGED_KMS_KEY',
        kmsKeyId: keyArn,
        kmsDataKeyReusePeriodSeconds: 300,
      },
      // Step Functions tries the role when the machine is made.
      dependsOn: [role.policy],
    }).arn;
  }
}
