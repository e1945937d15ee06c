import type { Dataset } from '@sluice/record-schema';
import {
  type BatchOfRows,
  createBatchJudge,
  encodePart,
  fatesOf,
  type JudgeBatch,
} from '@sluice/record-transform/batches';

/** A batch whose rows have their fates. */
export interface JudgedBatch {
  /** To be staged. */
  readonly part: Buffer;
  /** How many rows have which fate. */
  readonly fates: ReturnType<typeof fatesOf>;
}

/** Takes the rows of a batch to their fates. */
export type JudgeRows = (
  dataset: Dataset,
  asOf: string,
  batch: BatchOfRows,
) => JudgedBatch | Promise<JudgedBatch>;

/** Compiling takes as long as a few batches do, and batches of one run come in a row: the last engine is kept. */
export const keepJudge = (pseudonymKey?: string): ((...batch: Parameters<JudgeRows>) => JudgedBatch) => {
  let kept: { readonly dataset: Dataset; readonly asOf: string; readonly judge: JudgeBatch } | null = null;
  return (dataset, asOf, batch) => {
    if (kept?.dataset !== dataset || kept.asOf !== asOf)
      kept = { dataset, asOf, judge: createBatchJudge(dataset, asOf, pseudonymKey) };
    const part = kept.judge(batch);
    return { part: encodePart(part), fates: fatesOf(part.header) };
  };
};
