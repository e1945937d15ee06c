import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic/index.js';
import { SnsTopicPolicy } from '@cdktf/provider-aws/lib/sns-topic-policy/index.js';
import { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { policyOf, type ResourceStatement } from './policy.ts';

interface TopicProps {
  readonly displayName: string;
  readonly keyArn: string;
  /** Services that publish in their own name. Roles of this account need IAM alone. */
  readonly publishers: readonly Omit<ResourceStatement, 'Effect' | 'Action' | 'Resource'>[];
  /** Which messages are mailed, by their attributes: an SNS filter policy. Null: all. */
  readonly mailed: Readonly<Record<string, readonly string[]>> | null;
}

/** An SNS topic `<prefix>-<id>`: encrypted, over TLS only, and mailed to the environment's addresses. */
class Topic extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, deployment: Deployment, props: TopicProps) {
    super(scope, id);
    const topic = new SnsTopic(this, 'topic', {
      name: deployment.nameOf(id),
      displayName: props.displayName,
      kmsMasterKeyId: props.keyArn,
    });
    this.arn = topic.arn;

    const publish = { Action: ['sns:Publish'], Resource: [topic.arn] };
    const refusePlainHttp: ResourceStatement = {
      Sid: 'RefusePlainHttp',
      Effect: 'Deny',
      Principal: '*',
      ...publish,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    };
    const publishers = props.publishers.map(
      (publisher): ResourceStatement => ({ Effect: 'Allow', ...publish, ...publisher }),
    );
    new SnsTopicPolicy(this, 'topic-policy', {
      arn: topic.arn,
      policy: policyOf([refusePlainHttp, ...publishers]),
    });
    for (const address of deployment.environment.alarms.emails) {
      new SnsTopicSubscription(this, `mail-${address.replaceAll(/[^a-zA-Z0-9]+/g, '-')}`, {
        topicArn: topic.arn,
        protocol: 'email',
        endpoint: address,
        ...(props.mailed === null ? {} : { filterPolicy: JSON.stringify(props.mailed) }),
      });
    }
  }
}

/**
 * Who hears what. `alarms`: something is wrong with the lake, for whoever operates it. `runs`: every run's end, for
 * whoever waits for the data; of these only refused objects are mailed, since published runs are no news and failed ones
 * raise an alarm. A dataset's owner subscribes with a filter of their own: `{"dataset": ["orders"]}`.
 */
export class Topics extends Construct {
  /** ARN. */
  readonly runs: string;
  /** ARN. */
  readonly alarms: string;

  constructor(scope: Construct, id: string, deployment: Deployment, keyArn: string) {
    super(scope, id);
    const { environment, accountId } = deployment;
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': accountId } };

    this.runs = new Topic(this, 'runs', deployment, {
      displayName: `Sluice ${environment.name}`,
      keyArn,
      publishers: [
        // As EventBridge documents it, without a condition:
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
        { Sid: 'TakeEndsOfRuns', Principal: { Service: 'events.amazonaws.com' } },
      ],
      mailed: { outcome: ['rejected'] },
    }).arn;

    this.alarms = new Topic(this, 'alarms', deployment, {
      displayName: `Sluice ${environment.name} alarms`,
      keyArn,
      publishers: [
        {
          Sid: 'TakeAlarms',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: ofThisAccount,
        },
        // As above, without a condition: findings of GuardDuty, late runs of the Glue job.
        { Sid: 'TakeEvents', Principal: { Service: 'events.amazonaws.com' } },
        // https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
        ...(environment.optIns.budget === null
          ? []
          : [
              {
                Sid: 'TakeBudgetAlerts',
                Principal: { Service: 'budgets.amazonaws.com' },
                Condition: ofThisAccount,
              },
            ]),
      ],
      mailed: null,
    }).arn;
  }
}
