import { CloudwatchDashboard } from '@cdktf/provider-aws/lib/cloudwatch-dashboard/index.js';
import { datasets } from '@sluice/datasets';
import type { MetricName } from '@sluice/lambda-kit/metric-names';
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

interface DashboardProps {
  readonly functions: readonly WatchedFunction[];
  readonly stateMachineArn: string;
  readonly queueName: string;
  readonly deadLettersName: string;
  readonly failedRuns: FailedRunMetrics;
  /** The first is the one that sums up the others. */
  readonly alarmArns: readonly string[];
}

/** One line of a graph. */
interface Line {
  readonly metric: Metric;
  readonly label: string;
  /** Right: a scale of its own. */
  readonly axis?: 'right';
}

interface Graph {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly stacked?: true;
  /** A horizontal line: where an alarm begins. */
  readonly limit?: { readonly label: string; readonly value: number };
  readonly from?: number;
  readonly to?: number;
  readonly unit?: string;
}

// A dashboard is 24 units wide: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
const width = 24;
const height = 6;

/** The dashboard `<prefix>`: alarms, runs, each dataset, the way in, the functions, the state machine. */
export class Dashboard extends Construct {
  /** Where to look at it. */
  readonly url: string;

  constructor(scope: Construct, id: string, deployment: Deployment, props: DashboardProps) {
    super(scope, id);
    const { namePrefix, region } = deployment.environment;
    new CloudwatchDashboard(this, 'dashboard', {
      dashboardName: namePrefix,
      dashboardBody: JSON.stringify({
        // What happened while one slept.
        start: '-P1D',
        widgets: [
          {
            type: 'alarm',
            ...{ x: 0, y: 0, width, height: 4 },
            properties: { title: 'Alarms', alarms: props.alarmArns },
          },
          ...rowsOf(deployment, props).flatMap((graphs, row) =>
            graphs.map((graph, column) => ({
              type: 'metric',
              x: (column * width) / graphs.length,
              y: 4 + row * height,
              width: width / graphs.length,
              height,
              properties: propertiesOf(graph, region),
            })),
          ),
        ],
      }),
    });
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${namePrefix}`;
  }
}

const propertiesOf = ({ title, lines, stacked, limit, from, to, unit }: Graph, region: string): object => ({
  title,
  region,
  view: 'timeSeries',
  stacked: stacked ?? false,
  period: 300,
  metrics: lines.map(({ metric: { namespace, name, dimensions, statistic }, label, axis }) => [
    namespace,
    name,
    ...Object.entries(dimensions).flat(),
    { label, stat: statistic, ...(axis ? { yAxis: axis } : {}) },
  ]),
  yAxis: {
    left: {
      min: from ?? 0,
      ...(to === undefined ? {} : { max: to }),
      ...(unit === undefined ? {} : { label: unit, showUnits: false }),
    },
  },
  ...(limit ? { annotations: { horizontal: [limit] } } : {}),
});

/** Each row has graphs of one width. */
const rowsOf = (
  deployment: Deployment,
  { functions, stateMachineArn, queueName, deadLettersName, failedRuns }: DashboardProps,
): Graph[][] => {
  const { alarms } = deployment.environment;
  const names = [...datasets.keys()];
  const published = (name: MetricName, statistic: string, dataset: string): Metric =>
    pipelineMetric(deployment, name, statistic, { app: 'publish-run', dataset });
  const ofDatasets = (name: MetricName): Line[] =>
    names.map((dataset) => ({ metric: published(name, 'Sum', dataset), label: dataset }));
  const ofFunctions = (name: string, statistic: string): Line[] =>
    functions.map((watched) => ({ metric: lambdaMetric(watched, name, statistic), label: watched.app }));
  const ofExecutions = (name: string, label: string): Line => ({
    metric: stateMachineMetric(stateMachineArn, name, 'Sum'),
    label,
  });

  return [
    [
      {
        title: 'Runs started',
        lines: [
          {
            metric: pipelineMetric(deployment, 'RunsStarted', 'Sum', { app: 'start-pipeline' }),
            label: 'runs',
          },
          {
            metric: pipelineMetric(deployment, 'BytesIn', 'Sum', { app: 'start-pipeline' }),
            label: 'bytes',
            axis: 'right',
          },
        ],
      },
      { title: 'Runs published', stacked: true, lines: ofDatasets('RunsPublished') },
      { title: "Objects refused: the data's fault", stacked: true, lines: ofDatasets('RunsRejected') },
      {
        title: "Runs failed: the lake's fault",
        stacked: true,
        lines: [
          { metric: failedRuns.failed, label: 'failed' },
          { metric: failedRuns.timedOut, label: 'timed out' },
          { metric: failedRuns.stopped, label: 'stopped' },
        ],
      },
    ],
    ...names.map((dataset): Graph[] => [
      {
        title: `${dataset}: what became of the rows`,
        stacked: true,
        lines: [
          { metric: published('RowsAccepted', 'Sum', dataset), label: 'accepted' },
          { metric: published('RowsFiltered', 'Sum', dataset), label: 'filtered' },
          { metric: published('RowsDuplicate', 'Sum', dataset), label: 'duplicates' },
          { metric: published('RowsQuarantined', 'Sum', dataset), label: 'quarantined' },
        ],
      },
      {
        title: `${dataset}: rows in`,
        lines: [{ metric: published('RowsIn', 'Sum', dataset), label: 'rows' }],
      },
      {
        title: `${dataset}: quality score`,
        to: 100,
        limit: { label: 'alarm below', value: alarms.qualityScore },
        lines: ['Average', 'Minimum'].map((statistic) => ({
          metric: pipelineMetric(deployment, 'QualityScore', statistic, { app: 'score-quality', dataset }),
          label: statistic.toLowerCase(),
        })),
      },
      {
        title: `${dataset}: from arrival to publication`,
        unit: 'seconds',
        lines: ['p50', 'p95', 'Maximum'].map((statistic) => ({
          metric: published('SecondsToPublish', statistic, dataset),
          label: statistic.toLowerCase(),
        })),
      },
    ]),
    [
      {
        title: 'Objects that wait for their run',
        lines: [
          {
            metric: queueMetric(queueName, 'ApproximateNumberOfMessagesVisible', 'Maximum'),
            label: 'waiting',
          },
          {
            metric: queueMetric(queueName, 'ApproximateNumberOfMessagesNotVisible', 'Maximum'),
            label: 'being started',
          },
        ],
      },
      {
        title: 'The one that waits longest',
        unit: 'seconds',
        limit: { label: 'alarm above', value: alarms.queueAgeSeconds },
        lines: [{ metric: queueMetric(queueName, 'ApproximateAgeOfOldestMessage', 'Maximum'), label: 'age' }],
      },
      {
        title: 'Dead letters',
        lines: [
          {
            metric: queueMetric(deadLettersName, 'ApproximateNumberOfMessagesVisible', 'Maximum'),
            label: 'set aside',
          },
        ],
      },
    ],
    [
      {
        title: 'Functions: longest invocation',
        unit: 'milliseconds',
        lines: ofFunctions('Duration', 'Maximum'),
      },
      { title: 'Functions: errors', stacked: true, lines: ofFunctions('Errors', 'Sum') },
      { title: 'Functions: throttles', stacked: true, lines: ofFunctions('Throttles', 'Sum') },
      { title: 'Functions: at once', lines: ofFunctions('ConcurrentExecutions', 'Maximum') },
    ],
    [
      {
        title: 'State machine: executions',
        lines: [
          ofExecutions('ExecutionsStarted', 'started'),
          ofExecutions('ExecutionsSucceeded', 'succeeded'),
          ofExecutions('ExecutionsFailed', 'failed or refused'),
          ofExecutions('ExecutionsTimedOut', 'timed out'),
          ofExecutions('ExecutionsAborted', 'stopped'),
        ],
      },
      {
        title: 'State machine: duration',
        unit: 'milliseconds',
        lines: ['p50', 'p95', 'Maximum'].map((statistic) => ({
          metric: stateMachineMetric(stateMachineArn, 'ExecutionTime', statistic),
          label: statistic.toLowerCase(),
        })),
      },
      {
        title: 'State machine: slowed down',
        lines: [ofExecutions('ExecutionThrottled', 'throttled')],
      },
    ],
  ];
};
