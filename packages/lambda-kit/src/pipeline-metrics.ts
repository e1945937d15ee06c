import { Metrics } from '@aws-lambda-powertools/metrics';
import { z } from 'zod';
import { type MetricName, metricNamespace, metricUnits } from './metric-names.ts';
import { parseEnv } from './parse-env.ts';

// Set by Lambda itself.
const lambda = z.object({ AWS_LAMBDA_FUNCTION_NAME: z.string().min(1) });

/** Adds to a metric; the values of one invocation are published together, in CloudWatch's embedded metric format. */
export type Measure = (name: MetricName, value: number) => void;

/**
 * Dimensions: `service`, which is the name of the function as it is deployed, so that two environments in one account do
 * not add up; and `dataset` where there is one.
 */
export function pipelineMetrics() {
  const { AWS_LAMBDA_FUNCTION_NAME: serviceName } = parseEnv(lambda);
  const metrics = new Metrics({ namespace: metricNamespace, serviceName });
  const measure: Measure = (name, value) => {
    // Compiles only while every unit is one of CloudWatch's.
    metrics.addMetric(name, metricUnits[name], value);
  };
  return {
    measure,
    forDataset(dataset: string): void {
      metrics.addDimension('dataset', dataset);
    },
    publish(): void {
      // Publishing nothing would print a warning for every invocation that measures nothing.
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
      else metrics.clearDimensions();
    },
  };
}
