import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { z } from 'zod';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { everythingOn } from './everything-on.ts';
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

/** What a line ends with. */
const line = z.looseObject({ id: z.string().optional(), expression: z.string().optional() });

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
    const [graph] = titled('Functions: ').filter((widget) => metricsOf(widget).includes(name));
    const shown = graph?.properties.metrics.map(([, , , functionName]) => functionName);
    expect(new Set(shown)).toEqual(
      new Set(resources(stackOf(prod), 'aws_lambda_function').map(({ body }) => body.function_name)),
    );
  },
);

describe.each(['etl', 'csv-map-comma'])('the state machine %s', (id) => {
  test('shows its executions, how long they take and whether they are slowed down', () => {
    expect(titled(`${id}: `).flatMap(metricsOf)).toEqual(
      expect.arrayContaining([
        'ExecutionsStarted',
        'ExecutionsFailed',
        'ExecutionTime',
        'ExecutionThrottled',
      ]),
    );
  });

  test('shows runs that failed', () => {
    const [failed] = titled('Runs failed');
    expect(failed && metricsOf(failed)).toContain(`RunsFailed-sluice-prod-${id}`);
  });
});

describe('the stream', () => {
  test('shows what comes, what is refused, how late it is read, and what was given up', () => {
    expect(titled('Stream: ').flatMap(metricsOf)).toEqual(
      expect.arrayContaining([
        'IncomingRecords',
        'IncomingBytes',
        'WriteProvisionedThroughputExceeded',
        'ReadProvisionedThroughputExceeded',
        'IteratorAge',
        'ApproximateNumberOfMessagesVisible',
      ]),
    );
  });

  test('shows where each record went, all four ways', () => {
    const [fates] = titled('Stream: what became of the records');
    expect(fates && metricsOf(fates)).toEqual([
      'RecordsLanded',
      'RecordsQuarantined',
      'RecordsRepeated',
      'RecordsFailed',
    ]);
  });

  test('shows where its alarm begins, in milliseconds', () => {
    const [age] = titled('Stream: how old is what is read');
    expect(age?.properties.annotations?.horizontal.map(({ value }) => value)).toEqual([
      prod.alarms.iteratorAgeSeconds * 1000,
    ]);
  });

  test('has its archive beside it where there is one', () => {
    const archive = (environment: Environment) =>
      widgetsOf(environment).filter(({ properties }) => properties.title.startsWith('Archive of the stream'));
    expect(archive(prod)).toEqual([]);
    expect(archive(everythingOn).flatMap(metricsOf)).toContain('DeliveryToS3.DataFreshness');
  });
});

test('the API shows its requests, what it did not take, how long it takes and what became of the records', () => {
  const shown = (environment: Environment) =>
    widgetsOf(environment).filter(({ properties }) => properties.title.startsWith('API: '));
  expect(shown(prod).flatMap(metricsOf)).toEqual([
    'Count',
    '4xx',
    '5xx',
    'Latency',
    'Latency',
    'RecordsAccepted',
    'RecordsRejected',
  ]);
  expect(shown({ ...dev, api: null })).toEqual([]);
});

describe('csv-map', () => {
  const rows = titled('csv-map: ');
  const called = (title: string) => rows.find(({ properties }) => properties.title === `csv-map: ${title}`);
  const named = (title: string) => (called(title)?.properties.metrics ?? []).map(([, name]) => name);

  test('shows its batches and how long they take, by the name under which they count', () => {
    expect(named('batches')).toEqual(
      expect.arrayContaining(['ExecutionsStarted', 'ExecutionsSucceeded', 'ExecutionsFailed']),
    );
    for (const title of ['batches', 'how long a batch takes']) {
      for (const [, , , machine] of called(title)?.properties.metrics ?? [])
        expect(machine).toBe(`\${aws_sfn_state_machine.csv_map_comma_machine.arn}/ProcessCsvRows`);
    }
  });

  test('shows how much of what may fail has failed, and where its alarm begins', () => {
    const share = called('batches that could not be recorded');
    expect(share?.properties.metrics[0]).toMatchObject([
      {
        expression: '100 * (FILL(l0m0, 0) + FILL(l0m1, 0)) / (FILL(l0m0, 0) + FILL(l0m1, 0) + FILL(l0m2, 0))',
      },
    ]);
    const hidden = share?.properties.metrics.slice(1).map((metric) => metric.at(-1));
    expect(hidden).toMatchObject(['l0m0', 'l0m1', 'l0m2'].map((id) => ({ id, visible: false })));
    expect(share?.properties.annotations?.horizontal.map(({ value }) => value)).toEqual([
      prod.map.toleratedFailurePercentage / 2,
    ]);
  });

  test('shows the fates of rows, rows that failed with their batches, process-rows and the letters', () => {
    expect(named('what became of the rows')).toEqual(
      expect.arrayContaining(['RowsAccepted', 'RowsFiltered', 'RowsDuplicate', 'RowsQuarantined']),
    );
    expect(named('rows of batches that failed for good')).toEqual(
      [...datasets.keys()].map(() => 'MapItemsFailed'),
    );
    expect(named('process-rows')).toEqual(['ConcurrentExecutions', 'Throttles']);
    expect(named('letters about failed batches')).toEqual(['ApproximateNumberOfMessagesVisible']);
  });

  test("stands beside the account's Map Runs, of which no more than a limit are open", () => {
    expect(titled('Map Runs of the account').flatMap(metricsOf)).toEqual([
      'ApproximateOpenMapRunCount',
      'OpenMapRunLimit',
      'ApproximateMapRunBacklogSize',
    ]);
  });
});

test('no two lines of a graph have one id, and no formula names another', () => {
  for (const { properties } of widgets) {
    const options = properties.metrics.map((metric) => line.parse(metric.at(-1)));
    const ids = options.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const used = options.flatMap(({ expression = '' }) => expression.match(/l\d+m\d+/g) ?? []);
    expect(used.filter((id) => !ids.includes(id))).toEqual([]);
  }
});

test('the queues are on it', () => {
  const shown = widgets.flatMap(metricsOf);
  for (const name of ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'])
    expect(shown).toContain(name);
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
