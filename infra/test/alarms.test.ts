import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { refusalErrors } from '@sluice/workflows';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { at, type Resource, resources, stackOf } from './synthesized.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const metricAlarms = (environment: Environment): Resource[] =>
  resources(stackOf(environment), 'aws_cloudwatch_metric_alarm');
const composites = (environment: Environment): Resource[] =>
  resources(stackOf(environment), 'aws_cloudwatch_composite_alarm');
const alarmNamed = (environment: Environment, name: string): Resource => {
  const found = metricAlarms(environment).find(
    ({ body }) => body.alarm_name === `${environment.namePrefix}-${name}`,
  );
  if (!found) throw new Error(`no alarm ${name}`);
  return found;
};
const functionsOf = (environment: Environment): Resource[] =>
  resources(stackOf(environment), 'aws_lambda_function');
const appOf = ({ body }: Resource): string => String(body.function_name).replace(`${prod.namePrefix}-`, '');

describe.each([...metricAlarms(prod), ...composites(prod)])('the alarm $body.alarm_name', ({ body }) => {
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
    const queries = Array.isArray(body.metric_query) ? body.metric_query : [];
    expect(queries.filter((query) => at(query, 'metric') !== undefined).length).toBeLessThanOrEqual(10);
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
    expect(silent.map(({ body }) => body.alarm_name)).toEqual(['sluice-prod-failed-runs']);
    for (const { body } of metricAlarms(prod)) expect([topic, undefined]).toContainEqual(body.ok_actions);
  });

  test('is not sent a second time by the alarm that sums up the others', () => {
    for (const { body } of composites(prod)) {
      expect(body.alarm_actions).toBeUndefined();
      expect(body.ok_actions).toBeUndefined();
    }
  });
});

describe('a run that failed', () => {
  const [filter] = resources(stackOf(prod), 'aws_cloudwatch_log_metric_filter');

  /** The part of CloudWatch's filter patterns that ours uses: comparisons with `=` and `!=`, joined by `&&`. */
  const counts = (event: { readonly type: string; readonly error?: string }): boolean => {
    const fields: Readonly<Record<string, string | undefined>> = {
      '$.type': event.type,
      '$.details.error': event.error,
    };
    const [, terms = ''] = /^\{ (.*) \}$/.exec(String(filter?.body.pattern)) ?? [];
    return terms.split(' && ').every((term) => {
      const [, field = '', operator, value] = /^(\S+) (=|!=) "(\w+)"$/.exec(term) ?? [];
      if (!(field in fields) || operator === undefined) throw new Error(`cannot read ${term}`);
      return (fields[field] === value) === (operator === '=');
    });
  };

  test('is counted from the log of the state machine', () => {
    expect(filter?.body.log_group_name).toBe(`\${aws_cloudwatch_log_group.workflow_logs.name}`);
    expect(counts({ type: 'ExecutionFailed', error: 'PipelineFailed' })).toBe(true);
    expect(counts({ type: 'ExecutionFailed', error: 'States.Runtime' })).toBe(true);
    expect(counts({ type: 'TaskFailed', error: 'PipelineFailed' })).toBe(false);
    expect(counts({ type: 'ExecutionSucceeded' })).toBe(false);
  });

  test.each(Object.values(refusalErrors))('is not one that ended as %s', (error) => {
    expect(counts({ type: 'ExecutionFailed', error })).toBe(false);
  });

  test('raises the alarm, and so does one that took too long or was stopped', () => {
    const { body } = alarmNamed(prod, 'failed-runs');
    const queries = Array.isArray(body.metric_query) ? body.metric_query : [];
    const names = queries.flatMap((query) => {
      const name = at(query, 'metric', 'metric_name');
      return typeof name === 'string' ? [name] : [];
    });
    expect(names).toEqual([
      at(filter?.body, 'metric_transformation', 'name'),
      'ExecutionsTimedOut',
      'ExecutionsAborted',
    ]);
    expect(queries.map((query) => at(query, 'expression'))).toContain(
      'FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0)',
    );
    expect(body).toMatchObject({ comparison_operator: 'GreaterThanThreshold', threshold: 0 });
  });

  test('is not counted for another environment of the account', () => {
    const nameIn = (environment: Environment) =>
      resources(stackOf(environment), 'aws_cloudwatch_log_metric_filter').map(({ body }) =>
        at(body, 'metric_transformation', 'name'),
      );
    expect(nameIn(dev)).not.toEqual(nameIn(prod));
  });

  test('is told to the topic of runs, with its name and what to type', () => {
    const rule = resources(stackOf(prod), 'aws_cloudwatch_event_rule').find(
      ({ body }) => body.name === 'sluice-prod-failed-runs',
    );
    const target = resources(stackOf(prod), 'aws_cloudwatch_event_target').find(
      ({ body }) => body.rule === `\${${rule?.address}.name}`,
    );
    expect(JSON.parse(String(rule?.body.event_pattern)).detail).toEqual({
      stateMachineArn: [`\${aws_sfn_state_machine.workflow_machine.arn}`],
      status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
    });
    expect(target?.body.arn).toBe(`\${aws_sns_topic.topics_runs_topic.arn}`);
    const template = String(at(target?.body, 'input_transformer', 'input_template'));
    const used = [...template.matchAll(/<(\w+)>/g)].map(([, name]) => name);
    const paths = at(target?.body, 'input_transformer', 'input_paths') ?? {};
    expect([...new Set(used)].sort()).toEqual(Object.keys(paths).sort());
    expect(template).toContain('aws stepfunctions get-execution-history');
    // EventBridge takes a text as lines in quotes.
    for (const line of template.split('\n')) expect(line).toMatch(/^"[^"]+"$/);
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

test.each([...datasets.keys()])(
  'a bad hour of %s raises an alarm, which stays until a better one is known',
  (dataset) => {
    expect(alarmNamed(prod, `quality-score-${dataset}`).body).toMatchObject({
      metric_name: 'QualityScore',
      dimensions: { service: 'sluice-prod-score-quality', dataset },
      statistic: 'Average',
      period: 3600,
      comparison_operator: 'LessThanThreshold',
      threshold: prod.alarms.qualityScore,
      treat_missing_data: 'ignore',
    });
  },
);

test('nothing happening is no alarm, but for a score', () => {
  for (const { body } of metricAlarms(prod)) {
    if (body.metric_name !== 'QualityScore') expect(body.treat_missing_data).toBe('notBreaching');
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
