import type { Reason } from '@sluice/record-transform';
import type { RowCounts } from '@sluice/step-contracts';

type Counted = Reason & { rows: number };

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Counts rows by their reasons. */
export class ReasonCounts {
  readonly #counts = new Map<string, Counted>();

  add(reasons: readonly Reason[]): void {
    for (const reason of reasons) {
      const key = JSON.stringify([reason.field, reason.code]);
      const counted = this.#counts.get(key) ?? { ...reason, rows: 0 };
      counted.rows += 1;
      this.#counts.set(key, counted);
    }
  }

  /** By rows, then by field and code, reasons without a field last. */
  list(): RowCounts['reasons'] {
    return [...this.#counts.values()].sort((a, b) => {
      if (a.rows !== b.rows) return b.rows - a.rows;
      if ((a.field === null) !== (b.field === null)) return a.field === null ? 1 : -1;
      return compareText(a.field ?? '', b.field ?? '') || compareText(a.code, b.code);
    });
  }
}
