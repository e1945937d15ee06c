import { prices } from '@sluice/workflows/plan';
import { at, type Resource, referencesIn, resources, type StackJson } from '../stack-json.ts';

/** What one kind of thing costs in a month in which no object arrives. */
interface IdleLine {
  readonly what: string;
  readonly count: number;
  readonly usd: number;
}

interface IdleCost {
  readonly lines: readonly IdleLine[];
  /** The sum, in US dollars. */
  readonly usd: number;
}

/** As AWS itself reckons: https://aws.amazon.com/ec2/pricing/on-demand/ */
const hoursPerMonth = 730;
const daysPerMonth = hoursPerMonth / 24;

/** Begins the names of types that cost by use, or nothing: no rows, no costs. */
const costNothingIdle = [
  // By the request.
  'aws_apigatewayv2_',
  'aws_athena_',
  'aws_budgets_budget',
  // By the objects that are read and written.
  'aws_cloudtrail',
  'aws_cloudwatch_event_',
  'aws_cloudwatch_log_',
  'aws_default_security_group',
  // By the workers that are at work, of which it keeps none.
  'aws_emrserverless_application',
  // By the bytes that pass.
  'aws_flow_log',
  'aws_glue_catalog_',
  'aws_glue_classifier',
  // By the workers that are at work.
  'aws_glue_job',
  'aws_glue_security_configuration',
  // By the account's events and logs, which this stack does not know.
  'aws_guardduty_',
  'aws_iam_',
  // By the bytes that it delivers.
  'aws_kinesis_firehose_',
  'aws_kms_alias',
  'aws_lakeformation_',
  'aws_lambda_function',
  'aws_lambda_permission',
  'aws_route_table',
  // What lies there costs; what is idle has nothing lying there.
  'aws_s3_',
  'aws_security_group',
  'aws_sfn_',
  'aws_sns_',
  'aws_sqs_',
  'aws_subnet',
  'aws_vpc',
];

/** Null for what costs nothing while idle. */
const usdOf = (
  resource: Resource,
  stack: StackJson,
): { readonly what: string; readonly count: number; readonly each: number } | null => {
  const { type, body } = resource;
  switch (type) {
    case 'aws_kms_key':
      return {
        what: 'KMS keys; one dollar more for each of the first two yearly rotations',
        count: 1,
        each: prices.perKeyMonth,
      };
    case 'aws_cloudwatch_metric_alarm':
      return { what: 'metrics under alarm', count: metricsOf(resource), each: prices.perAlarmMetricMonth };
    case 'aws_cloudwatch_composite_alarm':
      return { what: 'composite alarms', count: 1, each: prices.perCompositeAlarmMonth };
    case 'aws_cloudwatch_dashboard':
      return { what: 'dashboards; an account has three for free', count: 1, each: prices.perDashboardMonth };
    case 'aws_dynamodb_table':
      if (body.billing_mode === 'PAY_PER_REQUEST') return null;
      throw new Error(
        `What does the capacity of ${resource.address} cost in a month? Say it in idle-cost.ts.`,
      );
    case 'aws_vpc_endpoint':
      return body.vpc_endpoint_type === 'Interface'
        ? {
            what: 'interface endpoints, in each zone',
            count: subnetsOf(resource),
            each: prices.perEndpointHour * hoursPerMonth,
          }
        : null;
    case 'aws_glue_crawler':
      return typeof body.schedule === 'string'
        ? {
            what: 'crawlers on a schedule, at their least',
            count: 1,
            each: runsPerMonth(body.schedule) * leastPerCrawl,
          }
        : null;
    case 'aws_kinesis_stream':
      return isOnDemand(resource)
        ? { what: 'streams on demand', count: 1, each: prices.perStreamHour * hoursPerMonth }
        : { what: 'shards', count: shardsOf(resource), each: shardHour(resource) * hoursPerMonth };
    case 'aws_kinesis_stream_consumer': {
      const [address] = referencesIn(body.stream_arn);
      const stream = resources(stack, 'aws_kinesis_stream').find((each) => each.address === address);
      if (!stream) throw new Error(`${resource.address} reads no stream of the stack.`);
      return isOnDemand(stream)
        ? null
        : {
            what: 'shards with a fan-out for one consumer',
            count: shardsOf(stream),
            each: prices.perConsumerShardHour * hoursPerMonth,
          };
    }
    case 'aws_lambda_event_source_mapping':
      // Who asks a stream pays for what it answers.
      if (referencesIn(body.event_source_arn).some((each) => each.startsWith('aws_kinesis_'))) return null;
      return {
        what: 'queues that Lambda asks; an account has a million requests for free',
        count: 1,
        each: pollsPerMonth * prices.perSqsRequest,
      };
    default:
      if (costNothingIdle.some((prefix) => type.startsWith(prefix))) return null;
      throw new Error(`What does ${type} cost in a month? Say it in idle-cost.ts.`);
  }
};

