import { CloudwatchDashboard } from '@cdktf/provider-aws/lib/cloudwatch-dashboard/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { Graph, Line } from './graph.ts';
import { graphsOf } from './graphs.ts';
import type { Metric } from './metrics.ts';
import type { Watched } from './watch.ts';

interface DashboardProps extends Watched {
  /** The first is the one that sums up the others. */
  readonly alarmArns: readonly string[];
}

// A dashboard is 24 units wide: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
const width = 24;
const height = 6;

/** The dashboard `<prefix>`: alarms, runs, each dataset, the ways in, batches, the functions, the state machines. */
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
          ...graphsOf(deployment, props).flatMap((graphs, row) =>
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
  metrics: lines.flatMap(metricsOf),
  yAxis: {
    left: {
      min: from ?? 0,
      ...(to === undefined ? {} : { max: to }),
      ...(unit === undefined ? {} : { label: unit, showUnits: false }),
    },
  },
  ...(limit ? { annotations: { horizontal: [limit] } } : {}),
});

/** What CloudWatch takes for a line: its metric; or its formula and, out of sight, the metrics of that. */
const metricsOf = (line: Line, place: number): unknown[][] => {
  const shown = { label: line.label, ...(line.axis ? { yAxis: line.axis } : {}) };
  if ('metric' in line) return [metricOf(line.metric, shown)];
  const { metrics, expression } = line.formula;
  const ids = metrics.map((_, index) => `l${place}m${index}`);
  return [
    [{ ...shown, id: `l${place}`, expression: expression(ids) }],
    ...metrics.map((metric, index) => metricOf(metric, { id: ids[index], visible: false })),
  ];
};

const metricOf = ({ namespace, name, dimensions, statistic }: Metric, options: object): unknown[] => [
  namespace,
  name,
  ...Object.entries(dimensions).flat(),
  { ...options, stat: statistic },
];
