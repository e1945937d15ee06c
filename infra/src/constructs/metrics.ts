import { type MetricName, metricNamespace } from '@sluice/lambda-kit/metric-names';
import { mapLabel } from '@sluice/workflows';
import type { Deployment } from './deployment.ts';

/** One time series of CloudWatch and how it is summed up. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** `Sum`, `Average`, `Maximum`, or a percentile: `p95`. */
  readonly statistic: string;
}

/** One number of several metrics. */
export interface Formula {
  readonly label: string;
  readonly metrics: readonly Metric[];
  /**
   * In CloudWatch's metric math, of the metrics' ids in their order.
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
   */
  readonly expression: (ids: readonly string[]) => string;
}

/** A metric without data counts as 0: none of ours has any while nothing happens. */
const added = (ids: readonly string[]): string => ids.map((id) => `FILL(${id}, 0)`).join(' + ');

export const sumOf = (metrics: readonly Metric[], label = 'Sum'): Formula => ({
  label,
  metrics,
  expression: added,
});

/** The least of those that have data. */
export const leastOf = (metrics: readonly Metric[]): Formula => ({
  label: 'Least',
  metrics,
  expression: (ids) => `MIN([${ids.join(', ')}])`,
});

/** Of what is counted in `whole`, the percentage that is counted in `part`, too. No data while nothing is. */
export const percentageOf = (part: readonly Metric[], whole: readonly Metric[], label: string): Formula => ({
  label,
  metrics: [...part, ...whole],
  expression: (ids) => `100 * (${added(ids.slice(0, part.length))}) / (${added(ids.slice(part.length))})`,
});

/** A deployed function, as far as it is watched. */
export interface WatchedFunction {
  /** Its folder in `apps/`. */
  readonly app: string;
  readonly name: string;
  readonly timeoutSeconds: number;
}

/** A deployed state machine, as far as it is watched. */
export interface WatchedWorkflow {
  /** Its name without the prefix: `etl`. */
  readonly id: string;
  readonly arn: string;
  readonly logGroupName: string;
  /** Of the rows of its Distributed Map the percentage that may fail; null: it has no such Map. */
  readonly toleratedFailurePercentage: number | null;
}

/** A metric of ours, of one app. An app that serves one dataset at a time gives it as a dimension as well. */
export const pipelineMetric = (
  deployment: Deployment,
  name: MetricName,
  statistic: string,
  { app, ...dataset }: { readonly app: string; readonly dataset?: string },
): Metric => ({
  namespace: metricNamespace,
  name,
  // As lambda-kit measures: under the name of the function.
  dimensions: { service: deployment.nameOf(app), ...dataset },
  statistic,
});

export const lambdaMetric = (
  { name: FunctionName }: WatchedFunction,
  name: string,
  statistic: string,
): Metric => ({
  namespace: 'AWS/Lambda',
  name,
  dimensions: { FunctionName },
  statistic,
});

/** https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html */
export const streamMetric = (StreamName: string, name: string, statistic: string): Metric => ({
  namespace: 'AWS/Kinesis',
  name,
  dimensions: { StreamName },
  statistic,
});

/** Of an HTTP API: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
export const apiMetric = (ApiId: string, name: string, statistic: string): Metric => ({
  namespace: 'AWS/ApiGateway',
  name,
  dimensions: { ApiId },
  statistic,
});

/** Of Firehose: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html */
export const deliveryMetric = (DeliveryStreamName: string, name: string, statistic: string): Metric => ({
  namespace: 'AWS/Firehose',
  name,
  dimensions: { DeliveryStreamName },
  statistic,
});

/**
 * Of all runs of a Glue job together. What is called a percentage is a share, from 0 to 1.
 * https://docs.aws.amazon.com/glue/latest/dg/monitor-observability.html
 */
export const glueMetric = (
  JobName: string,
  name: string,
  statistic: string,
  group: { readonly Type: 'gauge' | 'count'; readonly ObservabilityGroup?: string },
): Metric => ({
  namespace: 'Glue',
  name,
  dimensions: { JobName, JobRunId: 'ALL', ...group },
  statistic,
});

/** https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-job-metrics.html */
export const emrServerlessMetric = (ApplicationId: string, name: string, statistic: string): Metric => ({
  namespace: 'AWS/EMRServerless',
  name,
  dimensions: { ApplicationId },
  statistic,
});

export const queueMetric = (QueueName: string, name: string, statistic: string): Metric => ({
  namespace: 'AWS/SQS',
  name,
  dimensions: { QueueName },
  statistic,
});

/**
 * Of the children of a Distributed Map, which Step Functions counts apart from their parent:
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
 */
export const childrenMetric = ({ arn }: WatchedWorkflow, name: string, statistic: string): Metric =>
  stateMachineMetric(`${arn}/${mapLabel}`, name, statistic);

/**
 * Of a Distributed Map's children that have ended the percentage that failed. Step Functions' own percentage, at which a
 * Map Run fails, is of the items of the whole run; batches are about equally large, and what a run begins with is its rate
 * of failures so far. No data while none ends.
 */
export const failedPercentage = (workflow: WatchedWorkflow): Formula => ({
  label: workflow.id,
  metrics: ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsSucceeded'].map((name) =>
    childrenMetric(workflow, name, 'Sum'),
  ),
  expression: (ids) => `100 * (${added(ids.slice(0, 2))}) / (${added(ids)})`,
});

/** Of all Map Runs of the account in this region: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html */
export const mapRunsMetric = (name: string, statistic: string): Metric => ({
  namespace: 'AWS/States',
  name,
  dimensions: {},
  statistic,
});

export const stateMachineMetric = (StateMachineArn: string, name: string, statistic: string): Metric => ({
  namespace: 'AWS/States',
  name,
  dimensions: { StateMachineArn },
  statistic,
});
