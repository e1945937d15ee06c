import { datasets } from '@sluice/datasets';
import type { Dataset } from '@sluice/record-schema';
import { csvMapOf } from '@sluice/workflows';
import type { Deployment } from './deployment.ts';
import {
  childrenMetric,
  failedPercentage,
  lambdaMetric,
  leastOf,
  pipelineMetric,
  queueMetric,
  stateMachineMetric,
  sumOf,
  type WatchedFunction,
  type WatchedWorkflow,
} from './metrics.ts';
import { ofSpark } from './spark-watches.ts';
import { ofApi, ofArchive, ofStream } from './stream-watches.ts';
import type { Watch, Watched } from './watch.ts';

const MINUTES = 60;

/** Whether some of its objects may go through csv-map, where another function finds the score. */
export const takesBatches = (dataset: Dataset): boolean => csvMapOf(dataset) !== null;

/** Of what may fail: time to look, and not yet too late. */
export const shareOfTolerance = 0.5;

/**
 * One incident is to be one mail, so causes wait longer than symptoms: a run that fails mails at once, the function that
 * failed it only if it keeps failing for a quarter of an hour.
 */
export const watchesOf = (deployment: Deployment, watched: Watched): Watch[] => [
  ...watched.workflows.flatMap(ofWorkflow),
  ...ofQueues(deployment, watched),
  ...ofStream(deployment, watched),
  ...ofApi(deployment, watched),
  ...ofArchive(watched),
  ...ofSpark(deployment, watched),
  ...[...datasets.values()].map((dataset) => ofDataset(deployment, dataset)),
  ...watched.functions.flatMap((each) => ofFunction(deployment, each)),
];

const ofWorkflow = (workflow: Watched['workflows'][number]): Watch[] => {
  const { id, arn, failedRuns, toleratedFailurePercentage: tolerance } = workflow;
  const throttled = [
    stateMachineMetric(arn, 'ExecutionThrottled', 'Sum'),
    ...(tolerance === null ? [] : [childrenMetric(workflow, 'ExecutionThrottled', 'Sum')]),
  ];
  return [
    {
      runbook: 'failed-runs',
      subject: id,
      wrong: `Runs of ${id} failed, were stopped or took too long, and not because of their data. Their objects wait in the raw zone, until somebody starts them again.`,
      formula: sumOf([failedRuns.failed, failedRuns.timedOut, failedRuns.stopped]),
      limit: 0,
      periodSeconds: 5 * MINUTES,
      // Over would only say that no more have failed.
      neverOver: true,
    },
    ...(tolerance === null ? [] : ofMap(workflow, tolerance)),
    {
      runbook: 'throttles',
      subject: id,
      wrong: `The state machine ${id} has been slowed down for a quarter of an hour: the account's rate of state transitions is used up. Runs are late; none is lost.`,
      formula: sumOf(throttled),
      limit: 0,
      periodSeconds: 5 * MINUTES,
      periods: 3,
    },
  ];
};

/**
 * A batch that failed for good is handled: its rows are set aside, and a letter says so. Here is what no letter tells of:
 * batches that could not even be recorded, which is what Step Functions counts as failed.
 */
const ofMap = (workflow: WatchedWorkflow, tolerance: number): Watch[] => [
  {
    runbook: 'failed-batches',
    subject: workflow.id,
    wrong: `Batches of rows of ${workflow.id} failed, and could not even be recorded as failed. If the run goes on, their rows are in quarantine at its end; no letter tells of them.`,
    formula: sumOf(
      ['ExecutionsFailed', 'ExecutionsTimedOut'].map((name) => childrenMetric(workflow, name, 'Sum')),
    ),
    limit: 0,
    periodSeconds: 5 * MINUTES,
    neverOver: true,
  },
  {
    runbook: 'failure-tolerance',
    subject: workflow.id,
    wrong: `In five minutes more than ${shareOfTolerance * tolerance} % of the batches of ${workflow.id} failed and could not be recorded. At ${tolerance} % of its rows a run fails as a whole.`,
    formula: failedPercentage(workflow),
    limit: shareOfTolerance * tolerance,
    periodSeconds: 5 * MINUTES,
    neverOver: true,
  },
];