const isOnDemand = ({ body }: Resource): boolean =>
  at(body, 'stream_mode_details', 'stream_mode') === 'ON_DEMAND';

const shardsOf = ({ address, body }: Resource): number => {
  if (typeof body.shard_count !== 'number') throw new Error(`${address} says not how many shards it has.`);
  return body.shard_count;
};

const shardHour = ({ body }: Resource): number =>
  prices.perShardHour + (Number(body.retention_period ?? 24) > 24 ? prices.perShardHourBeyondDay : 0);

const metricsOf = ({ body }: Resource): number => {
  const queries = Array.isArray(body.metric_query) ? body.metric_query : [];
  return queries.filter((query) => at(query, 'metric') !== undefined).length || 1;
};

const subnetsOf = ({ address, body }: Resource): number => {
  if (!Array.isArray(body.subnet_ids)) throw new Error(`${address} lists no subnets.`);
  return body.subnet_ids.length;
};

/** Two DPUs for ten minutes: https://aws.amazon.com/glue/pricing/ */
const leastPerCrawl = 2 * (10 / 60) * prices.perCrawlerDpuHour;

const runsPerMonth = (schedule: string): number => {
  if (/^cron\(\d+ \d+ \* \* \? \*\)$/.test(schedule)) return daysPerMonth;
  throw new Error(`How often is ${schedule} in a month? idle-cost.ts can tell only what runs once a day.`);
};

/**
 * Lambda holds five requests open, and an empty queue answers each after 20 seconds.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const pollsPerMonth = (5 * hoursPerMonth * 3600) / 20;

/**
 * What a stack costs in a month in which nothing happens, at list prices without free tiers and taxes. Left out is what
 * costs by use: rows, logs, events and stored bytes, and the GuardDuty and CloudTrail of an account that lives.
 *
 * @throws Error if the stack has a type of resource that nobody has put a price to
 */
export const idleCost = (stack: StackJson): IdleCost => {
  const lines = new Map<string, IdleLine>();
  for (const resource of resources(stack)) {
    const found = usdOf(resource, stack);
    if (found === null) continue;
    const { what, count, each } = found;
    const before = lines.get(what) ?? { what, count: 0, usd: 0 };
    lines.set(what, { what, count: before.count + count, usd: before.usd + count * each });
  }
  const sorted = [...lines.values()].sort((a, b) => b.usd - a.usd);
  return { lines: sorted, usd: sorted.reduce((sum, { usd }) => sum + usd, 0) };
};

/** The rows of a Markdown table, the last with the sum. */
export const idleCostTable = ({ lines, usd }: IdleCost): string =>
  [
    '| what | count | USD a month |',
    '| --- | ---: | ---: |',
    ...lines.map((line) => `| ${line.what} | ${line.count} | ${line.usd.toFixed(2)} |`),
    `| **together** | | **${usd.toFixed(2)}** |`,
  ].join('\n');
