import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { metricNamespace } from '@sluice/lambda-kit/metric-names';
import { z } from 'zod';
import { prod } from '../src/environments/prod.ts';
import { formulaOf, metricAlarms } from './found-alarms.ts';
import { at, resources, stackOf } from './synthesized.ts';

// An alarm on a metric that nobody measures is silent for ever.

interface Watched {
  readonly name: string;
  readonly service: string | undefined;
  readonly dataset: string | undefined;
}

const dimensions = z.object({ service: z.string().optional(), dataset: z.string().optional() });

const alarmed = metricAlarms(prod)
  .flatMap((alarm) => [alarm.body, ...formulaOf(alarm).metrics])
  .filter((metric) => at(metric, 'namespace') === metricNamespace)
  .map((metric): Watched => {
    const { service, dataset } = dimensions.parse(at(metric, 'dimensions') ?? {});
    return { name: String(at(metric, 'metric_name')), service, dataset };
  });

const body = z.object({
  widgets: z.array(
    z.object({ properties: z.object({ metrics: z.array(z.array(z.unknown())).default([]) }) }),
  ),
});
const drawn = resources(stackOf(prod), 'aws_cloudwatch_dashboard')
  .flatMap((dashboard) => body.parse(JSON.parse(String(dashboard.body.dashboard_body))).widgets)
  .flatMap(({ properties }) => properties.metrics)
  .filter(([namespace]) => namespace === metricNamespace)
  .map(([, name, ...rest]): Watched => {
    const dimension = (named: string): string | undefined => {
      const index = rest.indexOf(named);
      return index < 0 ? undefined : String(rest[index + 1]);
    };
    return { name: String(name), service: dimension('service'), dataset: dimension('dataset') };
  });

const filtered = resources(stackOf(prod), 'aws_cloudwatch_log_metric_filter').map((filter) =>
  z.object({ metric_transformation: z.object({ name: z.string() }) }).parse(filter.body),
);
const fromLogs = filtered.map(({ metric_transformation: { name } }) => name);

const watched = [...alarmed, ...drawn].filter(({ name }) => !fromLogs.includes(name));
const services = [...new Set(watched.map(({ service }) => service))];

test('alarms and the dashboard watch metrics of ours', () => {
  expect(alarmed.length).toBeGreaterThan(0);
  expect(drawn.length).toBeGreaterThan(0);
});

describe.each(services)('what is watched of %s', (service) => {
  const app = String(service).replace(`${prod.namePrefix}-`, '');
  const handler = readFileSync(new URL(`../../apps/${app}/src/handler.ts`, import.meta.url), 'utf8');
  const ofIt = watched.filter((each) => each.service === service);

  test('is measured by it, under the name of the function', () => {
    const names = resources(stackOf(prod), 'aws_lambda_function').map(({ body }) => body.function_name);
    expect(names).toContain(service);
    const measured = [...handler.matchAll(/measure\('(\w+)'/g)].map(([, name]) => name);
    expect(ofIt.filter(({ name }) => !measured.includes(name))).toEqual([]);
  });

  test('has a dataset exactly if its input has one', () => {
    // A batch of messages or records has none; a request may name one that is not there.
    const hasDataset = !/input: (sqsEvent|kinesisEvent|httpEvent)/.test(handler);
    expect(ofIt.filter(({ dataset }) => (dataset !== undefined) !== hasDataset)).toEqual([]);
  });
});
