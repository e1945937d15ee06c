import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group/index.js';
import { FlowLog } from '@cdktf/provider-aws/lib/flow-log/index.js';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table/index.js';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association/index.js';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group/index.js';
import { Subnet } from '@cdktf/provider-aws/lib/subnet/index.js';
import { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint/index.js';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import { subnetOf } from '../environments/subnets.ts';
import type { Deployment } from './deployment.ts';
import { allow, policyOf, type ResourceStatement, type Statement } from './policy.ts';
import type { PrivateBucket } from './private-bucket.ts';
import { ServiceRole } from './role.ts';

type Settings = NonNullable<Environment['optIns']['privateNetwork']>;

interface PrivateNetworkProps extends Settings {
  /** The only buckets that can be reached from inside. */
  readonly buckets: readonly PrivateBucket[];
  /** Encrypts the flow logs. */
  readonly keyArn: string;
}

/**
 * A network without a way to the internet, for the functions: what they call they reach through endpoints, and each
 * endpoint lets through only what they have to do there, in this account's name. A function that calls another service,
 * or does more, needs it here too.
 */
export class PrivateNetwork extends Construct {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];

  constructor(scope: Construct, id: string, deployment: Deployment, props: PrivateNetworkProps) {
    super(scope, id);
    const { region } = deployment.environment;
    const named = (name: string) => ({ tags: { Name: deployment.nameOf(name) } });

    const vpc = new Vpc(this, 'vpc', {
      cidrBlock: props.cidr,
      // Both, or an endpoint's private name is not resolved.
      enableDnsSupport: true,
      enableDnsHostnames: true,
      ...named('network'),
    });
    // Every network has one, and whatever names no group is in it. Without rules nothing gets in or out.
    new DefaultSecurityGroup(this, 'default-group', { vpcId: vpc.id, ...named('unused') });

    const routes = new RouteTable(this, 'routes', { vpcId: vpc.id, ...named('private') });
    this.subnetIds = props.zones.map((zone, index) => {
      const subnet = new Subnet(this, `subnet-${zone}`, {
        vpcId: vpc.id,
        cidrBlock: subnetOf(props.cidr, props.zones.length, index),
        availabilityZone: `${region}${zone}`,
        mapPublicIpOnLaunch: false,
        ...named(`private-${zone}`),
      });
      new RouteTableAssociation(this, `routes-${zone}`, { subnetId: subnet.id, routeTableId: routes.id });
      return subnet.id;
    });

    const functions = new SecurityGroup(this, 'functions', {
      name: deployment.nameOf('functions'),
      description: 'The functions: they call endpoints and S3, and nobody calls them',
      vpcId: vpc.id,
      ...named('functions'),
    });
    const endpoints = new SecurityGroup(this, 'endpoints', {
      name: deployment.nameOf('endpoints'),
      description: 'The endpoints: they answer the functions',
      vpcId: vpc.id,
      ...named('endpoints'),
    });
    this.securityGroupIds = [functions.id];

    const https = { ipProtocol: 'tcp', fromPort: 443, toPort: 443 };
    new VpcSecurityGroupEgressRule(this, 'functions-to-endpoints', {
      securityGroupId: functions.id,
      referencedSecurityGroupId: endpoints.id,
      description: 'Calls of AWS services',
      ...https,
    });
    new VpcSecurityGroupIngressRule(this, 'endpoints-from-functions', {
      securityGroupId: endpoints.id,
      referencedSecurityGroupId: functions.id,
      description: 'Calls of the functions',
      ...https,
    });

    // In nobody else's name: else a leaked key of another account would carry data out through the endpoint.
    const inOwnName = { StringEquals: { 'aws:PrincipalAccount': deployment.accountId } };
    const policyFor = (may: Statement): string => {
      const statement: ResourceStatement = { ...may, Principal: '*', Condition: inOwnName };
      return policyOf([statement]);
    };
    const service = (name: string): string => `com.amazonaws.${region}.${name}`;
    // The gateway costs nothing, and S3 is where the data goes.
    const s3 = new VpcEndpoint(this, 's3', {
      vpcId: vpc.id,
      serviceName: service('s3'),
      vpcEndpointType: 'Gateway',
      routeTableIds: [routes.id],
      policy: policyFor(useBuckets(props.buckets)),
      ...named('s3'),
    });
    new VpcSecurityGroupEgressRule(this, 'functions-to-s3', {
      securityGroupId: functions.id,
      prefixListId: s3.prefixListId,
      description: 'Objects of the lake',
      ...https,
    });
    // Costs nothing either, so it is there before there is a table.
    const table = deployment.arnOf('dynamodb', `table/${deployment.nameOf('rows')}`);
    const dynamodb = new VpcEndpoint(this, 'dynamodb', {
      vpcId: vpc.id,
      serviceName: service('dynamodb'),
      vpcEndpointType: 'Gateway',
      routeTableIds: [routes.id],
      policy: policyFor(allow('PutRows', ['dynamodb:BatchWriteItem'], [table])),
      ...named('dynamodb'),
    });
    new VpcSecurityGroupEgressRule(this, 'functions-to-dynamodb', {
      securityGroupId: functions.id,
      prefixListId: dynamodb.prefixListId,
      description: 'Rows of the table',
      ...https,
    });
    for (const [name, may] of Object.entries(calledFromInside(deployment))) {
      new VpcEndpoint(this, name, {
        vpcId: vpc.id,
        serviceName: service(name),
        vpcEndpointType: 'Interface',
        subnetIds: [...this.subnetIds],
        securityGroupIds: [endpoints.id],
        privateDnsEnabled: true,
        policy: policyFor(may),
        ...named(name),
      });
    }

    const logs = new CloudwatchLogGroup(this, 'flow-logs', {
      name: `/aws/vpc/${deployment.nameOf('network')}`,
      retentionInDays: props.flowLogDays,
      kmsKeyId: props.keyArn,
    });
    const role = new ServiceRole(this, 'network-flow-logs', deployment, {
      description: 'Records who talks to whom in the private network',
      service: 'vpc-flow-logs.amazonaws.com',
      may: [
        allow(
          'WriteFlowLogs',
          ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
          [`${logs.arn}:*`],
        ),
      ],
    });
    new FlowLog(this, 'flows', {
      vpcId: vpc.id,
      trafficType: 'ALL',
      logDestinationType: 'cloud-watch-logs',
      logDestination: logs.arn,
      iamRoleArn: role.arn,
      dependsOn: [role.policy],
      ...named('network'),
    });
  }
}

