/** Actions that AWS allows on `*` or not at all. No other statement names `*`, and a test says so. */
export interface ActionsWithoutResources {
  readonly actions: readonly string[];
  /** In one sentence, for whoever reads `docs/permissions.md`. */
  readonly why: string;
  /** Where AWS says so. */
  readonly source: string;
}

export const actionsWithoutResources: readonly ActionsWithoutResources[] = [
  {
    actions: [
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
    ],
    why: 'X-Ray has no resources that the sending of traces could be limited to.',
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html',
  },
  {
    actions: [
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ],
    why: 'Step Functions has its logs delivered, and CloudWatch Logs knows no resource of the actions that arrange it.',
    source: 'https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy',
  },
  {
    actions: ['glue:GetSecurityConfiguration', 'glue:GetClassifier'],
    why: 'Crawlers and jobs look up their own settings, and Glue gives security configurations and classifiers no ARN.',
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html',
  },
  {
    actions: ['cloudwatch:PutMetricData'],
    why: "A job measures itself; CloudWatch knows no resource of metrics, but Glue's namespace is all that is let through.",
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html',
  },
  {
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    why: "Lambda connects a function to its network by interfaces that have no name until they are made; the function's own code is refused all of this.",
    source:
      'https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions',
  },
];
