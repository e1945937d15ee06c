import { datasets } from '@sluice/datasets';
import { type JudgedBatch, keepJudge } from '@sluice/process-rows/keep-judge';

/** A batch for another thread. */
export interface Judging {
  /** Its name. */
  readonly dataset: string;
  readonly asOf: string;
  readonly pseudonymKey?: string | undefined;
  readonly first: number;
  readonly columns: readonly string[];
  /** Row by row. */
  readonly cells: readonly string[];
}

/** What comes back: a copy, which is no `Buffer` any more. */
export type JudgedText = Omit<JudgedBatch, 'part'> & { readonly part: Uint8Array };

let judge: ReturnType<typeof keepJudge> | null = null;

/** The entry of a thread: takes a `Judging` as JSON. */
export default (text: string): JudgedText => {
  const judging: Judging = JSON.parse(text); // from our own process
  const { asOf, first, columns, cells } = judging;
  const dataset = datasets.get(judging.dataset);
  if (!dataset) throw new Error(`There is no dataset ${judging.dataset}.`);
  const rows: Record<string, string>[] = [];
  for (let at = 0; at < cells.length; at += columns.length)
    rows.push(Object.fromEntries(columns.map((column, i) => [column, cells[at + i] ?? ''])));
  // One process has one key.
  judge ??= keepJudge(judging.pseudonymKey);
  return judge(dataset, asOf, { first, rows });
};
