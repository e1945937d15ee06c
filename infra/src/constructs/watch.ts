import type { FailedRunMetrics } from './failed-runs.ts';
import type { Formula, Metric, WatchedFunction, WatchedWorkflow } from './metrics.ts';
import type { RunbookName } from './runbook.ts';

/** What of a stack is watched. */
export interface Watched {
  readonly functions: readonly WatchedFunction[];
  /** Each with what counts its failed runs. */
  readonly workflows: readonly (WatchedWorkflow & { readonly failedRuns: FailedRunMetrics })[];
  readonly queueName: string;
  readonly deadLettersName: string;
  /** The queue of letters about batches that failed for good. */
  readonly failedBatchesName: string;
  readonly stream: WatchedStream;
  /** The HTTP API; null: there is none. */
  readonly apiId: string | null;
  /** What keeps the stream's records as they came; null: nothing does. */
  readonly archive: { readonly name: string; readonly bufferSeconds: number } | null;
  readonly spark: WatchedSpark;
}

/** What runs Spark, as far as it is watched. */
export type WatchedSpark =
  | {
      readonly kind: 'glue';
      readonly jobName: string;
      /** Counts the times that a run had to wait for its turn. */
      readonly waits: Metric;
    }
  | { readonly kind: 'emr-serverless'; readonly applicationId: string };

/** The stream of records, as far as it is watched. */
export interface WatchedStream {
  readonly name: string;
  /** The function that reads it. */
  readonly consumer: WatchedFunction;
  /** The queue of letters about batches that Lambda gave up. */
  readonly deadLettersName: string;
}

/** Watches one metric. */
export interface OfOne {
  readonly metric: Metric;
}

/** Watches several at once. */
export interface OfSeveral {
  readonly formula: Formula;
}

/** Something that is wrong when a number is, and what to say then. */
export type Watch = (OfOne | OfSeveral) & {
  readonly runbook: RunbookName;
  /** What of several is watched: a function, a dataset, a state machine. */
  readonly subject?: string;
  /** In words that need no explanation at 3 a.m. */
  readonly wrong: string;
  /** Wrong is more than this, or less where it is a score. */
  readonly limit: number;
  readonly below?: true;
  readonly periodSeconds: number;
  /** So many periods in a row; 1 if it is left out. */
  readonly periods?: number;
  /**
   * No data: for a count, nothing happened, and all is well (`notBreaching`); for a score, what was known last still
   * holds (`ignore`).
   */
  readonly missing?: 'ignore';
  /** It waits for the morning: nothing is stuck or lost. */
  readonly canWait?: true;
  /** That it is over is not said, because nothing in the metric would know. */
  readonly neverOver?: true;
};
