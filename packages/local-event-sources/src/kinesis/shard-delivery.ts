import { deliverBatch, type RetryPolicy } from './deliver-batch.ts';
import { type FailureLetter, failureLetter } from './failure-letter.ts';
import { invokeFunction, type MappedFunction } from './invoke-function.ts';
import type { Observe } from './observation.ts';
import { type KinesisEvent, kinesisEvent, type ShardSource, type StreamRecord } from './stream-record.ts';

/** Takes a letter and the event that it is about (Lambda adds that, as `payload`, to letters in S3). */
export type OnFailure = (letter: FailureLetter, event: KinesisEvent) => Promise<void>;

interface DeliveryParts {
  readonly source: ShardSource;
  readonly mapped: MappedFunction;
  readonly policy: RetryPolicy;
  readonly onFailure: OnFailure | undefined;
  readonly observe: Observe;
  readonly wait: (milliseconds: number) => Promise<boolean>;
}

/** Delivers batches of one shard to the function, and what it gives up to the on-failure destination. */
export function createDelivery({ source, mapped, policy, onFailure, observe, wait }: DeliveryParts) {
  /** Until it is taken: a letter that is lost is a record that is lost. */
  const post = async (letter: FailureLetter, records: readonly StreamRecord[]): Promise<boolean> => {
    for (let failures = 1; onFailure !== undefined; failures += 1) {
      try {
        await onFailure(letter, kinesisEvent(records, source));
        break;
      } catch (error) {
        observe({ kind: 'letterFailed', shardId: source.shardId, error });
      }
      if (!(await wait(policy.retryBackoff(failures)))) return false;
    }
    observe({ kind: 'discarded', letter });
    return true;
  };

  return (
    batch: readonly StreamRecord[],
    settled: (records: readonly StreamRecord[]) => void,
  ): Promise<void> => {
    let requestId = '';
    return deliverBatch(batch, policy, {
      invoke: async (records, attempt) => {
        const invocation = await invokeFunction(records, source, mapped);
        requestId = invocation.requestId;
        observe({
          kind: 'invoked',
          shardId: source.shardId,
          firstSequenceNumber: records[0]?.sequenceNumber ?? '',
          lastSequenceNumber: records.at(-1)?.sequenceNumber ?? '',
          records: records.length,
          attempt,
          milliseconds: invocation.milliseconds,
          outcome: invocation.outcome,
        });
        return invocation.outcome;
      },
      discard: (records, discard) =>
        post(
          failureLetter(records, discard, {
            source,
            functionArn: mapped.functionArn,
            requestId,
            now: Date.now(),
          }),
          records,
        ),
      settled,
      now: Date.now,
      wait,
    });
  };
}
