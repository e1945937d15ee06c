import { createReadStream } from 'node:fs';
import type { Dataset } from '@sluice/record-schema';
import { createBatchJudge, FATE, failedBatch, type JudgeBatch } from '@sluice/record-transform/batches';
import { linesOf } from './scratch-files.ts';

/** Cells of a row, in the order of the dataset's fields; null: the object has no such column. */
type Cells = readonly (string | null)[];

/** What became of a row that was judged here. */
export type OwnFate = {
  /** As a `RowMarks`. */
  readonly marks: readonly number[];
} & (
  | { readonly fate: typeof FATE.accepted; readonly values: string }
  /** The rule by its place among the dataset's. */
  | { readonly fate: typeof FATE.filtered; readonly rule: number }
  /** `body`: the line of the quarantine file behind the row's number. */
  | { readonly fate: typeof FATE.quarantined; readonly body: string }
);

export interface OwnJudgement {
  /**
   * What becomes of a row with a backslash; undefined for another one. `row` from 0, never less than before. `error`:
   * why its batch was not processed.
   */
  fateOf(row: number, error: string | null): Promise<OwnFate | undefined>;
  /** Lets go of the file. */
  close(): void;
}

export const keptRow = (row: number, cells: Cells): string => `${JSON.stringify([row, cells])}\n`;

/** Judges rows that were kept with `keptRow`, in their order, as `process-rows` would if it had been given our reading. */
export const ownJudgement = (
  dataset: Dataset,
  { asOf, pseudonymKey }: { readonly asOf: string; readonly pseudonymKey?: string | undefined },
  keptFile: string,
): OwnJudgement => {
  const file = createReadStream(keptFile);
  const lines = linesOf(file);
  let next: readonly [row: number, cells: Cells] | null = null;
  // Most runs have no such row.
  let compiled: JudgeBatch | null = null;
  const judge: JudgeBatch = (batch) => {
    compiled ??= createBatchJudge(dataset, asOf, pseudonymKey);
    return compiled(batch);
  };

  const cellsOf = async (row: number): Promise<Cells | undefined> => {
    while (next === null || next[0] < row) {
      const { value } = await lines.next();
      if (!value) return undefined;
      next = JSON.parse(value.toString('utf8')); // a line of our own
    }
    return next?.[0] === row ? next[1] : undefined;
  };

  return {
    async fateOf(row, error) {
      const cells = await cellsOf(row);
      if (cells === undefined) return undefined;
      const item: Record<string, string> = Object.fromEntries(
        dataset.fields.flatMap(({ from }, at) => {
          const cell = cells[at] ?? null;
          return cell === null ? [] : [[from, cell]];
        }),
      );
      const batch = { first: row, rows: [item] };
      const part = error === null ? judge(batch) : failedBatch(dataset, asOf, batch, error);
      const marks = part.header.marks.kinds[0] ?? [];
      const [values] = part.accepted;
      if (values !== undefined) return { fate: FATE.accepted, marks, values };
      const [body] = part.quarantined;
      if (body !== undefined) return { fate: FATE.quarantined, marks, body };
      return { fate: FATE.filtered, marks, rule: part.header.rules[0] ?? -1 };
    },
    close() {
      file.destroy();
    },
  };
};
