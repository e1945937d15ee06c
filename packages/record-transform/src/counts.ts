import type { Reason } from './outcome.ts';

/** What became of an object's rows. accepted + filtered + duplicates + quarantined = rowsIn. */
export interface RowCounts {
  /** Every data row of the object, malformed ones too. */
  readonly rowsIn: number;
  readonly accepted: number;
  /** In the order of the dataset's rules; rules that filtered nothing are left out. */
  readonly filtered: readonly { readonly rule: string; readonly rows: number }[];
  readonly duplicates: number;
  readonly quarantined: number;
  /** How many rows have the reason; a row may have several. Ordered by rows, then by field and code. */
  readonly reasons: readonly (Reason & { readonly rows: number })[];
}

/** How many rows have gone missing (or, below zero, have come from nowhere): zero, or nothing may be published. */
export const unaccounted = (counts: Omit<RowCounts, 'reasons'>): number =>
  counts.rowsIn -
  counts.accepted -
  counts.duplicates -
  counts.quarantined -
  counts.filtered.reduce((sum, { rows }) => sum + rows, 0);
