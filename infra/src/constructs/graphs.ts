import { datasets } from '@sluice/datasets';
import type { MetricName } from '@sluice/lambda-kit/metric-names';
import type { Dataset } from '@sluice/record-schema';
import type { Deployment } from './deployment.ts';
import { datasetNames, fateLines, type Graph, type Line, statisticLines } from './graph.ts';
import { mapGraphs } from './map-graphs.ts';
import { lambdaMetric, type Metric, pipelineMetric, queueMetric, stateMachineMetric } from './metrics.ts';
import { sparkGraphs } from './spark-watches.ts';
import { apiGraphs, streamGraphs } from './stream-graphs.ts';
import type { Watched } from './watch.ts';
import { takesBatches } from './watches.ts';

/** What the dashboard shows, row by row; each row has graphs of one width. */
export const graphsOf = (deployment: Deployment, watched: Watched): Graph[][] => [
  runs(deployment, watched),
  ...[...datasets.values()].map((dataset) => ofDataset(deployment, dataset)),
  ...streamGraphs(deployment, watched),
  ...apiGraphs(deployment, watched),
  waiting(deployment, watched),
  ...mapGraphs(deployment, watched),
  sparkGraphs(deployment, watched),
  functions(watched),
  ...watched.workflows.map(executions),
];

const runs = (deployment: Deployment, { workflows }: Watched): Graph[] => {
  const started = (name: MetricName): Metric =>
    pipelineMetric(deployment, name, 'Sum', { app: 'start-pipeline' });
  const published = (name: MetricName): Line[] =>
    datasetNames.map((dataset) => ({
      metric: pipelineMetric(deployment, name, 'Sum', { app: 'publish-run', dataset }),
      label: dataset,
    }));
  return [
    {
      title: 'Runs started',
      lines: [
        { metric: started('RunsStarted'), label: 'runs' },
        { metric: started('BytesIn'), label: 'bytes', axis: 'right' },
      ],
    },
    { title: 'Runs published', stacked: true, lines: published('RunsPublished') },
    { title: "Objects refused: the data's fault", stacked: true, lines: published('RunsRejected') },
    {
      title: "Runs failed: the lake's fault",
      stacked: true,
      lines: workflows.flatMap(({ id, failedRuns: { failed, timedOut, stopped } }) => [
        { metric: failed, label: `${id}: failed` },
        { metric: timedOut, label: `${id}: timed out` },
        { metric: stopped, label: `${id}: stopped` },
      ]),
    },
  ];
};

const ofDataset = (deployment: Deployment, dataset: Dataset): Graph[] => {
  const { name } = dataset;
  const measured = (app: string, metric: MetricName, statistic: string): Metric =>
    pipelineMetric(deployment, metric, statistic, { app, dataset: name });
  const score = (app: string, prefix = ''): Line[] =>
    statisticLines(['Average', 'Minimum'], (statistic) => measured(app, 'QualityScore', statistic), prefix);
  return [
    {
      title: `${name}: what became of the rows`,
      stacked: true,
      lines: fateLines((metric) => ({ metric: measured('publish-run', metric, 'Sum') })),
    },
    {
      title: `${name}: rows in`,
      lines: [{ metric: measured('publish-run', 'RowsIn', 'Sum'), label: 'rows' }],
    },
    {
      title: `${name}: quality score`,
      to: 100,
      limit: { label: 'alarm below', value: deployment.environment.alarms.qualityScore },
      lines: [
        ...score('score-quality'),
        ...(takesBatches(dataset) ? score('collect-map-run', 'csv-map, ') : []),
      ],
    },
    {
      title: `${name}: from arrival to publication`,
      unit: 'seconds',
      lines: statisticLines(['p50', 'p95', 'Maximum'], (statistic) =>
        measured('publish-run', 'SecondsToPublish', statistic),
      ),
    },
  ];
};

const waiting = (deployment: Deployment, { queueName, deadLettersName }: Watched): Graph[] => [
  {
    title: 'Objects that wait for their run',
    lines: [
      { metric: queueMetric(queueName, 'ApproximateNumberOfMessagesVisible', 'Maximum'), label: 'waiting' },
      {
        metric: queueMetric(queueName, 'ApproximateNumberOfMessagesNotVisible', 'Maximum'),
        label: 'being started',
      },
    ],
  },
  {
    title: 'The one that waits longest',
    unit: 'seconds',
    limit: { label: 'alarm above', value: deployment.environment.alarms.queueAgeSeconds },
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
];

const functions = (watched: Watched): Graph[] => {
  const lines = (name: string, statistic: string): Line[] =>
    watched.functions.map((each) => ({ metric: lambdaMetric(each, name, statistic), label: each.app }));
  return [
    {
      title: 'Functions: longest invocation',
      unit: 'milliseconds',
      lines: lines('Duration', 'Maximum'),
    },
    { title: 'Functions: errors', stacked: true, lines: lines('Errors', 'Sum') },
    { title: 'Functions: throttles', stacked: true, lines: lines('Throttles', 'Sum') },
    { title: 'Functions: at once', lines: lines('ConcurrentExecutions', 'Maximum') },
  ];
};

const executions = ({ id, arn }: Watched['workflows'][number]): Graph[] => {
  const line = (name: string, label: string): Line => ({
    metric: stateMachineMetric(arn, name, 'Sum'),
    label,
  });
  return [
    {
      title: `${id}: executions`,
      lines: [
        line('ExecutionsStarted', 'started'),
        line('ExecutionsSucceeded', 'succeeded'),
        line('ExecutionsFailed', 'failed or refused'),
        line('ExecutionsTimedOut', 'timed out'),
        line('ExecutionsAborted', 'stopped'),
      ],
    },
    {
      title: `${id}: duration`,
      unit: 'milliseconds',
      lines: statisticLines(['p50', 'p95', 'Maximum'], (statistic) =>
        stateMachineMetric(arn, 'ExecutionTime', statistic),
      ),
    },
    {
      title: `${id}: slowed down`,
      lines: [line('ExecutionThrottled', 'throttled')],
    },
  ];
};
