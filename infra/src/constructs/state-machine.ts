import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { SfnStateMachine } from '@cdktf/provider-aws/lib/sfn-state-machine/index.js';
import { datasets } from '@sluice/datasets';
import type { StateMachine as Definition } from '@sluice/workflows';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { LakeFolders } from './folder-access.ts';
import { allow } from './policy.ts';
import { ServiceRole } from './role.ts';
import { mapLabelsIn, workflowPermissions } from './workflow-permissions.ts';

/** What every state machine is deployed with. */
export interface StateMachineSurroundings {
  readonly folders: LakeFolders;
  readonly curatedBucket: string;
  /** Encrypts definition, executions, logs and the topic. */
  readonly keyArn: string;
}

interface StateMachineProps extends StateMachineSurroundings {
  /** Its name without the prefix: `etl`. */
  readonly name: string;
  /** What its role is for, in one line. */
  readonly description: string;
  readonly definition: Definition;
}

/** The state machine `<prefix>-<name>`, its log and its role. */
export class StateMachine extends Construct {
  readonly name: string;
  readonly arn: string;
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, deployment: Deployment, props: StateMachineProps) {
    super(scope, id);
    const { environment, accountId, partition } = deployment;
    const { region, retention } = environment;
    const { definition, keyArn } = props;
    this.name = deployment.nameOf(props.name);
    const machineArn = deployment.arnOf('states', `stateMachine:${this.name}`);
    const labels = mapLabelsIn(definition);

    // CloudWatch keeps one policy for all that deliver logs, and it holds 5120 characters. Names that begin like this
    // take none of them: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    const logs = new CloudwatchLogGroup(this, 'logs', {
      name: `/aws/vendedlogs/states/${this.name}`,
      retentionInDays: retention.logDays,
      kmsKeyId: keyArn,
    });
    this.logGroupName = logs.name;
    const role = new ServiceRole(this, props.name, deployment, {
      description: props.description,
      service: 'states.amazonaws.com',
      may: [
        ...workflowPermissions(definition, {
          name: this.name,
          datasets: [...datasets.keys()],
          topicKeyArn: keyArn,
          region,
          glueArn: (resource) => deployment.arnOf('glue', resource),
          emrServerlessArn: (id) => deployment.arnOf('emr-serverless', `/applications/${id}`),
          ruleArn: (name) => deployment.arnOf('events', `rule/${name}`),
          statesArn: (resource) => deployment.arnOf('states', resource),
          folders: props.folders,
          curatedBucket: props.curatedBucket,
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
            'kms:EncryptionContext:aws:states:stateMachineArn': [
              machineArn,
              // What the children of a Distributed Map are executions of.
              ...labels.map((label) => `${machineArn}/${label}`),
            ],
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
      loggingConfiguration: {
        level: 'ALL',
        // Keys, counts and scores are what a person asks the log for. The children of a Distributed Map log here as well,
        // and they are given rows.
        includeExecutionData: labels.length === 0,
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
