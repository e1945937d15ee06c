import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { csvMapOf } from '@sluice/workflows';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { alarmNamed, composites, formulaOf, metricAlarms } from './found-alarms.ts';
import { type Resource, resources, stackOf } from './synthesized.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const functionsOf = (environment: Environment): Resource[] =>
  resources(stackOf(environment), 'aws_lambda_function');
const appOf = ({ body }: Resource): string => String(body.function_name).replace(`${prod.namePrefix}-`, '');

describe.each([...metricAlarms(prod), ...composites(prod)])('the alarm $body.alarm_name', (alarm) => {
  const { body } = alarm;
  const description = String(body.alarm_description);

  test('says what is wrong, and names a runbook that is there', () => {
    const [, wrong = '', runbook = ''] =
      /^(.+) What to do: (docs\/runbooks\/[a-z-]+\.md)$/.exec(description) ?? [];
    expect(wrong.length).toBeGreaterThan(40);
    expect(existsSync(`${root}${runbook}`)).toBe(true);
  });

  test('is within the limits of CloudWatch', () => {
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    expect(description.length).toBeLessThanOrEqual(1024);
    expect(String(body.alarm_name).length).toBeLessThanOrEqual(255);
    expect(formulaOf(alarm).metrics.length).toBeLessThanOrEqual(10);
  });
});

test('every runbook is named by an alarm', () => {
  const named = [...metricAlarms(prod), ...composites(prod)].map(({ body }) =>
    String(body.alarm_description),
  );
  const pages = globSync('docs/runbooks/*.md', { cwd: root }).filter((page) => !page.endsWith('README.md'));
  expect(pages).not.toEqual([]);
  expect(pages.filter((page) => !named.some((description) => description.endsWith(page)))).toEqual([]);
});

describe('a mail', () => {
  const topic = [`\${aws_sns_topic.topics_alarms_topic.arn}`];

  test('goes out when any alarm begins', () => {
    for (const { body } of metricAlarms(prod)) expect(body.alarm_actions).toEqual(topic);
  });

  test('goes out when it is over, where the metric can know', () => {
    const silent = metricAlarms(prod).filter(({ body }) => body.ok_actions === undefined);
    expect(silent.map(({ body }) => body.alarm_name)).toEqual([
      'sluice-prod-failed-batches-csv-map-comma',
      'sluice-prod-failed-runs-csv-map-comma',
      'sluice-prod-failed-runs-etl',
      'sluice-prod-failure-tolerance-csv-map-comma',
    ]);
    for (const { body } of metricAlarms(prod)) expect([topic, undefined]).toContainEqual(body.ok_actions);
  });

  test('is not sent a second time by the alarm that sums up the others', () => {
    for (const { body } of composites(prod)) {
      expect(body.alarm_actions).toBeUndefined();
      expect(body.ok_actions).toBeUndefined();
    }
  });
});

describe.each(functionsOf(prod).map((each) => ({ app: appOf(each), body: each.body })))(
  'the function $app',
  ({ app, body }) => {
    test('may fail once, which the run tells; failing for a quarter of an hour raises an alarm', () => {
      expect(alarmNamed(prod, `function-errors-${app}`).body).toMatchObject({
        metric_name: 'Errors',
        dimensions: { FunctionName: body.function_name },
        threshold: 0,
        period: 300,
        evaluation_periods: 3,
      });
    });

    test('may use up a share of its own timeout', () => {
      expect(alarmNamed(prod, `function-duration-${app}`).body).toMatchObject({
        metric_name: 'Duration',
        dimensions: { FunctionName: body.function_name },
        statistic: 'Maximum',
        // Lambda measures milliseconds.
        threshold: Number(body.timeout) * 1000 * prod.alarms.durationShare,
      });
    });

    test('may not be throttled for long', () => {
      expect(alarmNamed(prod, `throttles-${app}`).body).toMatchObject({
        metric_name: 'Throttles',
        dimensions: { FunctionName: body.function_name },
        evaluation_periods: 3,
      });
    });
  },
);

describe.each([...datasets.values()])('a bad hour of $name', (dataset) => {
  const alarm = alarmNamed(prod, `quality-score-${dataset.name}`);
  const score = (app: string) => ({
    metric_name: 'QualityScore',
    dimensions: { service: `sluice-prod-${app}`, dataset: dataset.name },
  });

  test('raises an alarm, which stays until a better one is known', () => {
    expect(alarm.body).toMatchObject({
      comparison_operator: 'LessThanThreshold',
      threshold: prod.alarms.qualityScore,
      treat_missing_data: 'ignore',
    });
  });

  test('is one of either state machine that takes its objects', () => {
    if (csvMapOf(dataset) === null) {
      expect(alarm.body).toMatchObject({ ...score('score-quality'), statistic: 'Average', period: 3600 });
      return;
    }
    const { metrics, expression } = formulaOf(alarm);
    expect(expression).toBe('MIN([m0, m1])');
    expect(metrics).toMatchObject(
      ['score-quality', 'collect-map-run'].map((app) => ({ ...score(app), stat: 'Average', period: 3600 })),
    );
  });
});

test('nothing happening is no alarm, but for a score', () => {
  for (const { body } of metricAlarms(prod)) {
    if (!String(body.alarm_name).includes('quality-score'))
      expect(body.treat_missing_data).toBe('notBreaching');
  }
});

test('the age that the environment names is the age that is too old', () => {
  const older: Environment = { ...dev, alarms: { ...dev.alarms, queueAgeSeconds: 61 } };
  expect(alarmNamed(older, 'queue-age').body.threshold).toBe(61);
});

describe('what needs a person', () => {
  const [composite] = composites(prod);
  const named = [
    ...String(composite?.body.alarm_rule).matchAll(/ALARM\("\$\{([\w.]+)\.alarm_name\}"\)/g),
  ].map(([, address]) => address);
  const kinds = (alarms: readonly Resource[]): string[] =>
    [
      ...new Set(
        alarms.map(({ body }) => /runbooks\/(.+)\.md/.exec(String(body.alarm_description))?.[1] ?? ''),
      ),
    ].sort();

  test('is every alarm but those that can wait for the morning', () => {
    const waiting = metricAlarms(prod).filter(({ address }) => !named.includes(address));
    expect(kinds(waiting)).toEqual(['function-duration', 'quality-score']);
    expect(named.length + waiting.length).toBe(metricAlarms(prod).length);
  });

  test('is any one of them', () => {
    expect(String(composite?.body.alarm_rule).split(' OR ')).toHaveLength(named.length);
  });

  test('are not more than CloudWatch combines', () => {
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    expect(named.length).toBeLessThanOrEqual(100);
  });
});
