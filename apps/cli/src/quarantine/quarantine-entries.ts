import type { Manifest } from '@sluice/step-contracts';

/** Why rows of a run, or its whole object, are in quarantine. */
export interface EntryReason {
  /** Null for a row or an object as a whole. */
  readonly field: string | null;
  readonly code: string;
  /** Rows with that reason; null where it is the whole object that was refused. */
  readonly rows: number | null;
}

/** A run that left something in quarantine. */
export interface QuarantineEntry {
  readonly runId: string;
  readonly dataset: string;
  readonly asOf: string;
  readonly object: Manifest['object'];
  readonly status: Manifest['status'];
  /** Quarantined rows; null where the whole object is. */
  readonly quarantined: number | null;
  /** Null for an object that was refused before it was scored. */
  readonly rowsIn: number | null;
  /** A row counts once under each of its reasons. */
  readonly reasons: readonly EntryReason[];
  /** Why a whole object was refused. */
  readonly message: string | null;
}

/** `missing` is any field's, `email missing` and `email.missing` are one field's. */
export const hasReason = (
  wanted: string | undefined,
  { field, code }: Pick<EntryReason, 'field' | 'code'>,
): boolean =>
  wanted === undefined ||
  wanted === code ||
  (field !== null && wanted.replace(/[. ]+/, ' ') === `${field} ${code}`);

/** What a run left in quarantine; null if nothing, or nothing for that reason. */
const entryOf = (manifest: Manifest, wanted?: string): QuarantineEntry | null => {
  const { runId, dataset, asOf, object, status } = manifest;
  const run = { runId, dataset, asOf, object, status };
  if (manifest.status === 'rejected') {
    const reason = { field: null, code: manifest.code, rows: null };
    if (!hasReason(wanted, reason)) return null;
    return {
      ...run,
      quarantined: null,
      rowsIn: manifest.quality?.profile.rowsIn ?? null,
      reasons: [reason],
      message: manifest.message,
    };
  }
  const { counts } = manifest;
  if (counts.quarantined === 0) return null;
  const reasons = counts.reasons.filter((reason) => hasReason(wanted, reason));
  if (reasons.length === 0) return null;
  return { ...run, quarantined: counts.quarantined, rowsIn: counts.rowsIn, reasons, message: null };
};

/** The newest first. */
export const entriesOf = (manifests: readonly Manifest[], wanted?: string): QuarantineEntry[] =>
  manifests
    .map((one) => entryOf(one, wanted))
    .filter((one) => one !== null)
    .sort((a, b) => compare(b.asOf, a.asOf) || compare(a.runId, b.runId));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
