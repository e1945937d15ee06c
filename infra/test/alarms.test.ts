import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { csvMapOf } from '@sluice/workflows';
import { dev } from '../src/environments/dev.ts';
import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';
import { everythingOn } from './everything-on.ts';
import { alarmNamed, composites, formulaOf, metricAlarms } from './found-alarms.ts';
import { at, type Resource, resources, stackOf } from './synthesized.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function ofGlue(): Resource[] {
  return metricAlarms(prod).filter(({ address }) => address.includes('alarms_spark_'));
}

const functionsOf = (environment: Environment): Resource[] =>
  resources(stackOf(environment), 'aws_lambda_function');
const appOf = ({ body }: Resource): string => String(body.function_name).replace(`${prod.namePrefix}-`, '');

// Prod's, and those of opt-ins. Of what runs Spark there is one or the other.
const allAlarms = [...metricAlarms(everythingOn), ...composites(everythingOn), ...ofGlue()];

describe.each(allAlarms)('the alarm $body.alarm_name', (alarm) => {
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

test('every runbook is named by an alarm, or by the mail that an event makes', () => {
  const mails = resources(stackOf(prod), 'aws_cloudwatch_event_target').map(({ body }) =>
    String(at(body, 'input_transformer', 'input_template')).replace(/"$/, ''),
  );
  const named = [...allAlarms.map(({ body }) => String(body.alarm_description)), ...mails];
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
        threshold: Math.round(Number(body.timeout) * 1000 * prod.alarms.durationShare),
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

describe('the stream', () => {
  const stream = `\${aws_kinesis_stream.stream_stream.name}`;
  const ofConsumer = { FunctionName: 'sluice-prod-ingest-stream' };
  const age = { metric_name: 'IteratorAge', dimensions: ofConsumer, statistic: 'Maximum' };

  test('may be read somewhat late', () => {
    expect(alarmNamed(prod, 'iterator-age-late').body).toMatchObject({
      ...age,
      threshold: prod.alarms.iteratorAgeSeconds * 1000,
      evaluation_periods: 3,
    });
  });

  const half = { retention: 24, maxAge: 20 * 3600, hours: 10 };
  test.each([half, { ...half, maxAge: -1, hours: 12 }, { ...half, retention: 168, maxAge: -1, hours: 84 }])(
    'wakes somebody when half of the time of a record is over: $retention h, $maxAge s',
    ({ retention, maxAge, hours }) => {
      const environment: Environment = {
        ...prod,
        stream: { ...prod.stream, retentionHours: retention },
        ingest: { ...prod.ingest, maxRecordAgeSeconds: maxAge },
      };
      expect(alarmNamed(environment, 'iterator-age-expiring').body).toMatchObject({
        ...age,
        threshold: hours * 3600 * 1000,
      });
    },
  );

  test('is unread if records come and nobody is called', () => {
    const { metrics, expression } = formulaOf(alarmNamed(prod, 'iterator-age-unread'));
    expect(expression).toBe('IF(FILL(m0, 0) > 0 AND FILL(m1, 0) == 0, 1, 0)');
    expect(metrics).toMatchObject([
      { namespace: 'AWS/Kinesis', metric_name: 'IncomingRecords', dimensions: { StreamName: stream } },
      { namespace: 'AWS/Lambda', metric_name: 'Invocations', dimensions: ofConsumer },
    ]);
  });

  test('may not fail to be written down for long, which Lambda takes for success', () => {
    expect(alarmNamed(prod, 'iterator-age-unwritten').body).toMatchObject({
      metric_name: 'RecordsFailed',
      dimensions: { service: 'sluice-prod-ingest-stream' },
      threshold: 0,
      evaluation_periods: 3,
    });
  });

  test('may not lose a single batch in silence', () => {
    expect(alarmNamed(prod, 'given-up-records').body).toMatchObject({
      metric_name: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: `\${aws_sqs_queue.stream_intake_dead_letters_queue.name}` },
      threshold: 0,
    });
  });

  test('may not refuse records for long', () => {
    expect(alarmNamed(prod, 'stream-throttles').body).toMatchObject({
      metric_name: 'WriteProvisionedThroughputExceeded',
      dimensions: { StreamName: stream },
      threshold: 0,
      evaluation_periods: 3,
    });
  });

  test('may bring a share of records that cannot be read', () => {
    const alarm = alarmNamed(prod, 'quarantined-records');
    const { metrics, expression } = formulaOf(alarm);
    expect(expression).toBe('100 * (FILL(m0, 0)) / (FILL(m1, 0))');
    expect(metrics).toMatchObject([{ metric_name: 'RecordsQuarantined' }, { metric_name: 'RecordsIn' }]);
    expect(alarm.body.threshold).toBe(prod.alarms.unreadableShare * 100);
  });
});

describe('the API', () => {
  const dimensions = { ApiId: `\${aws_apigatewayv2_api.api_api.id}` };

  test('may not answer 5xx for a quarter of an hour', () => {
    expect(alarmNamed(prod, 'api-errors').body).toMatchObject({
      namespace: 'AWS/ApiGateway',
      metric_name: '5xx',
      dimensions,
      threshold: 0,
      evaluation_periods: 3,
    });
  });

  test('may refuse a share of all requests', () => {
    const alarm = alarmNamed(prod, 'api-refusals');
    expect(formulaOf(alarm).metrics).toMatchObject([
      { metric_name: '4xx', dimensions },
      { metric_name: 'Count', dimensions },
    ]);
    expect(alarm.body.threshold).toBe(prod.alarms.apiRefusedShare * 100);
  });

  test('may be slow to one of a hundred, and nobody can tell of fewer', () => {
    const { body } = alarmNamed(prod, 'api-latency');
    expect(body).toMatchObject({
      metric_name: 'Latency',
      dimensions,
      extended_statistic: 'p99',
      evaluate_low_sample_count_percentiles: 'ignore',
      threshold: prod.alarms.apiLatencyMs,
    });
    // CloudWatch takes one of both.
    expect(body.statistic).toBeUndefined();
  });

  test('that is not there is not watched', () => {
    const names = metricAlarms({ ...dev, api: null }).map(({ body }) => String(body.alarm_name));
    expect(names.filter((name) => name.includes('api'))).toEqual([]);
  });
});

test('the archive of the stream may be late for as long as it waits for records, and a quarter of an hour', () => {
  expect(alarmNamed(everythingOn, 'archive-behind-delivery').body).toMatchObject({
    namespace: 'AWS/Firehose',
    metric_name: 'DeliveryToS3.DataFreshness',
    dimensions: { DeliveryStreamName: 'sluice-prod-archive' },
    threshold: (everythingOn.optIns.streamArchive?.bufferSeconds ?? 0) + 900,
  });
  expect(alarmNamed(everythingOn, 'archive-behind-reading').body).toMatchObject({
    metric_name: 'KinesisMillisBehindLatest',
    threshold: 900_000,
  });
});

describe('Spark', () => {
  const ofGlueJob = {
    JobName: `\${aws_glue_job.transform_spark_job.name}`,
    JobRunId: 'ALL',
    Type: 'gauge',
    ObservabilityGroup: 'resource_utilization',
  };

  test.each(['disk', 'memory.heap'])('may use a share of its %s', (what) => {
    const alarm = alarmNamed(prod, `spark-resources-${what.split('.')[0]}`);
    expect(alarm.body).toMatchObject({
      namespace: 'Glue',
      metric_name: `glue.ALL.${what}.used.percentage`,
      dimensions: ofGlueJob,
      threshold: prod.alarms.sparkUsedShare,
    });
  });

  test('may let objects wait for a while, which Glue tells only who asks it', () => {
    const [filter] = resources(stackOf(prod), 'aws_cloudwatch_log_metric_filter').filter(({ name }) =>
      name.includes('waits'),
    );
    expect(filter?.body.log_group_name).toBe(`\${aws_cloudwatch_log_group.workflow_logs.name}`);
    expect(String(filter?.body.pattern)).toContain('"Glue.*ExceededException"');
    expect(alarmNamed(prod, 'throttles-spark').body).toMatchObject({
      metric_name: at(filter?.body.metric_transformation, 'name'),
      evaluation_periods: 2,
    });
    expect(alarmNamed(everythingOn, 'throttles-spark').body).toMatchObject({
      namespace: 'AWS/EMRServerless',
      metric_name: 'PendingJobs',
    });
  });

  test('is told of while a run takes long, by an event of its job alone', () => {
    const [rule] = resources(stackOf(prod), 'aws_cloudwatch_event_rule').filter(({ name }) =>
      name.includes('late'),
    );
    expect(JSON.parse(String(rule?.body.event_pattern))).toEqual({
      source: ['aws.glue'],
      'detail-type': ['Glue Job Run Status'],
      detail: { jobName: ['sluice-prod-transform-spark'] },
    });
    const [job] = resources(stackOf(prod), 'aws_glue_job');
    expect(at(job?.body.notification_property, 'notify_delay_after')).toBe(prod.spark.lateMinutes);
  });
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
    expect(kinds(waiting)).toEqual([
      'api-latency',
      'api-refusals',
      'function-duration',
      'iterator-age',
      'quality-score',
      'quarantined-records',
      'spark-resources',
    ]);
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
