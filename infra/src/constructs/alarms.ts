import { CloudwatchCompositeAlarm } from '@cdktf/provider-aws/lib/cloudwatch-composite-alarm/index.js';
import {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmConfig,
  type CloudwatchMetricAlarmMetricQuery,
} from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { Metric } from './metrics.ts';
import { runbook } from './runbook.ts';
import type { OfOne, OfSeveral, Watch, Watched } from './watch.ts';
import { watchesOf } from './watches.ts';

interface AlarmsProps extends Watched {
  /** Where alarms are sent. */
  readonly topicArn: string;
}

/**
 * Who hears of what is watched. Every alarm mails once when it begins and, where the metric can know, once when it is over.
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

const conditionOf = (watch: Watch): Condition => ({
  ...('formula' in watch ? { metricQuery: queriesOf(watch) } : oneMetric(watch)),
  evaluationPeriods: watch.periods ?? 1,
  comparisonOperator: watch.below ? 'LessThanThreshold' : 'GreaterThanThreshold',
  threshold: watch.limit,
  treatMissingData: watch.missing ?? 'notBreaching',
});

const oneMetric = ({ metric, periodSeconds }: Extract<Watch, OfOne>): Partial<Condition> => ({
  namespace: metric.namespace,
  metricName: metric.name,
  ...dimensionsOf(metric),
  ...(metric.statistic.startsWith('p')
    ? // Of a few requests the slowest is the slowest of a hundred, and mostly a cold start.
      { extendedStatistic: metric.statistic, evaluateLowSampleCountPercentiles: 'ignore' }
    : { statistic: metric.statistic }),
  period: periodSeconds,
});

const dimensionsOf = ({ dimensions }: Metric): Pick<Condition, 'dimensions'> =>
  Object.keys(dimensions).length > 0 ? { dimensions: { ...dimensions } } : {};

const queriesOf = ({
  formula,
  periodSeconds: period,
}: Extract<Watch, OfSeveral>): CloudwatchMetricAlarmMetricQuery[] => {
  const { label, metrics, expression } = formula;
  const ids = metrics.map((_, index) => `m${index}`);
  return [
    { id: 'formula', expression: expression(ids), label, returnData: true },
    ...metrics.map((metric, index) => ({
      id: ids[index] ?? '',
      metric: {
        namespace: metric.namespace,
        metricName: metric.name,
        ...dimensionsOf(metric),
        stat: metric.statistic,
        period,
      },
    })),
  ];
};
