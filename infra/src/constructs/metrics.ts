import { type MetricName, metricNamespace } from '@sluice/lambda-kit/metric-names';
import type { Deployment } from './deployment.ts';

/** One time series of CloudWatch and how it is summed up. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** `Sum`, `Average`, `Maximum`, or a percentile: `p95`. */
  readonly statistic: string;
}

/** A deployed function, as far as it is watched. */
export interface WatchedFunction {
  /** Its folder in `apps/`. */
  readonly app: string;
  readonly name: string;
  readonly timeoutSeconds: number;
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

export const queueMetric = (QueueName: string, name: string, statistic: string): Metric => ({
  namespace: 'AWS/SQS',
  name,
  dimensions: { QueueName },
  statistic,
});

export const stateMachineMetric = (StateMachineArn: string, name: string, statistic: string): Metric => ({
  namespace: 'AWS/States',
  name,
  dimensions: { StateMachineArn },
  statistic,
});