const ofQueues = (
  { environment: { alarms, intake } }: Deployment,
  { queueName, deadLettersName, failedBatchesName }: Watched,
): Watch[] => [
  {
    runbook: 'queue-age',
    wrong: `An object that arrived has waited for more than ${Math.round(alarms.queueAgeSeconds / MINUTES)} minutes for its run to start. Nothing is lost, and what comes after it may wait as well.`,
    metric: queueMetric(queueName, 'ApproximateAgeOfOldestMessage', 'Maximum'),
    limit: alarms.queueAgeSeconds,
    periodSeconds: 5 * MINUTES,
  },
  {
    runbook: 'dead-letters',
    wrong: `Notices of objects that arrived were tried ${intake.maxReceives} times and set aside: no run was started for these objects. They are kept for 14 days.`,
    metric: queueMetric(deadLettersName, 'ApproximateNumberOfMessagesVisible', 'Maximum'),
    limit: 0,
    periodSeconds: 5 * MINUTES,
  },
  {
    runbook: 'failed-batches',
    wrong:
      'Batches of rows failed for good. Their rows are in quarantine, and what is published lacks them until somebody replays them. The letters that say which are kept for 14 days.',
    metric: queueMetric(failedBatchesName, 'ApproximateNumberOfMessagesVisible', 'Maximum'),
    limit: 0,
    periodSeconds: 5 * MINUTES,
  },
];

const ofDataset = (deployment: Deployment, dataset: Dataset): Watch => {
  const { qualityScore } = deployment.environment.alarms;
  const { name } = dataset;
  const scoreOf = (app: string) =>
    pipelineMetric(deployment, 'QualityScore', 'Average', { app, dataset: name });
  return {
    runbook: 'quality-score',
    subject: name,
    wrong: `The objects of ${name} score below ${qualityScore} of 100 on average in an hour: whoever sends them has changed something. What is below the dataset's own threshold is not published.`,
    ...(takesBatches(dataset)
      ? { formula: leastOf([scoreOf('score-quality'), scoreOf('collect-map-run')]) }
      : { metric: scoreOf('score-quality') }),
    limit: qualityScore,
    below: true,
    periodSeconds: 60 * MINUTES,
    missing: 'ignore',
    canWait: true,
  };
};

const ofFunction = ({ environment: { alarms } }: Deployment, watched: WatchedFunction): Watch[] => [
  {
    runbook: 'function-errors',
    subject: watched.app,
    wrong: `The function ${watched.app} has failed in each of the last three periods of five minutes: trying again does not help.`,
    metric: lambdaMetric(watched, 'Errors', 'Sum'),
    limit: 0,
    periodSeconds: 5 * MINUTES,
    periods: 3,
  },
  {
    runbook: 'function-duration',
    subject: watched.app,
    wrong: `The function ${watched.app} took more than ${Math.round(alarms.durationShare * 100)} % of the ${watched.timeoutSeconds} seconds that it has. A somewhat larger object will not get through.`,
    metric: lambdaMetric(watched, 'Duration', 'Maximum'),
    limit: Math.round(alarms.durationShare * watched.timeoutSeconds * 1000),
    periodSeconds: 5 * MINUTES,
    canWait: true,
  },
  {
    runbook: 'throttles',
    subject: watched.app,
    wrong: `The function ${watched.app} has been refused to run for a quarter of an hour: its concurrency, or the account's, is used up. Runs are late, and those that were refused too often fail.`,
    metric: lambdaMetric(watched, 'Throttles', 'Sum'),
    limit: 0,
    periodSeconds: 5 * MINUTES,
    periods: 3,
  },
];
