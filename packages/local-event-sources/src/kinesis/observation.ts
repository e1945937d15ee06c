import type { FailureLetter } from './failure-letter.ts';
import type { InvocationOutcome } from './handler-outcome.ts';

/** What a mapping did, as it happens. Errors are the function's and the SDK's own: they may quote records. */
export type Observation =
  | { readonly kind: 'shardStarted' | 'shardEnded'; readonly shardId: string }
  | {
      readonly kind: 'invoked';
      readonly shardId: string;
      readonly firstSequenceNumber: string;
      readonly lastSequenceNumber: string;
      readonly records: number;
      /** From 1; pieces of a split batch count on. */
      readonly attempt: number;
      readonly milliseconds: number;
      readonly outcome: InvocationOutcome;
    }
  | { readonly kind: 'discarded'; readonly letter: FailureLetter }
  | { readonly kind: 'readFailed' | 'letterFailed'; readonly shardId: string; readonly error: unknown }
  | { readonly kind: 'listFailed' | 'checkpointFailed'; readonly error: unknown }
  /** The mapping has stopped for good, for an error that no retry mends: its stream is gone, say. */
  | { readonly kind: 'failed'; readonly error: unknown };

export type Observe = (observation: Observation) => void;
