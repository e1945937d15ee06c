import type { MetricName } from '@sluice/lambda-kit/metric-names';
import type { Deployment } from './deployment.ts';
import { type Graph, type Line, statisticLines } from './graph.ts';
import {
  apiMetric,
  deliveryMetric,
  lambdaMetric,
  type Metric,
  pipelineMetric,
  queueMetric,
  streamMetric,
} from './metrics.ts';
import type { Watched } from './watch.ts';

/** What the dashboard shows of the stream: what comes, how it is read, what becomes of it. */
export const streamGraphs = (deployment: Deployment, { stream, archive }: Watched): Graph[][] => {
  const { name, consumer, deadLettersName } = stream;
  const of = (metric: string): Metric => streamMetric(name, metric, 'Sum');
  const records = (metric: MetricName, label: string): Line => ({
    metric: pipelineMetric(deployment, metric, 'Sum', { app: consumer.app }),
    label,
  });
  return [
    [
      {
        title: 'Stream: what comes in',
        lines: [
          { metric: of('IncomingRecords'), label: 'records' },
          { metric: of('IncomingBytes'), label: 'bytes', axis: 'right' },
        ],
      },
      {
        title: 'Stream: refused',
        lines: [
          { metric: of('WriteProvisionedThroughputExceeded'), label: 'records of producers' },
          { metric: of('ReadProvisionedThroughputExceeded'), label: 'calls of readers' },
        ],
      },
      {
        title: 'Stream: how old is what is read',
        unit: 'milliseconds',
        limit: { label: 'alarm above', value: deployment.environment.alarms.iteratorAgeSeconds * 1000 },
        lines: [{ metric: lambdaMetric(consumer, 'IteratorAge', 'Maximum'), label: consumer.app }],
      },
      {
        title: 'Stream: letters about batches that were given up',
        lines: [
          {
            metric: queueMetric(deadLettersName, 'ApproximateNumberOfMessagesVisible', 'Maximum'),
            label: 'not seen to',
          },
        ],
      },
    ],
    [
      {
        title: 'Stream: what became of the records',
        stacked: true,
        lines: [
          records('RecordsLanded', 'landed'),
          records('RecordsQuarantined', 'quarantined'),
          records('RecordsRepeated', 'there already'),
          records('RecordsFailed', 'failed, come again'),
        ],
      },
      {
        title: 'Stream: batches',
        lines: [{ metric: lambdaMetric(consumer, 'Invocations', 'Sum'), label: 'handed over' }],
      },
      ...(archive === null ? [] : archiveGraphs(archive.name)),
    ],
  ];
};

const archiveGraphs = (name: string): Graph[] => [
  {
    title: 'Archive of the stream: what it has got',
    lines: [
      { metric: deliveryMetric(name, 'DataReadFromKinesisStream.Records', 'Sum'), label: 'read' },
      { metric: deliveryMetric(name, 'DeliveryToS3.Records', 'Sum'), label: 'put' },
    ],
  },
  {
    title: 'Archive of the stream: how late it is',
    unit: 'seconds',
    lines: [
      { metric: deliveryMetric(name, 'DeliveryToS3.DataFreshness', 'Maximum'), label: 'oldest that waits' },
    ],
  },
];

/** What the dashboard shows of the HTTP API: a row, or none where there is no API. */
export const apiGraphs = (deployment: Deployment, { apiId }: Watched): Graph[][] => {
  if (apiId === null) return [];
  const { apiLatencyMs } = deployment.environment.alarms;
  const records = (metric: MetricName, label: string): Line => ({
    metric: pipelineMetric(deployment, metric, 'Sum', { app: 'ingest-api' }),
    label,
  });
  return [
    [
      { title: 'API: requests', lines: [{ metric: apiMetric(apiId, 'Count', 'Sum'), label: 'requests' }] },
      {
        title: 'API: not taken',
        stacked: true,
        lines: [
          { metric: apiMetric(apiId, '4xx', 'Sum'), label: "4xx, the caller's fault" },
          { metric: apiMetric(apiId, '5xx', 'Sum'), label: '5xx, ours' },
        ],
      },
      {
        title: 'API: how long it takes',
        unit: 'milliseconds',
        limit: { label: 'alarm if p99 is above', value: apiLatencyMs },
        lines: statisticLines(['p50', 'p99'], (statistic) => apiMetric(apiId, 'Latency', statistic)),
      },
      {
        title: 'API: what became of the records',
        stacked: true,
        lines: [records('RecordsAccepted', 'taken'), records('RecordsRejected', 'refused')],
      },
    ],
  ];
};
