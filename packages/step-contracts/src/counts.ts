import { z } from 'zod';

// The law of the lake, for every engine and for publishing: accepted + filtered + duplicates + quarantined = rows in.
export { unaccounted } from '@sluice/record-transform/counts';

const rows = z.int().min(0);

/** What became of the rows of a run, in full: kept in files, since a wide dataset has many reasons. */
export const rowCounts = z.object({
  /** Every data row of the object, malformed ones too. */
  rowsIn: rows,
  accepted: rows,
  /** In the order of the dataset's rules, those without rows left out. */
  filtered: z.array(z.object({ rule: z.string(), rows })),
  duplicates: rows,
  quarantined: rows,
  /** Rows per reason; a row counts once under each of its reasons. `field` is null for a malformed row. */
  reasons: z.array(z.object({ field: z.string().nullable(), code: z.string(), rows })),
});
export type RowCounts = z.output<typeof rowCounts>;

/** The counts as they travel through a state machine, whose payloads are limited to 256 KiB. */
export const rowTotals = z.object({
  rowsIn: rows,
  accepted: rows,
  filtered: rows,
  duplicates: rows,
  quarantined: rows,
});
export type RowTotals = z.output<typeof rowTotals>;

export const totalsOf = ({ rowsIn, accepted, filtered, duplicates, quarantined }: RowCounts): RowTotals => ({
  rowsIn,
  accepted,
  filtered: filtered.reduce((sum, one) => sum + one.rows, 0),
  duplicates,
  quarantined,
});
