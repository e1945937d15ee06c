import fc from 'fast-check';
import type { Dataset } from '../dataset.ts';
import type { Field } from '../field-rules.ts';
import { brokenCells } from './broken-cells.ts';
import { validCell } from './valid-cells.ts';

/** A row as it is read: a cell for every field, by the source's names. */
export type Cells = Readonly<Record<string, string | null>>;

export interface BrokenRow {
  readonly cells: Cells;
  /** Faults that the row has for certain, in the fields' order; there may be more in the same fields. */
  readonly reasons: readonly { readonly field: string; readonly code: string }[];
}

interface CellAndCode {
  readonly cell: string | null;
  readonly code: string | null;
}

/**
 * Rows of a dataset for property tests: with blanks around values, null tokens, edges of the ranges, letters from
 * all over Unicode. `validRow` breaks no constraint (rules may still filter it). `brokenRow` breaks at least one;
 * of a dataset that takes every text, it is a valid row without reasons.
 */
export const arbitraries = (
  dataset: Dataset,
): { readonly validRow: fc.Arbitrary<Cells>; readonly brokenRow: fc.Arbitrary<BrokenRow> } => {
  const columns = dataset.fields.map((field) => {
    const broken: readonly fc.Arbitrary<CellAndCode>[] = brokenCells(field);
    const valid: fc.Arbitrary<CellAndCode> = validCell(field).map((cell) => ({ cell, code: null }));
    return { field, valid, broken: broken.length === 0 ? null : fc.oneof(...broken) };
  });
  const breakable = dataset.fields.filter((_, at) => columns[at]?.broken);
  const faulty =
    breakable.length === 0
      ? fc.constant<readonly Field[]>([])
      : fc.subarray(breakable, { minLength: 1, maxLength: Math.min(3, breakable.length) });
  const rowWith = (faults: readonly Field[]): fc.Arbitrary<BrokenRow> =>
    fc
      .tuple(
        ...columns.map(({ field, valid, broken }) => (broken && faults.includes(field) ? broken : valid)),
      )
      .map((cells) => ({
        cells: Object.fromEntries(dataset.fields.map((field, at) => [field.from, cells[at]?.cell ?? null])),
        reasons: dataset.fields.flatMap((field, at) => {
          const code = cells[at]?.code ?? null;
          return code === null ? [] : [{ field: field.name, code }];
        }),
      }));
  return { validRow: rowWith([]).map((row) => row.cells), brokenRow: faulty.chain(rowWith) };
};
