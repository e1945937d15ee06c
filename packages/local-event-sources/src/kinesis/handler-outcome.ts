import type { StreamRecord } from './stream-record.ts';

/** How an invocation ended. `from`: the index of the first record that is to be delivered again. */
export type InvocationOutcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'partial'; readonly from: number }
  /** The function threw, timed out, or named no record of the batch. */
  | { readonly kind: 'failed'; readonly functionError: boolean; readonly error: Error };

/**
 * Reads what the function returned, if the mapping is to look at it (ReportBatchItemFailures). Nothing, `{}` and an
 * empty list are success; the lowest number named is where the rest begins; a number that is none of the batch's,
 * an empty one or another key makes the whole batch failed.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export function readResponse(response: unknown, records: readonly StreamRecord[]): InvocationOutcome {
  if (response === null || typeof response !== 'object' || !('batchItemFailures' in response)) {
    return { kind: 'succeeded' };
  }
  const { batchItemFailures } = response;
  if (batchItemFailures === null || batchItemFailures === undefined) return { kind: 'succeeded' };
  if (!Array.isArray(batchItemFailures)) return wholeBatch('batchItemFailures is no list');
  if (batchItemFailures.length === 0) return { kind: 'succeeded' };

  const indexes = new Map(records.map(({ sequenceNumber }, index) => [sequenceNumber, index]));
  let from = records.length;
  for (const item of batchItemFailures) {
    const index = indexes.get(item?.itemIdentifier);
    if (index === undefined) return wholeBatch('an itemIdentifier is no sequence number of the batch');
    from = Math.min(from, index);
  }
  return { kind: 'partial', from };
}

function wholeBatch(message: string): InvocationOutcome {
  return { kind: 'failed', functionError: false, error: new Error(message) };
}
