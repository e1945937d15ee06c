import type { MetricName } from '@sluice/lambda-kit/metric-names';
import type { Deployment } from './deployment.ts';
import { datasetNames, fateLines, type Graph, statisticLines } from './graph.ts';
import {
  childrenMetric,
  failedPercentage,
  lambdaMetric,
  type Metric,
  mapRunsMetric,
  pipelineMetric,
  queueMetric,
  sumOf,
  type WatchedWorkflow,
} from './metrics.ts';
import type { Watched } from './watch.ts';
import { shareOfTolerance } from './watches.ts';

/** What the dashboard shows of Distributed Maps: two rows, or none where no state machine has one. */
export const mapGraphs = (deployment: Deployment, watched: Watched): Graph[][] => {
  const maps = watched.workflows.filter(
    ({ toleratedFailurePercentage }) => toleratedFailurePercentage !== null,
  );
  return maps.length === 0 ? [] : [mapRuns(maps), batches(deployment, watched)];
};

/** What Step Functions knows of Map Runs and their children. */
const mapRuns = (maps: readonly WatchedWorkflow[]): Graph[] => {
  const tolerance = maps[0]?.toleratedFailurePercentage ?? 0;
  return [
    {
      title: 'csv-map: batches',
      lines: maps.flatMap((workflow) =>
        Object.entries({
          ExecutionsStarted: 'started',
          ExecutionsSucceeded: 'handled',
          ExecutionsFailed: 'failed',
          ExecutionsTimedOut: 'timed out',
          ExecutionsAborted: 'stopped',
        }).map(([name, label]) => ({
          metric: childrenMetric(workflow, name, 'Sum'),
          label: `${workflow.id}: ${label}`,
        })),
      ),
    },
    {
      title: 'csv-map: how long a batch takes',
      unit: 'milliseconds',
      lines: maps.flatMap((workflow) =>
        statisticLines(
          ['p50', 'p95', 'Maximum'],
          (statistic) => childrenMetric(workflow, 'ExecutionTime', statistic),
          `${workflow.id}: `,
        ),
      ),
    },
    {
      title: 'csv-map: batches that could not be recorded',
      unit: 'percent',
      limit: { label: 'alarm above', value: shareOfTolerance * tolerance },
      lines: maps.map((workflow) => ({ formula: failedPercentage(workflow), label: workflow.id })),
    },
    {
      title: 'Map Runs of the account',
      lines: [
        { metric: mapRunsMetric('ApproximateOpenMapRunCount', 'Maximum'), label: 'open' },
        { metric: mapRunsMetric('OpenMapRunLimit', 'Maximum'), label: 'most that AWS lets be open' },
        { metric: mapRunsMetric('ApproximateMapRunBacklogSize', 'Maximum'), label: 'waiting to open' },
      ],
    },
  ];
};

/** What the functions know of batches and their rows. */
const batches = (deployment: Deployment, { functions, failedBatchesName }: Watched): Graph[] => {
  const measured = (app: string, name: MetricName): Metric[] =>
    datasetNames.map((dataset) => pipelineMetric(deployment, name, 'Sum', { app, dataset }));
  return [
    {
      title: 'csv-map: what became of the rows',
      stacked: true,
      lines: fateLines((name) => ({ formula: sumOf(measured('collect-map-run', name)) })),
    },
    {
      title: 'csv-map: rows of batches that failed for good',
      stacked: true,
      lines: datasetNames.map((dataset) => ({
        metric: pipelineMetric(deployment, 'MapItemsFailed', 'Sum', { app: 'record-failed-rows', dataset }),
        label: dataset,
      })),
    },
    {
      title: 'csv-map: process-rows',
      lines: functions
        .filter(({ app }) => app === 'process-rows')
        .flatMap((each) => [
          { metric: lambdaMetric(each, 'ConcurrentExecutions', 'Maximum'), label: 'at once' },
          { metric: lambdaMetric(each, 'Throttles', 'Sum'), label: 'throttles', axis: 'right' as const },
        ]),
    },
    {
      title: 'csv-map: letters about failed batches',
      lines: [
        {
          metric: queueMetric(failedBatchesName, 'ApproximateNumberOfMessagesVisible', 'Maximum'),
          label: 'not seen to',
        },
      ],
    },
  ];
};
