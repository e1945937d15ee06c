import type { Deployment } from './deployment.ts';
import type { Graph } from './graph.ts';
import { emrServerlessMetric, glueMetric, type Metric } from './metrics.ts';
import type { Watch, Watched, WatchedSpark } from './watch.ts';

const MINUTES = 60;

const resources = { Type: 'gauge', ObservabilityGroup: 'resource_utilization' } as const;

/** The largest share of the executors' disks, or of their heaps, that was used. */
const used = (jobName: string, what: 'disk' | 'memory.heap'): Metric =>
  glueMetric(jobName, `glue.ALL.${what}.used.percentage`, 'Maximum', resources);

/**
 * That a run of the job failed its state machine tells, and that it takes long an event of Glue's: glue-job.ts. Here is what
 * makes the next run fail.
 */
export const ofSpark = ({ environment }: Deployment, { spark }: Watched): Watch[] => {
  const { alarms } = environment;
  const waiting: Pick<Watch, 'runbook' | 'subject' | 'wrong' | 'limit' | 'periodSeconds' | 'periods'> = {
    runbook: 'throttles',
    subject: 'spark',
    wrong:
      'For a quarter of an hour large objects have waited for Spark: as many of its runs as may be are at work on others. None is lost, but one that waits for half a day fails.',
    limit: 0,
    periodSeconds: 5 * MINUTES,
    periods: 3,
  };
  if (spark.kind === 'emr-serverless')
    return [{ ...waiting, metric: emrServerlessMetric(spark.applicationId, 'PendingJobs', 'Minimum') }];
  const percent = Math.round(alarms.sparkUsedShare * 100);
  return [
    // A run that waits asks every ten minutes at most: a quarter of an hour has one in it.
    { ...waiting, metric: spark.waits, periodSeconds: 15 * MINUTES, periods: 2 },
    {
      runbook: 'spark-resources',
      subject: 'disk',
      wrong: `A run of the Spark job used more than ${percent} % of its workers' disks. A somewhat larger object, or one with fewer columns that tell its rows apart, will not get through.`,
      metric: used(spark.jobName, 'disk'),
      limit: alarms.sparkUsedShare,
      periodSeconds: 5 * MINUTES,
      canWait: true,
    },
    {
      runbook: 'spark-resources',
      subject: 'memory',
      wrong: `For a quarter of an hour a run of the Spark job used more than ${percent} % of its workers' memory. It is slow now, and a somewhat larger object may fail.`,
      metric: used(spark.jobName, 'memory.heap'),
      limit: alarms.sparkUsedShare,
      periodSeconds: 5 * MINUTES,
      periods: 3,
      canWait: true,
    },
  ];
};

/** A row of the dashboard. */
export const sparkGraphs = ({ environment }: Deployment, { spark }: Watched): Graph[] =>
  spark.kind === 'glue' ? glueGraphs(spark, environment.alarms.sparkUsedShare) : emrGraphs(spark);

const glueGraphs = (
  { jobName, waits }: Extract<WatchedSpark, { kind: 'glue' }>,
  alarmAbove: number,
): Graph[] => [
  {
    title: 'Spark: runs',
    stacked: true,
    lines: [
      {
        metric: glueMetric(jobName, 'glue.succeed.ALL', 'Sum', { Type: 'count' }),
        label: 'succeeded',
      },
      {
        metric: glueMetric(jobName, 'glue.error.ALL', 'Sum', { Type: 'count', ObservabilityGroup: 'error' }),
        label: 'failed',
      },
      { metric: waits, label: 'had to wait' },
    ],
  },
  {
    title: 'Spark: workers',
    lines: ['numberAllExecutors', 'numberMaxNeededExecutors'].map((name) => ({
      metric: glueMetric(jobName, `glue.driver.ExecutorAllocationManager.executors.${name}`, 'Maximum', {
        Type: 'gauge',
      }),
      label: name === 'numberAllExecutors' ? 'at work' : 'of use',
    })),
  },
  {
    title: 'Spark: disks and memory in use',
    unit: 'share',
    to: 1,
    limit: { label: 'alarm above', value: alarmAbove },
    lines: [
      { metric: used(jobName, 'disk'), label: 'disks' },
      { metric: used(jobName, 'memory.heap'), label: 'memory' },
    ],
  },
];

const emrGraphs = ({ applicationId }: Extract<WatchedSpark, { kind: 'emr-serverless' }>): Graph[] => [
  {
    title: 'Spark: runs',
    lines: Object.entries({
      PendingJobs: 'waiting',
      RunningJobs: 'running',
      SuccessJobs: 'succeeded',
      FailedJobs: 'failed',
    }).map(([name, label]) => ({ metric: emrServerlessMetric(applicationId, name, 'Maximum'), label })),
  },
  {
    title: 'Spark: processors',
    lines: Object.entries({ CPUAllocated: 'in use', MaxCPUAllowed: 'at most' }).map(([name, label]) => ({
      metric: emrServerlessMetric(applicationId, name, 'Maximum'),
      label,
    })),
  },
];
