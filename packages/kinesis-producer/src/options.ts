import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { ProducerMetrics } from './metrics.ts';

export interface ProducerOptions {
  /** Should not retry by itself, as that of `kinesisClient` does not. Stays open when the producer closes. */
  readonly client: KinesisClient;
  readonly streamName: string;
  /** Tries per record; 15 if absent. */
  readonly maxAttempts?: number;
  /** From when the producer takes a record until it gives it up, in ms; 60,000 if absent. */
  readonly maxAgeMs?: number;
  /** A record waits until the fate of the one before it with its partition key is known; false if absent. */
  readonly ordered?: boolean;
  /** Many small records in one, as the KPL does; false if absent. */
  readonly aggregate?: boolean;
  /** The size of an aggregate; 51,200 if absent, as in the KPL. A larger record goes alone. */
  readonly aggregateBytes?: number;
  /** What the stream takes as one record, data and key; 1 MiB if absent, as for a new stream. */
  readonly maxRecordBytes?: number;
  /** What the stream takes as one request; 5 MiB if absent, 10 MiB where `maxRecordBytes` is above 1 MiB. */
  readonly maxRequestBytes?: number;
  /** Requests under way at once; 8 if absent. */
  readonly maxInFlight?: number;
  /**
   * Records and bytes that it holds until their fate is known. If absent, 32 MiB, and two requests' records more than can
   * be under way; 20,000 records where it aggregates.
   */
  readonly maxBufferedRecords?: number;
  readonly maxBufferedBytes?: number;
  /** How long a record may wait for others while a request is under way, in ms; 20 if absent. */
  readonly lingerMs?: number;
  /** Full jitter: a delay is random below base × 2ⁿ, at most cap; in ms, 100 and 5,000 if absent. */
  readonly backoffMs?: { readonly base: number; readonly cap: number };
  /** Ends the retries: what is not known to be sent fails as `Aborted`. */
  readonly signal?: AbortSignal;
  /** Called every `metricsIntervalMs` (1,000 if absent) while records are under way, and when the producer closes. */
  readonly onMetrics?: (metrics: ProducerMetrics) => void;
  readonly metricsIntervalMs?: number;
  /** At least 0, below 1. */
  readonly random?: () => number;
}

export type Settings = ReturnType<typeof settingsOf>;

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
export const maxRequestRecords = 500;
const MiB = 1024 * 1024;

/** Throws a RangeError if one is not what it can be. */
export function settingsOf(options: Omit<ProducerOptions, 'client' | 'streamName'>) {
  const maxRecordBytes = atLeast(1, 'maxRecordBytes', options.maxRecordBytes ?? MiB);
  const roomOfStream = maxRecordBytes > MiB ? 10 * MiB : 5 * MiB;
  const maxInFlight = atLeast(1, 'maxInFlight', options.maxInFlight ?? 8);
  // What waits longer than a request takes only makes work for the garbage collector.
  const roomOfRequests = options.aggregate ? 20_000 : (maxInFlight + 2) * maxRequestRecords;
  return {
    maxAttempts: atLeast(1, 'maxAttempts', options.maxAttempts ?? 15),
    maxAgeMs: atLeast(0, 'maxAgeMs', options.maxAgeMs ?? 60_000),
    ordered: options.ordered ?? false,
    aggregate: options.aggregate ?? false,
    aggregateBytes: Math.min(maxRecordBytes, atLeast(1, 'aggregateBytes', options.aggregateBytes ?? 51_200)),
    maxRecordBytes,
    maxRequestBytes: atLeast(maxRecordBytes, 'maxRequestBytes', options.maxRequestBytes ?? roomOfStream),
    maxInFlight,
    maxBufferedRecords: atLeast(1, 'maxBufferedRecords', options.maxBufferedRecords ?? roomOfRequests),
    maxBufferedBytes: atLeast(1, 'maxBufferedBytes', options.maxBufferedBytes ?? 32 * MiB),
    lingerMs: atLeast(0, 'lingerMs', options.lingerMs ?? 20),
    backoffBaseMs: atLeast(0, 'backoffMs.base', options.backoffMs?.base ?? 100),
    backoffCapMs: atLeast(0, 'backoffMs.cap', options.backoffMs?.cap ?? 5_000),
    signal: options.signal,
    onMetrics: options.onMetrics,
    metricsIntervalMs: atLeast(1, 'metricsIntervalMs', options.metricsIntervalMs ?? 1_000),
    random: options.random ?? Math.random,
  };
}

function atLeast(least: number, name: string, value: number): number {
  if (value >= least) return value;
  throw new RangeError(`The producer's option ${name} is ${value}; it has to be ${least} or more.`);
}
