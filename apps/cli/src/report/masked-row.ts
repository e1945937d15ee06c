import type { Dataset } from '@sluice/record-schema';
import type { QuarantinedRow } from './report-input.ts';
import { shownText } from './shown-text.ts';

const CELL_LIMIT = 80;
const RAW_LIMIT = 240;
/** A shorter value is found in others by chance. */
const SECRET_LENGTH = 4;

type MaskedCell =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'masked' };

/** A quarantined row without personal data. */
export interface MaskedRow {
  readonly row: number;
  readonly reasons: QuarantinedRow['reasons'];
  /** In the order of the dataset's fields. Columns that the dataset does not declare are left out. */
  readonly cells: readonly { readonly field: string; readonly cell: MaskedCell }[];
  readonly raw: { readonly kind: 'text'; readonly text: string } | { readonly kind: 'withheld' } | null;
}

/**
 * Takes the personal data out of a row. Values of PII fields are replaced, also where another field of the row repeats
 * them. A malformed row cannot be told apart into fields: of a dataset with personal data none of its text is kept.
 */
export const maskRow = (dataset: Dataset, { row, reasons, record, raw }: QuarantinedRow): MaskedRow => {
  const personal = dataset.fields.filter(({ pii }) => pii);
  const cellIn = (column: string): string | null =>
    record !== null && Object.hasOwn(record, column) ? (record[column] ?? null) : null;
  const secrets = personal
    .map(({ from }) => (cellIn(from) ?? '').trim().toLowerCase())
    .filter((value) => value.length >= SECRET_LENGTH);
  const repeatsSecret = (value: string): boolean =>
    secrets.some((secret) => value.toLowerCase().includes(secret));

  const cellOf = (value: string | null, pii: boolean): MaskedCell => {
    if (value === null) return { kind: 'null' };
    if ((pii && value.trim() !== '') || repeatsSecret(value)) return { kind: 'masked' };
    return { kind: 'text', text: shownText(value, CELL_LIMIT) };
  };
  const rawOf = (): MaskedRow['raw'] => {
    if (raw === null) return null;
    return personal.length > 0 ? { kind: 'withheld' } : { kind: 'text', text: shownText(raw, RAW_LIMIT) };
  };
  return {
    row,
    reasons,
    cells:
      record === null
        ? []
        : dataset.fields.map(({ name, from, pii }) => ({ field: name, cell: cellOf(cellIn(from), pii) })),
    raw: rawOf(),
  };
};
