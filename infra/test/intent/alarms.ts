import { existsSync } from 'node:fs';
import { datasets } from '@sluice/datasets';
import { metricNamespace, metricUnits } from '@sluice/lambda-kit/metric-names';
import { at, blocks, type Json, type Resource, resources, type StackJson } from '../../src/stack-json.ts';
import { messageTarget, obstacle } from './delivery.ts';
import { bodyOf, type Rule, refersTo, remove } from './rule.ts';

export const metricAlarms = (stack: StackJson): Resource[] => resources(stack, 'aws_cloudwatch_metric_alarm');

const alarmsOf = (stack: StackJson): Resource[] => [
  ...metricAlarms(stack),
  ...resources(stack, 'aws_cloudwatch_composite_alarm'),
];

/** The metrics that an alarm looks at: its own, or those of its formula. */
export const metricsOf = ({ body }: Resource): Json[] =>
  body.metric_query === undefined
    ? [body]
    : blocks(body.metric_query).flatMap((query) => at(query, 'metric') ?? []);

/** All that alarms look at. */
export const watchedMetrics = (stack: StackJson): Json[] => metricAlarms(stack).flatMap(metricsOf);

/** Metrics that CloudWatch makes of a log, by their names. */
const countedFromLogs = (stack: StackJson): Json[] =>
  resources(stack, 'aws_cloudwatch_log_metric_filter').map(
    ({ body }) => at(body, 'metric_transformation', 'name') ?? null,
  );

/** The page of the repository that an alarm's description names. */
const runbookOf = ({ body }: Resource): string | undefined =>
  /docs\/runbooks\/[\w-]+\.md/.exec(String(body.alarm_description))?.[0];

const isPage = (path: string): boolean => existsSync(new URL(`../../../${path}`, import.meta.url));

const queueAge = 'aws_cloudwatch_metric_alarm.alarms_queue_age';

