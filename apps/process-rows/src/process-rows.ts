import { failpoint, type ObjectStore } from '@sluice/lake-storage';
import { stagingPrefix } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import type { Value } from '@sluice/record-transform';
import { decodePart, FATE, publishedValues } from '@sluice/record-transform/batches';
import { type HandledBatch, type ProcessRowsInput, stagedName } from '@sluice/step-contracts';
import type { JudgeRows } from './keep-judge.ts';
import type { UnfitRow } from './table-limits.ts';

type PutRows = (dataset: Dataset, rows: readonly (readonly Value[])[]) => Promise<readonly UnfitRow[]>;

/** An accepted row that is in the lake only: its number in the object, from 1, and why. */
export type RowNotPut = Pick<UnfitRow, 'reason'> & { readonly row: number };

export interface ProcessRowsDeps {
  readonly findDataset: (name: string) => Dataset | undefined;
  readonly objects: Pick<ObjectStore, 'put'>;
  readonly curatedBucket: string;
  /** The TypeScript engine. */
  readonly judge: JudgeRows;
  /**
   * Another place for accepted rows, their values in the order of the columns; putting a row twice changes nothing. Gives
   * those that it can never take.
   */
  readonly putRows?: PutRows;
  /** Is told of those when all is done. */
  readonly onNotPut?: (rows: readonly RowNotPut[]) => void;
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
  const notPut = deps.putRows ? await putAccepted(dataset, part, deps.putRows) : [];
  // Whoever puts the parts together looks whether all are there.
  await deps.objects.put({ bucket: deps.curatedBucket, key }, part, { durable: false });
  failpoint('process:staged');
  if (notPut.length > 0) deps.onNotPut?.(notPut);
  return { handled: 'processed', first, rows: items.length, part: key, ...fates };
};

const putAccepted = async (dataset: Dataset, bytes: Buffer, putRows: PutRows): Promise<RowNotPut[]> => {
  const part = decodePart(bytes);
  const { first, fates } = part.header;
  const unfit = await putRows(dataset, publishedValues(part));
  if (unfit.length === 0) return [];
  const numbers = [...fates].flatMap((fate, at) => (fate === FATE.accepted ? [first + at + 1] : []));
  return unfit.map(({ at, reason }) => ({ row: numbers[at] ?? 0, reason }));
};
