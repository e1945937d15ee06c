import { CloudWatchClient, DescribeAlarmsCommand, ListDashboardsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetCrawlersCommand, GetDatabasesCommand, GlueClient } from '@aws-sdk/client-glue';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { MiniStack } from '@sluice/aws-emulator';
import { kinesisClient } from './kinesis-client.ts';

/** The names of everything in an account and region that a stack could have made there. */
export const leftovers = async ({ endpoint, credentials }: MiniStack, region: string): Promise<string[]> => {
  const client = { endpoint, credentials, region };
  const [s3, lambda, kinesis, sqs, sns, machines, glue, alarms, logs, iam] = [
    new S3Client({ ...client, forcePathStyle: true }),
    new LambdaClient(client),
    kinesisClient(client),
    new SQSClient(client),
    new SNSClient(client),
    new SFNClient(client),
    new GlueClient(client),
    new CloudWatchClient(client),
    new CloudWatchLogsClient(client),
    new IAMClient(client),
  ];
  const found = await Promise.all([
    s3.send(new ListBucketsCommand({})).then(({ Buckets }) => Buckets?.map(({ Name }) => Name)),
    lambda
      .send(new ListFunctionsCommand({}))
      .then(({ Functions }) => Functions?.map(({ FunctionName }) => FunctionName)),
    lambda
      .send(new ListEventSourceMappingsCommand({}))
      .then(({ EventSourceMappings }) => EventSourceMappings?.map(({ UUID }) => UUID)),
    kinesis.send(new ListStreamsCommand({})).then(({ StreamNames }) => StreamNames),
    sqs.send(new ListQueuesCommand({})).then(({ QueueUrls }) => QueueUrls),
    sns.send(new ListTopicsCommand({})).then(({ Topics }) => Topics?.map(({ TopicArn }) => TopicArn)),
    machines
      .send(new ListStateMachinesCommand({}))
      .then(({ stateMachines }) => stateMachines?.map(({ name }) => name)),
    glue.send(new GetDatabasesCommand({})).then(({ DatabaseList }) => DatabaseList?.map(({ Name }) => Name)),
    glue.send(new GetCrawlersCommand({})).then(({ Crawlers }) => Crawlers?.map(({ Name }) => Name)),
    alarms
      .send(new DescribeAlarmsCommand({ AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }))
      .then(({ MetricAlarms = [], CompositeAlarms = [] }) =>
        [...MetricAlarms, ...CompositeAlarms].map(({ AlarmName }) => AlarmName),
      ),
    alarms
      .send(new ListDashboardsCommand({}))
      .then(({ DashboardEntries }) => DashboardEntries?.map(({ DashboardName }) => DashboardName)),
    logs
      .send(new DescribeLogGroupsCommand({}))
      .then(({ logGroups }) => logGroups?.map(({ logGroupName }) => logGroupName)),
    iam.send(new ListRolesCommand({})).then(({ Roles }) => Roles?.map(({ RoleName }) => RoleName)),
  ]);
  for (const each of [s3, lambda, kinesis, sqs, sns, machines, glue, alarms, logs, iam]) each.destroy();
  return found.flatMap((names) => names ?? []).map(String);
};