export const alarmRules: readonly Rule[] = [
  {
    intent: 'every alarm is sent to a topic of the stack, which takes it',
    violations: (stack) =>
      alarmsOf(stack).flatMap(({ address, body }) => {
        const actions = blocks(body.alarm_actions);
        if (actions.length === 0) return [`${address} tells nobody`];
        return actions.flatMap((action) => {
          const target = messageTarget(stack, action);
          if (!target) return [`${address} tells somebody who is not in the stack`];
          const found = obstacle(stack, 'cloudwatch.amazonaws.com', target);
          return found ? [`${address}: ${found}`] : [];
        });
      }),
    except: {
      'aws_cloudwatch_composite_alarm.alarms_needs_a_person tells nobody':
        'the alarms that it is made of have told already; it is for a pager and the console',
    },
    broken: [
      {
        how: 'an alarm tells nobody',
        change: (stack) => {
          delete bodyOf(stack, queueAge).alarm_actions;
        },
        says: [`${queueAge} tells nobody`],
      },
      {
        how: 'an alarm tells a topic of another stack',
        change: (stack) => {
          bodyOf(stack, queueAge).alarm_actions = ['arn:aws:sns:eu-central-1:123456789012:pager'];
        },
        says: [`${queueAge} tells somebody who is not in the stack`],
      },
    ],
  },
  {
    intent: 'every alarm names a runbook that is there',
    violations: (stack) =>
      alarmsOf(stack).flatMap((alarm) => {
        const runbook = runbookOf(alarm);
        if (runbook === undefined) return [`${alarm.address} says not what to do`];
        return isPage(runbook) ? [] : [`${alarm.address} names ${runbook}, which is not there`];
      }),
    broken: [
      {
        how: 'the description is without one',
        change: (stack) => {
          bodyOf(stack, queueAge).alarm_description = 'Messages wait.';
        },
        says: [`${queueAge} says not what to do`],
      },
      {
        how: 'the page has gone',
        change: (stack) => {
          bodyOf(stack, queueAge).alarm_description = 'Messages wait: docs/runbooks/queue.md';
        },
        says: [`${queueAge} names docs/runbooks/queue.md, which is not there`],
      },
    ],
  },
  {
    intent: 'every alarm says what it means if there is no data',
    violations: (stack) =>
      metricAlarms(stack)
        .filter(({ body }) => body.treat_missing_data === undefined)
        .map(({ address }) => `${address} does not know silence`),
    broken: [
      {
        how: 'it is left to the default',
        change: (stack) => {
          delete bodyOf(stack, queueAge).treat_missing_data;
        },
        says: [`${queueAge} does not know silence`],
      },
    ],
  },
  {
    intent: 'every function is watched for errors, for throttles, and for how long it takes',
    violations: (stack) =>
      resources(stack, 'aws_lambda_function').flatMap((each) =>
        ['Errors', 'Throttles', 'Duration']
          .filter(
            (metric) =>
              !metricAlarms(stack).some(({ body }) => {
                const name = at(body, 'dimensions', 'FunctionName');
                return (
                  body.namespace === 'AWS/Lambda' &&
                  body.metric_name === metric &&
                  (refersTo(name, each) || name === each.body.function_name)
                );
              }),
          )
          .map((metric) => `${each.address} has no alarm on ${metric}`),
      ),
    broken: [
      {
        how: 'nobody watches how long it takes',
        change: (stack) => remove(stack, 'aws_cloudwatch_metric_alarm.alarms_function_duration_publish_run'),
        says: ['aws_lambda_function.functions_publish_run_function has no alarm on Duration'],
      },
    ],
  },
  {
    intent: 'every alarm on a metric of ours is on one that our code emits',
    violations: (stack) =>
      metricAlarms(stack)
        .flatMap((alarm) => metricsOf(alarm).map((metric) => ({ address: alarm.address, metric })))
        .filter(({ metric }) => at(metric, 'namespace') === metricNamespace)
        .flatMap(({ address, metric }) => {
          const name = at(metric, 'metric_name') ?? null;
          const dataset = at(metric, 'dimensions', 'dataset');
          return [
            ...(name !== null && [...Object.keys(metricUnits), ...countedFromLogs(stack)].includes(name)
              ? []
              : [`${address} watches ${name}, which nobody emits`]),
            ...(dataset === undefined || datasets.has(String(dataset))
              ? []
              : [`${address} watches the dataset ${dataset}, which is not there`]),
          ];
        }),
    broken: [
      {
        how: 'the metric has another name',
        change: (stack) => {
          bodyOf(stack, 'aws_cloudwatch_metric_alarm.alarms_quality_score_penguins').metric_name = 'Score';
        },
        says: ['aws_cloudwatch_metric_alarm.alarms_quality_score_penguins watches Score, which nobody emits'],
      },
      {
        how: 'nothing counts failed runs in the log any more',
        change: (stack) => remove(stack, 'aws_cloudwatch_log_metric_filter.failed_runs_count_etl'),
        says: [
          'aws_cloudwatch_metric_alarm.alarms_failed_runs_etl watches RunsFailed-sluice-dev-etl, which nobody emits',
        ],
      },
    ],
  },
  {
    intent: 'the quality of every dataset is watched',
    violations: (stack) =>
      [...datasets.keys()]
        .filter(
          (dataset) =>
            !watchedMetrics(stack).some(
              (metric) =>
                at(metric, 'namespace') === metricNamespace &&
                at(metric, 'metric_name') === ('QualityScore' satisfies keyof typeof metricUnits) &&
                at(metric, 'dimensions', 'dataset') === dataset,
            ),
        )
        .map((dataset) => `${dataset} may get worse in silence`),
    broken: [
      {
        how: 'an alarm has gone',
        change: (stack) => remove(stack, 'aws_cloudwatch_metric_alarm.alarms_quality_score_orders'),
        says: ['orders may get worse in silence'],
      },
    ],
  },
];
