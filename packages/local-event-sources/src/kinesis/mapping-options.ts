import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { CheckpointStore } from './checkpoints.ts';
import type { RetryPolicy } from './deliver-batch.ts';
import type { KinesisHandler } from './invoke-function.ts';
import type { Observe } from './observation.ts';
import type { OnFailure } from './shard-delivery.ts';

export interface EventSourceMappingOptions {
  readonly client: KinesisClient;
  readonly streamName: string;
  readonly handler: KinesisHandler;
  /** Default: TRIM_HORIZON. Looked at only where `checkpoints` has no positions of this stream. */
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | { readonly atTimestamp: Date };
  /** Records of a batch, 1 to 10,000. Default: 100. */
  readonly batchSize?: number;
  /** How long a batch waits to be full, 0 to 300,000. Default: 0. */
  readonly batchWindowMs?: number;
  /** Batches of one shard at a time, 1 to 10; records of one partition key stay in order. Default: 1. */
  readonly parallelizationFactor?: number;
  /** Default: false. */
  readonly bisectOnError?: boolean;
  /** Whether to look at `batchItemFailures` in what the handler returns. Default: true (on AWS: false). */
  readonly reportBatchItemFailures?: boolean;
  /** Default: -1, without end. */
  readonly maxRetries?: number;
  /** Default: -1, without end. */
  readonly maxAgeMs?: number;
  /** Milliseconds to wait after the nth failure in a row, n from 1. Default: 100, doubled up to 10,000. */
  readonly retryBackoff?: (failures: number) => number;
  /** Takes what is given up; without it that is dropped, as on AWS. While it throws, its shard waits. */
  readonly onFailure?: OnFailure;
  /** Default: none; a new mapping begins at `startingPosition`. */
  readonly checkpoints?: CheckpointStore;
  /** Of the function, at most and by default 900,000. */
  readonly timeoutMs?: number;
  /** Default: `function`. */
  readonly functionName?: string;
  /** How often an idle shard, and the list of shards, is looked at. Default: 1,000, as Lambda does. */
  readonly pollIntervalMs?: number;
  readonly observe?: Observe;
}

/**
 * The numbers of a mapping, with their defaults. Source of the ranges:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
 * Errors: RangeError.
 */
export function mappingNumbers(options: EventSourceMappingOptions) {
  return {
    batchSize: inRange('batchSize', options.batchSize ?? 100, 1, 10_000),
    batchWindowMs: inRange('batchWindowMs', options.batchWindowMs ?? 0, 0, 300_000),
    lanes: inRange('parallelizationFactor', options.parallelizationFactor ?? 1, 1, 10),
    timeoutMs: inRange('timeoutMs', options.timeoutMs ?? 900_000, 1, 900_000),
    pollIntervalMs: inRange('pollIntervalMs', options.pollIntervalMs ?? 1_000, 1, 60_000),
  };
}

/** Errors: RangeError. */
export function retryPolicy(options: EventSourceMappingOptions): RetryPolicy {
  return {
    bisectOnError: options.bisectOnError ?? false,
    maxRetries: inRange('maxRetries', options.maxRetries ?? -1, -1, 10_000),
    maxAgeMs: inRange('maxAgeMs', options.maxAgeMs ?? -1, -1, 604_800_000),
    retryBackoff: options.retryBackoff ?? ((failures) => Math.min(10_000, 100 * 2 ** (failures - 1))),
  };
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} is ${value}: it has to be a whole number from ${least} to ${most}`);
}
