import type { MetricName } from '@sluice/lambda-kit/metric-names';
import type { Deployment } from './deployment.ts';
import {
  apiMetric,
  deliveryMetric,
  lambdaMetric,
  percentageOf,
  pipelineMetric,
  queueMetric,
  streamMetric,
} from './metrics.ts';
import type { Watch, Watched } from './watch.ts';

const MINUTES = 60;
const HOURS = 60 * MINUTES;

/** Of the time that is left for a record: early enough to mend what is wrong, late enough that it does not mend itself. */
const shareOfTimeLeft = 0.5;

/** How old a record of the stream becomes before it is given up, or gone. */
const lastSeconds = ({ environment: { ingest, stream } }: Deployment): number => {
  const kept = stream.retentionHours * HOURS;
  return ingest.maxRecordAgeSeconds === -1 ? kept : Math.min(kept, ingest.maxRecordAgeSeconds);
};

/** Without the last digits of a product that a person would not write. */
const percentOf = (share: number): number => Number((share * 100).toPrecision(6));

/** The age of what is read, not of what Kinesis hands out: that of another reader would be mixed in. */
export const ofStream = (deployment: Deployment, { stream }: Watched): Watch[] => {
  const { alarms, stream: settings } = deployment.environment;
  const { name, consumer, deadLettersName } = stream;
  const age = lambdaMetric(consumer, 'IteratorAge', 'Maximum');
  const hoursOf = (seconds: number): number => Math.round((seconds / HOURS) * 10) / 10;
  const last = lastSeconds(deployment);
  const records = (metric: MetricName) => pipelineMetric(deployment, metric, 'Sum', { app: consumer.app });
  const unreadable = percentOf(alarms.unreadableShare);
  return [
    {
      runbook: 'iterator-age',
      subject: 'late',
      wrong: `For a quarter of an hour ${consumer.app} has read records that are older than ${Math.round(alarms.iteratorAgeSeconds / MINUTES)} minutes: more comes than it takes, or it fails and tries again. Nothing is lost, and the lake is late.`,
      metric: age,
      limit: alarms.iteratorAgeSeconds * 1000,
      periodSeconds: 5 * MINUTES,
      periods: 3,
      canWait: true,
    },
    {
      runbook: 'iterator-age',
      subject: 'expiring',
      wrong: `${consumer.app} reads records that are older than ${hoursOf(shareOfTimeLeft * last)} hours. At ${hoursOf(last)} hours they are given up; the stream forgets them ${settings.retentionHours} hours after they came.`,
      metric: age,
      limit: shareOfTimeLeft * last * 1000,
      periodSeconds: 5 * MINUTES,
    },
    {
      runbook: 'iterator-age',
      subject: 'unread',
      wrong: `For a quarter of an hour records have come into the stream, and ${consumer.app} was not called once. Nothing is lost yet; the stream forgets them ${settings.retentionHours} hours after they came.`,
      formula: {
        label: 'Unread',
        metrics: [streamMetric(name, 'IncomingRecords', 'Sum'), lambdaMetric(consumer, 'Invocations', 'Sum')],
        expression: ([came, read]) => `IF(FILL(${came}, 0) > 0 AND FILL(${read}, 0) == 0, 1, 0)`,
      },
      limit: 0,
      periodSeconds: 5 * MINUTES,
      periods: 3,
    },
    {
      runbook: 'iterator-age',
      subject: 'unwritten',
      wrong: `In each of the last three periods of five minutes ${consumer.app} could not write records: S3 fails, or a permission or a key is in the way. They come again, until they are given up.`,
      // A batch of which a part failed is no error of the function.
      metric: records('RecordsFailed'),
      limit: 0,
      periodSeconds: 5 * MINUTES,
      periods: 3,
    },
    {
      runbook: 'given-up-records',
      wrong: `Batches of the stream were tried too often, or became too old, and were given up. Their records are not in the lake, and the stream forgets them ${settings.retentionHours} hours after they came. The letters that say which are kept for 14 days.`,
      metric: queueMetric(deadLettersName, 'ApproximateNumberOfMessagesVisible', 'Maximum'),
      limit: 0,
      periodSeconds: 5 * MINUTES,
    },
    {
      runbook: 'quarantined-records',
      wrong: `More than ${unreadable} % of an hour's records of the stream cannot be read, and are in quarantine: whoever sends them has changed something, or names a dataset that is not there.`,
      formula: percentageOf([records('RecordsQuarantined')], [records('RecordsIn')], 'Unreadable'),
      limit: unreadable,
      periodSeconds: 60 * MINUTES,
      canWait: true,
    },
    {
      runbook: 'stream-throttles',
      wrong:
        'For a quarter of an hour the stream has refused records: more are sent than its shards take. Producers try again, and lose what they give up.',
      metric: streamMetric(name, 'WriteProvisionedThroughputExceeded', 'Sum'),
      limit: 0,
      periodSeconds: 5 * MINUTES,
      periods: 3,
    },
  ];
};

export const ofApi = ({ environment: { alarms } }: Deployment, { apiId }: Watched): Watch[] => {
  if (apiId === null) return [];
  const percent = percentOf(alarms.apiRefusedShare);
  return [
    {
      runbook: 'api-errors',
      wrong:
        'The API has answered 5xx in each of the last three periods of five minutes. What was posted then is in the stream only as far as its answer says so.',
      metric: apiMetric(apiId, '5xx', 'Sum'),
      limit: 0,
      periodSeconds: 5 * MINUTES,
      periods: 3,
    },
    {
      runbook: 'api-refusals',
      wrong: `For a quarter of an hour the API has refused more than ${percent} % of all requests: somebody sends what it cannot take, may not send it, or sends too much.`,
      formula: percentageOf([apiMetric(apiId, '4xx', 'Sum')], [apiMetric(apiId, 'Count', 'Sum')], 'Refused'),
      limit: percent,
      periodSeconds: 5 * MINUTES,
      periods: 3,
      canWait: true,
    },
    {
      runbook: 'api-latency',
      wrong: `For a quarter of an hour one of a hundred requests to the API has taken longer than ${alarms.apiLatencyMs} milliseconds.`,
      metric: apiMetric(apiId, 'Latency', 'p99'),
      limit: alarms.apiLatencyMs,
      periodSeconds: 5 * MINUTES,
      periods: 3,
      canWait: true,
    },
  ];
};

/** Beyond what it waits for when all is well. */
const archiveLateSeconds = 15 * MINUTES;

export const ofArchive = ({ archive }: Watched): Watch[] => {
  if (archive === null) return [];
  const { name, bufferSeconds } = archive;
  return [
    {
      runbook: 'archive-behind',
      subject: 'delivery',
      wrong:
        'Firehose cannot put the records of the stream into the archive. It tries for a day, and then they are missing there. The lake does not need the archive.',
      metric: deliveryMetric(name, 'DeliveryToS3.DataFreshness', 'Maximum'),
      limit: bufferSeconds + archiveLateSeconds,
      periodSeconds: 5 * MINUTES,
      canWait: true,
    },
    {
      runbook: 'archive-behind',
      subject: 'reading',
      wrong: `Firehose reads records of the stream that are older than ${archiveLateSeconds / MINUTES} minutes. What the stream has forgotten before it comes there is missing in the archive. The lake does not need the archive.`,
      metric: deliveryMetric(name, 'KinesisMillisBehindLatest', 'Maximum'),
      limit: archiveLateSeconds * 1000,
      periodSeconds: 5 * MINUTES,
      periods: 3,
      canWait: true,
    },
  ];
};
