import { Metrics } from '@aws-lambda-powertools/metrics';
import { type MetricName, metricNamespace, metricUnits } from './metric-names.ts';

/** Adds to a metric; the values of one invocation are published together, in CloudWatch's embedded metric format. */
export type Measure = (name: MetricName, value: number) => void;

/** Dimensions: `service`, and `dataset` where there is one. */
export function pipelineMetrics(service: string) {
  const metrics = new Metrics({ namespace: metricNamespace, serviceName: service });
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