const useBuckets = (buckets: readonly PrivateBucket[]): Statement =>
  allow(
    'UseObjectsOfTheLake',
    [
      's3:ListBucket',
      's3:GetObject',
      's3:GetObjectVersion',
      's3:GetObjectTagging',
      's3:GetObjectVersionTagging',
      's3:PutObject',
      's3:PutObjectTagging',
      's3:AbortMultipartUpload',
      's3:DeleteObject',
    ],
    buckets.flatMap(({ arn }) => [arn, `${arn}/*`]),
  );

/**
 * Logs, queues and streams that feed functions, variables and failure destinations are missing: those Lambda itself talks to, outside
 * this network. Of
 * traces its documentation does not say which way the daemon takes, and without one they are lost in silence.
 */
const calledFromInside = (
  deployment: Deployment,
): Readonly<Record<'kinesis-streams' | 'states' | 'sqs' | 'glue' | 'xray', Statement>> => ({
  'kinesis-streams': allow(
    'PutRecords',
    ['kinesis:PutRecords', 'kinesis:ListShards'],
    [deployment.arnOf('kinesis', `stream/${deployment.nameOf('records')}`)],
  ),
  states: allow(
    'StartExecutions',
    ['states:StartExecution', 'states:DescribeExecution'],
    ['stateMachine', 'execution'].map((kind) =>
      deployment.arnOf('states', `${kind}:${deployment.nameOf('*')}`),
    ),
  ),
  sqs: allow(
    'ReportFailedBatches',
    ['sqs:SendMessage'],
    [deployment.arnOf('sqs', deployment.nameOf('failed-batches'))],
  ),
  glue: allow(
    'AddPartitions',
    ['glue:GetTable', 'glue:BatchCreatePartition'],
    ['catalog', 'database/*', 'table/*'].map((part) => deployment.arnOf('glue', part)),
  ),
  // X-Ray has no resources to name.
  xray: allow('SendTraces', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
});

// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
const interfaceActions = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * What a function's role has to allow, so that Lambda can connect the function to a network. The function's own code may
 * not do it. Describing works on `*` only, and an interface that is yet to be made has no name.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
export const networkMembership = (functionArn: string): readonly Statement[] => [
  allow('JoinPrivateNetwork', interfaceActions, ['*']),
  {
    Sid: 'OnlyLambdaJoins',
    Effect: 'Deny',
    Action: interfaceActions,
    Resource: ['*'],
    Condition: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
  },
];
