import type { HttpResponse } from '@sluice/step-contracts';
import { type Problem, type ProblemCode, problemResponse } from './problem.ts';
import type { RecordSums } from './send-records.ts';

/** An answer, and what a log may tell of it. */
export interface Answered {
  readonly response: HttpResponse;
  /** Null unless it is one of ours. */
  readonly dataset: string | null;
  /** Null of what was not a problem. */
  readonly problem: ProblemCode | null;
  /** Null if no record was judged. */
  readonly sums: RecordSums | null;
  /** The answer of an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean;
  /** False: there was an Idempotency-Key, but the answer could not be kept for it. */
  readonly kept: boolean;
}

export const answered = (
  response: HttpResponse,
  more: Partial<Omit<Answered, 'response'>> = {},
): Answered => ({
  response,
  dataset: null,
  problem: null,
  sums: null,
  replayed: false,
  kept: true,
  ...more,
});

export const refuse = (problem: Problem, dataset: string | null = null): Answered =>
  answered(problemResponse(problem), { dataset, problem: problem.problem });
