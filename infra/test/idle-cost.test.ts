import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { idleCost, idleCostTable } from '../src/costs/idle-cost.ts';
import { dev } from '../src/environments/dev.ts';
import { prod } from '../src/environments/prod.ts';
import { staging } from '../src/environments/staging.ts';
import type { StackJson } from '../src/stack-json.ts';
import { everythingOn } from './everything-on.ts';
import { stackOf } from './synthesized.ts';

const stackWith = (resource: StackJson['resource']): StackJson => ({ resource, data: {} });
const usdOf = (resource: StackJson['resource']): number => idleCost(stackWith(resource)).usd;

describe('a month in which nothing happens', () => {
  test.each([dev, staging, prod, everythingOn])('has a price for everything in $name', (environment) => {
    expect(idleCost(stackOf(environment)).usd).toBeGreaterThan(0);
  });

  test('costs what its lines cost together', () => {
    const { lines, usd } = idleCost(stackOf(prod));
    expect(lines.reduce((sum, line) => sum + line.usd, 0)).toBeCloseTo(usd, 10);
  });

  test('is cheap where nothing is opted in', () => {
    // Half of it is a stream of one shard.
    expect(idleCost(stackOf(dev)).usd).toBeLessThan(26);
  });

  test('is dominated by the endpoints of a private network', () => {
    const [first] = idleCost(stackOf(everythingOn)).lines;
    expect(first?.what).toContain('interface endpoints');
  });
});

test('an alarm on an expression costs as much as its metrics', () => {
  const metric = { metric: { metric_name: 'a' } };
  expect(usdOf({ aws_cloudwatch_metric_alarm: { one: { metric_name: 'a' } } })).toBeCloseTo(0.1);
  expect(
    usdOf({
      aws_cloudwatch_metric_alarm: { sum: { metric_query: [{ expression: 'a + b' }, metric, metric] } },
    }),
  ).toBeCloseTo(0.2);
});

test('an endpoint costs in every zone, and a gateway nothing', () => {
  const endpoint = (type: string, zones: number) => ({
    aws_vpc_endpoint: { it: { vpc_endpoint_type: type, subnet_ids: Array.from({ length: zones }, String) } },
  });
  expect(usdOf(endpoint('Interface', 3))).toBeCloseTo(3 * 0.012 * 730);
  expect(usdOf(endpoint('Gateway', 3))).toBe(0);
});

test('a crawler costs when it runs by itself, and then ten minutes of two processing units a day', () => {
  const crawler = (schedule?: string) => ({
    aws_glue_crawler: { it: schedule === undefined ? {} : { schedule } },
  });
  expect(usdOf(crawler())).toBe(0);
  expect(usdOf(crawler('cron(0 3 * * ? *)'))).toBeCloseTo((0.44 / 3) * (730 / 24));
  expect(() => usdOf(crawler('rate(7 minutes)'))).toThrow('How often is rate(7 minutes) in a month?');
});

test('infra/README.md says what each environment costs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const environment of [dev, prod])
    expect(readme).toContain(idleCostTable(idleCost(stackOf(environment))));
  expect(readme).toContain(
    `staging costs ${idleCost(stackOf(staging)).usd.toFixed(2)}: as dev, with a stream on demand.`,
  );
});

describe('a stream', () => {
  const onDemand = { stream_mode_details: { stream_mode: 'ON_DEMAND' } };
  const shards = (count: number, hours = 24) => ({
    stream_mode_details: { stream_mode: 'PROVISIONED' },
    shard_count: count,
    retention_period: hours,
  });
  const withConsumer = (stream: StackJson['resource'][string][string]) => ({
    aws_kinesis_stream: { it: stream },
    aws_kinesis_stream_consumer: { own: { stream_arn: `\${aws_kinesis_stream.it.arn}` } },
  });

  test('on demand costs by the hour, however many shards it has', () => {
    expect(usdOf({ aws_kinesis_stream: { it: onDemand } })).toBeCloseTo(0.048 * 730);
  });

  test('with shards costs by the shard, and more if they remember more than a day', () => {
    expect(usdOf({ aws_kinesis_stream: { it: shards(3) } })).toBeCloseTo(3 * 0.018 * 730);
    expect(usdOf({ aws_kinesis_stream: { it: shards(3, 25) } })).toBeCloseTo(3 * 0.042 * 730);
  });

  test('costs once more for each consumer with a fan-out of its own, but not on demand', () => {
    expect(usdOf(withConsumer(shards(3)))).toBeCloseTo(2 * 3 * 0.018 * 730);
    expect(usdOf(withConsumer(onDemand))).toBeCloseTo(0.048 * 730);
  });

  test('is asked by Lambda for nothing', () => {
    const mapping = { event_source_arn: `\${aws_kinesis_stream.it.arn}` };
    expect(usdOf({ aws_lambda_event_source_mapping: { it: mapping } })).toBe(0);
  });
});

test('a table costs nothing while nothing is put there, unless somebody provisions capacity', () => {
  const table = (billing: string) => ({ aws_dynamodb_table: { it: { billing_mode: billing } } });
  expect(usdOf(table('PAY_PER_REQUEST'))).toBe(0);
  expect(() => usdOf(table('PROVISIONED'))).toThrow('the capacity of aws_dynamodb_table.it');
});

test('what nobody has put a price to is no free thing', () => {
  expect(() => usdOf({ aws_nat_gateway: { it: {} } })).toThrow('What does aws_nat_gateway cost in a month?');
});

test('the table ends with the sum', () => {
  const table = idleCostTable(idleCost(stackWith({ aws_kms_key: { a: {}, b: {} } })));
  expect(table.split('\n').slice(2)).toEqual([
    expect.stringMatching(/^\| KMS keys.* \| 2 \| 2\.00 \|$/),
    '| **together** | | **2.00** |',
  ]);
});
