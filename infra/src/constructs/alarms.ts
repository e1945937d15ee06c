import { CloudwatchCompositeAlarm } from '@cdktf/provider-aws/lib/cloudwatch-composite-alarm/index.js';
import {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmConfig,
  type CloudwatchMetricAlarmMetricQuery,
} from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js';
import { datasets } from '@sluice/datasets';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { FailedRunMetrics } from './failed-runs.ts';
import {
  lambdaMetric,
  type Metric,
  pipelineMetric,
  queueMetric,
  stateMachineMetric,
  type WatchedFunction,
} from './metrics.ts';
import { type RunbookName, runbook } from './runbook.ts';

interface AlarmsProps {
  readonly functions: readonly WatchedFunction[];
  readonly stateMachineArn: string;
  readonly queueName: string;
  readonly deadLettersName: string;
  readonly failedRuns: FailedRunMetrics;
  /** Where alarms are sent. */
  readonly topicArn: string;
}

interface Watch {
  readonly runbook: RunbookName;
  /** What of several is watched: a function, a dataset. */
  readonly subject?: string;
  /** In words that need no explanation at 3 a.m. */
  readonly wrong: string;
  /** Added up, if there are several. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** Wrong is more than this, or less where it is a score. */
  readonly limit: number;
  readonly below?: true;
  readonly periodSeconds: number;
  /** So many periods in a row; 1 if it is left out. */
  readonly periods?: number;
  /**
   * No data: for a count, nothing happened, and all is well (`notBreaching`); for a score, what was known last still
   * holds (`ignore`).
   */
  readonly missing?: 'ignore';
  /** It waits for the morning: nothing is stuck or lost. */
  readonly canWait?: true;
  /** That it is over is not said, because nothing in the metric would know. */
  readonly neverOver?: true;
}

const MINUTES = 60;

/**
 * What is watched, and who hears of it. Every alarm mails once when it begins and, where the metric can know, once when it
 * is over. One incident is to be one mail, so causes wait longer than symptoms: a run that fails mails at once, the
 * function that failed it only if it keeps failing for a quarter of an hour.
 *
 * `<prefix>-needs-a-person` is in alarm while one of those is that cannot wait for the morning. It mails nothing, since
 * they have; a pager and a look at the console need one thing to look at. It cannot take over their mails: a second
 * trouble would not change its state, and nobody would hear of it.
 */
export class Alarms extends Construct {
  /** ARNs, the most general first. */
  readonly arns: readonly string[];

  constructor(scope: Construct, id: string, deployment: Deployment, props: AlarmsProps) {
    super(scope, id);
    const watches = watchesOf(deployment, props);
    const alarms = watches.map((watch) => {
      const name = watch.subject === undefined ? watch.runbook : `${watch.runbook}-${watch.subject}`;
      return new CloudwatchMetricAlarm(this, name, {
        alarmName: deployment.nameOf(name),
        alarmDescription: `${watch.wrong} What to do: ${runbook(watch.runbook)}`,
        ...conditionOf(watch),
        alarmActions: [props.topicArn],
        ...(watch.neverOver ? {} : { okActions: [props.topicArn] }),
      });
    });
    const pressing = alarms.filter((_, index) => !watches[index]?.canWait);
    const needsAPerson = new CloudwatchCompositeAlarm(this, 'needs-a-person', {
      alarmName: deployment.nameOf('needs-a-person'),
      alarmDescription: `Something in the lake is stuck or failing, and will not mend by itself; the alarms that this one is made of say what. What to do: ${runbook('needs-a-person')}`,
      // A reference instead of a name, so that Terraform makes the parts first, and unmakes them last.
      alarmRule: pressing.map(({ alarmName }) => `ALARM("${alarmName}")`).join(' OR '),
    });
    this.arns = [needsAPerson.arn, ...alarms.map(({ arn }) => arn)];
  }
}

type Condition = Omit<
  CloudwatchMetricAlarmConfig,
  'alarmName' | 'alarmDescription' | 'alarmActions' | 'okActions'
>;

const conditionOf = ({ metrics, periodSeconds, ...watch }: Watch): Condition => ({
  ...(metrics.length === 1
    ? oneMetric(metrics[0], periodSeconds)
    : { metricQuery: sumOf(metrics, periodSeconds) }),
  evaluationPeriods: watch.periods ?? 1,
  comparisonOperator: watch.below ? 'LessThanThreshold' : 'GreaterThanThreshold',
  threshold: watch.limit,
  treatMissingData: watch.missing ?? 'notBreaching',
});

const oneMetric = (
  { namespace, name, dimensions, statistic }: Metric,
  period: number,
): Partial<Condition> => ({
  namespace,
  metricName: name,
  ...dimensionsOf(dimensions),
  statistic,
  period,
});

