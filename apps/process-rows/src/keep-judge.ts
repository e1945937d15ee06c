import type { Dataset } from '@sluice/record-schema';
import { createBatchJudge, type JudgeBatch } from '@sluice/record-transform/batches';

/** Compiling takes as long as a few batches do, and batches of one run come in a row: the last engine is kept. */
export const keepJudge = (pseudonymKey?: string): ((dataset: Dataset, asOf: string) => JudgeBatch) => {
  let kept: { readonly dataset: Dataset; readonly asOf: string; readonly judge: JudgeBatch } | null = null;
  return (dataset, asOf) => {
    if (kept?.dataset !== dataset || kept.asOf !== asOf)
      kept = { dataset, asOf, judge: createBatchJudge(dataset, asOf, pseudonymKey) };
    return kept.judge;
  };
};
