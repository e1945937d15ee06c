import type { Difference } from './plan-differences.ts';

/** What a second plan shows as changed though nobody has changed it, because MiniStack answers otherwise than AWS. */
export interface Restless {
  /** Of the resource: `aws_glue_crawler`. */
  readonly type: string;
  readonly attribute: string;
  readonly reason: string;
}

const alarmsAreBlank = 'It answers in a protocol of CloudWatch that the provider reads only in part.';
const endpointsAreBlank = 'What an endpoint was given is taken and not answered.';

/** Any other difference fails, and so does an entry that the plan of a stack with such a resource does not show. */
export const restless: readonly Restless[] = [
  {
    type: 'aws_apigatewayv2_authorizer',
    attribute: 'authorizer_payload_format_version',
    reason: 'It answers with the version of an authorizer that is a Lambda.',
  },
  { type: 'aws_cloudwatch_composite_alarm', attribute: '*', reason: alarmsAreBlank },
  { type: 'aws_cloudtrail', attribute: 'tags_all', reason: 'Tags of trails are forgotten.' },
  ...[
    'actions_enabled',
    'alarm_actions',
    'alarm_description',
    'dimensions',
    'evaluate_low_sample_count_percentiles',
    'extended_statistic',
    'ok_actions',
    'period',
    'statistic',
    'treat_missing_data',
  ].map((attribute) => ({ type: 'aws_cloudwatch_metric_alarm', attribute, reason: alarmsAreBlank })),
  {
    type: 'aws_cloudwatch_dashboard',
    attribute: 'dashboard_body',
    reason: 'It names the composite alarm, which is to be made anew.',
  },
  { type: 'aws_flow_log', attribute: '*', reason: 'The role of a flow log is taken and not answered.' },
  {
    type: 'aws_glue_crawler',
    attribute: 'lineage_configuration',
    reason: 'The default that AWS answers with is not answered.',
  },
  { type: 'aws_glue_crawler', attribute: 'tags_all', reason: 'Tags of crawlers are forgotten.' },
  ...['execution_class', 'execution_property', 'notification_property'].map((attribute) => ({
    type: 'aws_glue_job',
    attribute,
    reason: 'It is taken and not answered.',
  })),
  { type: 'aws_glue_job', attribute: 'tags_all', reason: 'Tags of jobs are forgotten.' },
  {
    type: 'aws_kinesis_firehose_delivery_stream',
    attribute: 'extended_s3_configuration',
    reason: 'It answers with no time zone where AWS has UTC.',
  },
  { type: 'aws_kinesis_stream', attribute: 'tags_all', reason: 'Tags of streams are forgotten.' },
  {
    type: 'aws_sfn_state_machine',
    attribute: 'tracing_configuration',
    reason: 'It is taken and not answered.',
  },
  ...['policy', 'private_dns_enabled', 'security_group_ids'].map((attribute) => ({
    type: 'aws_vpc_endpoint',
    attribute,
    reason: endpointsAreBlank,
  })),
];

const isOf =
  ({ type, attribute }: Restless) =>
  (difference: Difference): boolean =>
    difference.type === type && difference.attribute === attribute;

/** The differences that the list does not have, a line each. */
export const unexpected = (differences: readonly Difference[]): string[] =>
  differences
    .filter((difference) => !restless.some((entry) => isOf(entry)(difference)))
    .map(({ address, attribute, change }) => `${address}: ${attribute}: ${change}`);

/** The entries about resources of these types that no difference bears out, a line each. */
export const staleIn = (types: readonly string[], differences: readonly Difference[]): string[] =>
  restless
    .filter((entry) => types.includes(entry.type) && !differences.some(isOf(entry)))
    .map(({ type, attribute }) => `${type}: ${attribute} does not differ any more`);
