import { type ObjectStore, readBytes } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { BrokenPart, decodePart, encodePart, failedBatch, fatesOf } from '@sluice/record-transform/batches';
import { type HandledBatch, type RecordFailedRowsInput, stagedName } from '@sluice/step-contracts';

/** What the dead-letter queue is told: where the rows are and why, and not a cell of them. */
export interface FailedBatchLetter {
  readonly runId: string;
  readonly dataset: string;
  readonly object: { readonly bucket: string; readonly key: string; readonly versionId?: string };
  /** The rows of the object, from 1, both included; blank lines may shift them. */
  readonly rows: { readonly from: number; readonly to: number };
  readonly error: string;
}

export interface RecordFailedRowsDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly objects: ObjectStore;
  readonly curatedBucket: string;
  readonly sendLetter: (letter: FailedBatchLetter) => Promise<void>;
}

/**
 * Stages the rows of a batch that failed for good as quarantined, under the name that their part would have had, and
 * tells the dead-letter queue. If the failed attempt got as far as staging its part, that one stays: its rows are done.
 */
export const recordFailedRows = async (
  input: RecordFailedRowsInput,
  deps: RecordFailedRowsDeps,
): Promise<HandledBatch> => {
  const { runId, asOf, items, error, object } = input;
  const dataset = deps.findDataset(input.dataset);
  if (!dataset) throw new Error(`There is no dataset ${input.dataset}.`);
  const first = items[0].row;
  const at = {
    bucket: deps.curatedBucket,
    key: `${stagingPrefix(runId)}${stagedName.part(first, items.length)}`,
  };
  const batch = { first, rows: items.length, part: at.key };

  const part = failedBatch(dataset, asOf, { first, rows: items.map(({ cells }) => cells) }, error);
  const bytes = encodePart(part);
  const stored = await deps.objects.put(at, bytes, { ifNoneMatch: '*' });
  if (stored.outcome !== 'stored') {
    const processed = await processedPart(deps.objects, at);
    if (processed?.origin === part.header.origin)
      return { handled: 'processed', ...batch, ...fatesOf(processed) };
    await deps.objects.put(at, bytes);
  }
  const { bucket, key, versionId } = object;
  await deps.sendLetter({
    runId,
    dataset: input.dataset,
    object: { bucket, key, ...(versionId !== undefined && { versionId }) },
    rows: { from: first + 1, to: first + items.length },
    error,
  });
  return { handled: 'recorded_as_failed', ...batch, ...fatesOf(part.header), error };
};

/** Null if there is none that an attempt has finished: an earlier one of ours, for instance, or one that is broken. */
const processedPart = async (objects: ObjectStore, at: { readonly bucket: string; readonly key: string }) => {
  const bytes = await readBytes(objects, at);
  if (!bytes) return null;
  try {
    const { header } = decodePart(Buffer.from(bytes));
    return header.error === null ? header : null;
  } catch (cause) {
    if (cause instanceof BrokenPart) return null;
    throw cause;
  }
};
