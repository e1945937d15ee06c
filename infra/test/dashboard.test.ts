import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { z } from 'zod';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { resources, stackOf } from './synthesized.ts';

const dashboard = z.object({
  widgets: z.array(
    z.object({
      type: z.enum(['alarm', 'metric']),
      x: z.int(),
      y: z.int(),
      width: z.int(),
      height: z.int(),
      properties: z.looseObject({
        title: z.string(),
        alarms: z.array(z.string()).optional(),
        metrics: z.array(z.array(z.unknown())).default([]),
        annotations: z.object({ horizontal: z.array(z.object({ value: z.number() })) }).optional(),
      }),
    }),
  ),
});

const widgetsOf = (environment: Environment) => {
  const [found, ...others] = resources(stackOf(environment), 'aws_cloudwatch_dashboard');
  expect(others).toEqual([]);
  return dashboard.parse(JSON.parse(String(found?.body.dashboard_body))).widgets;
};
const widgets = widgetsOf(prod);
const titled = (title: string) => widgets.filter(({ properties }) => properties.title.startsWith(title));
const metricsOf = (widget: (typeof widgets)[number]): string[] =>
  widget.properties.metrics.map(([, name]) => String(name));

test('every alarm is on it, the one that sums up the others first', () => {
  const shown = widgets.flatMap(({ properties }) => properties.alarms ?? []);
  const arns = ['aws_cloudwatch_composite_alarm', 'aws_cloudwatch_metric_alarm'].flatMap((type) =>
    resources(stackOf(prod), type).map(({ address }) => `\${${address}.arn}`),
  );
  expect(shown[0]).toBe(arns[0]);
  expect([...shown].sort()).toEqual([...arns].sort());
});

describe.each([...datasets.keys()])('the dataset %s', (dataset) => {
  const row = titled(`${dataset}: `);

  test('shows what became of its rows, its score and how long it took', () => {
    expect(row.flatMap(metricsOf)).toEqual(
      expect.arrayContaining([
        'RowsIn',
        'RowsAccepted',
        'RowsFiltered',
        'RowsDuplicate',
        'RowsQuarantined',
        'QualityScore',
        'SecondsToPublish',
      ]),
    );
  });

  test('shows nothing of another', () => {
    for (const metric of row.flatMap(({ properties }) => properties.metrics))
      expect(metric).toContain(dataset);
  });

  test('shows where its alarm begins', () => {
    const [score] = row.filter((widget) => metricsOf(widget).includes('QualityScore'));
    expect(score?.properties.annotations?.horizontal.map(({ value }) => value)).toEqual([
      prod.alarms.qualityScore,
    ]);
  });
});

test.each(['Duration', 'Errors', 'Throttles', 'ConcurrentExecutions'])(
  'every function shows its %s',
  (name) => {
    const [graph] = widgets.filter((widget) => metricsOf(widget).includes(name));
    const shown = graph?.properties.metrics.map(([, , , functionName]) => functionName);
    expect(new Set(shown)).toEqual(
      new Set(resources(stackOf(prod), 'aws_lambda_function').map(({ body }) => body.function_name)),
    );
  },
);

test('the queue, its dead letters and the state machine are on it', () => {
  const shown = widgets.flatMap(metricsOf);
  for (const name of [
    'ApproximateAgeOfOldestMessage',
    'ApproximateNumberOfMessagesVisible',
    'ExecutionsStarted',
    'ExecutionTime',
  ]) {
    expect(shown).toContain(name);
  }
  const queues = widgets.flatMap(({ properties }) =>
    properties.metrics.flatMap(([namespace, , , queue]) => (namespace === 'AWS/SQS' ? [queue] : [])),
  );
  expect(new Set(queues)).toEqual(
    new Set(resources(stackOf(prod), 'aws_sqs_queue').map(({ address }) => `\${${address}.name}`)),
  );
});

test('no widget covers another or leaves the page', () => {
  const cells = widgets.flatMap(({ x, y, width, height }) =>
    Array.from(
      { length: width * height },
      (_, index) => `${x + (index % width)},${y + Math.floor(index / width)}`,
    ),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(Math.max(...widgets.map(({ x, width }) => x + width))).toBe(24);
});

test('each environment looks at its own', () => {
  const named = (environment: Environment) =>
    resources(stackOf(environment), 'aws_cloudwatch_dashboard').map(({ body }) => body.dashboard_name);
  expect(named(dev)).toEqual([dev.namePrefix]);
  expect(named(prod)).toEqual([prod.namePrefix]);
});

test('the stack says where to look', () => {
  expect(stackOf(dev)).toMatchObject({
    output: {
      dashboard_url: { value: expect.stringMatching(/^https:\/\/eu-central-1\..*\/sluice-dev$/) },
      alarm_topic_arn: { value: `\${aws_sns_topic.topics_alarms_topic.arn}` },
    },
  });
});
