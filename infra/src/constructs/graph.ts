import { datasets } from '@sluice/datasets';
import type { MetricName } from '@sluice/lambda-kit/metric-names';
import type { Formula, Metric } from './metrics.ts';

/** One line of a graph. */
export type Line = ({ readonly metric: Metric } | { readonly formula: Formula }) & {
  readonly label: string;
  /** Right: a scale of its own. */
  readonly axis?: 'right';
};

export interface Graph {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly stacked?: true;
  /** A horizontal line: where an alarm begins. */
  readonly limit?: { readonly label: string; readonly value: number };
  readonly from?: number;
  readonly to?: number;
  readonly unit?: string;
}

export const datasetNames: readonly string[] = [...datasets.keys()];

const fates: readonly (readonly [name: MetricName, label: string])[] = [
  ['RowsAccepted', 'accepted'],
  ['RowsFiltered', 'filtered'],
  ['RowsDuplicate', 'duplicates'],
  ['RowsQuarantined', 'quarantined'],
];

/** A line for each fate of a row. */
export const fateLines = (
  of: (name: MetricName) => { readonly metric: Metric } | { readonly formula: Formula },
): Line[] => fates.map(([name, label]) => ({ ...of(name), label }));

/** A line for each statistic of a metric. */
export const statisticLines = (
  statistics: readonly string[],
  metric: (statistic: string) => Metric,
  prefix = '',
): Line[] =>
  statistics.map((statistic) => ({
    metric: metric(statistic),
    label: `${prefix}${statistic.toLowerCase()}`,
  }));
