import { failpoint, type ObjectStore } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { encodePart, fatesOf, type JudgeBatch } from '@sluice/record-transform/batches';
import { type HandledBatch, type ProcessRowsInput, stagedName } from '@sluice/step-contracts';

export interface ProcessRowsDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly objects: Pick<ObjectStore, 'put'>;
  readonly curatedBucket: string;
  /** The TypeScript engine, compiled for a dataset and a run. */
  readonly judgeFor: (dataset: Dataset, asOf: string) => JudgeBatch;
}

/**
 * Takes the rows of a batch to their fates and stages them as one part. Its name depends on nothing but the rows' place,
 * so that a second attempt overwrites the first with the same bytes.
 */
export const processRows = async (input: ProcessRowsInput, deps: ProcessRowsDeps): Promise<HandledBatch> => {
  const { runId, asOf, items } = input;
  const dataset = deps.findDataset(input.dataset);
  if (!dataset) throw new Error(`There is no dataset ${input.dataset}.`);
  const judge = deps.judgeFor(dataset, asOf);
  const first = items[0].row;
  const part = judge({ first, rows: items.map(({ cells }) => cells) });
  const key = `${stagingPrefix(runId)}${stagedName.part(first, items.length)}`;
  failpoint('process:judged');
  await deps.objects.put({ bucket: deps.curatedBucket, key }, encodePart(part));
  failpoint('process:staged');
  return { handled: 'processed', first, rows: items.length, part: key, ...fatesOf(part.header) };
};