const dimensionsOf = (dimensions: Metric['dimensions']): Pick<Condition, 'dimensions'> =>
  Object.keys(dimensions).length > 0 ? { dimensions: { ...dimensions } } : {};

/** A metric without data counts as 0: none of ours has any while nothing happens. */
const sumOf = (metrics: readonly Metric[], period: number): CloudwatchMetricAlarmMetricQuery[] => [
  {
    id: 'sum',
    expression: metrics.map((_, index) => `FILL(m${index}, 0)`).join(' + '),
    label: 'Sum',
    returnData: true,
  },
  ...metrics.map(({ namespace, name, dimensions, statistic }, index) => ({
    id: `m${index}`,
    metric: { namespace, metricName: name, ...dimensionsOf(dimensions), stat: statistic, period },
  })),
];

const watchesOf = (
  deployment: Deployment,
  { functions, stateMachineArn, queueName, deadLettersName, failedRuns }: AlarmsProps,
): Watch[] => {
  const { alarms, intake } = deployment.environment;
  return [
    {
      runbook: 'failed-runs',
      wrong:
        'Runs failed, were stopped or took too long, and not because of their data. Their objects wait in the raw zone, until somebody starts them again.',
      metrics: [failedRuns.failed, failedRuns.timedOut, failedRuns.stopped],
      limit: 0,
      periodSeconds: 5 * MINUTES,
      // Over would only say that no more have failed.
      neverOver: true,
    },
    {
      runbook: 'queue-age',
      wrong: `An object that arrived has waited for more than ${Math.round(alarms.queueAgeSeconds / MINUTES)} minutes for its run to start. Nothing is lost, and what comes after it may wait as well.`,
      metrics: [queueMetric(queueName, 'ApproximateAgeOfOldestMessage', 'Maximum')],
      limit: alarms.queueAgeSeconds,
      periodSeconds: 5 * MINUTES,
    },
    {
      runbook: 'dead-letters',
      wrong: `Notices of objects that arrived were tried ${intake.maxReceives} times and set aside: no run was started for these objects. They are kept for 14 days.`,
      metrics: [queueMetric(deadLettersName, 'ApproximateNumberOfMessagesVisible', 'Maximum')],
      limit: 0,
      periodSeconds: 5 * MINUTES,
    },
    ...[...datasets.keys()].map(
      (dataset): Watch => ({
        runbook: 'quality-score',
        subject: dataset,
        wrong: `The objects of ${dataset} score below ${alarms.qualityScore} of 100 on average in an hour: whoever sends them has changed something. What is below the dataset's own threshold is not published.`,
        metrics: [pipelineMetric(deployment, 'QualityScore', 'Average', { app: 'score-quality', dataset })],
        limit: alarms.qualityScore,
        below: true,
        periodSeconds: 60 * MINUTES,
        missing: 'ignore',
        canWait: true,
      }),
    ),
    ...functions.flatMap((watched): Watch[] => [
      {
        runbook: 'function-errors',
        subject: watched.app,
        wrong: `The function ${watched.app} has failed in each of the last three periods of five minutes: trying again does not help.`,
        metrics: [lambdaMetric(watched, 'Errors', 'Sum')],
        limit: 0,
        periodSeconds: 5 * MINUTES,
        periods: 3,
      },
      {
        runbook: 'function-duration',
        subject: watched.app,
        wrong: `The function ${watched.app} took more than ${Math.round(alarms.durationShare * 100)} % of the ${watched.timeoutSeconds} seconds that it has. A somewhat larger object will not get through.`,
        metrics: [lambdaMetric(watched, 'Duration', 'Maximum')],
        limit: alarms.durationShare * watched.timeoutSeconds * 1000,
        periodSeconds: 5 * MINUTES,
        canWait: true,
      },
      {
        runbook: 'throttles',
        subject: watched.app,
        wrong: `The function ${watched.app} has been refused to run for a quarter of an hour: its concurrency, or the account's, is used up. Runs are late, and those that were refused too often fail.`,
        metrics: [lambdaMetric(watched, 'Throttles', 'Sum')],
        limit: 0,
        periodSeconds: 5 * MINUTES,
        periods: 3,
      },
    ]),
    {
      runbook: 'throttles',
      subject: 'state-machine',
      wrong:
        "The state machine has been slowed down for a quarter of an hour: the account's rate of state transitions is used up. Runs are late; none is lost.",
      metrics: [stateMachineMetric(stateMachineArn, 'ExecutionThrottled', 'Sum')],
      limit: 0,
      periodSeconds: 5 * MINUTES,
      periods: 3,
    },
  ];
};
