import { failpoint, type ObjectStore } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import type { Value } from '@sluice/record-transform';
import { decodePart, publishedValues } from '@sluice/record-transform/batches';
import { type HandledBatch, type ProcessRowsInput, stagedName } from '@sluice/step-contracts';
import type { JudgeRows } from './keep-judge.ts';

export interface ProcessRowsDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly objects: Pick<ObjectStore, 'put'>;
  readonly curatedBucket: string;
  /** The TypeScript engine. */
  readonly judge: JudgeRows;
  /** Another place for accepted rows, their values in the order of the columns; putting a row twice changes nothing. */
  readonly putRows?: (dataset: Dataset, rows: readonly (readonly Value[])[]) => Promise<void>;
}

/**
 * Takes the rows of a batch to their fates and stages them as one part. Its name depends on nothing but the rows' place,
 * so that a second attempt overwrites the first with the same bytes. A part that is there says that all is done.
 */
export const processRows = async (input: ProcessRowsInput, deps: ProcessRowsDeps): Promise<HandledBatch> => {
  const { runId, asOf, items } = input;
  const dataset = deps.findDataset(input.dataset);
  if (!dataset) throw new Error(`There is no dataset ${input.dataset}.`);
  const first = items[0].row;
  const batch = { first, rows: items.map(({ cells }) => cells) };
  const { part, fates } = await deps.judge(dataset, asOf, batch);
  const key = `${stagingPrefix(runId)}${stagedName.part(first, items.length)}`;
  failpoint('process:judged');
  await deps.putRows?.(dataset, publishedValues(decodePart(part)));
  // Whoever puts the parts together looks whether all are there.
  await deps.objects.put({ bucket: deps.curatedBucket, key }, part, { durable: false });
  failpoint('process:staged');
  return { handled: 'processed', first, rows: items.length, part: key, ...fates };
};
