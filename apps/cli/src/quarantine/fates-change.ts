import { type Manifest, type RowTotals, totalsOf } from '@sluice/step-contracts';
import { count } from '../terminal/figures.ts';
import type { Paint } from '../terminal/terminal.ts';

/** What became of a run's rows; null if its object was refused as a whole, or nothing is known. */
export const totalsIn = (manifest: Manifest | null): RowTotals | null =>
  manifest?.status === 'published' ? totalsOf(manifest.counts) : null;

const FATES = ['quarantined', 'accepted', 'filtered', 'duplicates', 'rowsIn'] as const;

/** `quarantined  4,008 → 12`: what a replay changed, a line for each fate. */
export const fatesChange = (before: RowTotals | null, after: RowTotals, { dim, bold }: Paint): string[] => {
  const lines = FATES.map((fate) => {
    const name = fate === 'rowsIn' ? 'rows in' : fate;
    const now = count(after[fate]);
    const isChanged = before !== null && before[fate] !== after[fate];
    const text = isChanged ? `${count(before[fate])} → ${now}` : now;
    return { name, text, isChanged };
  });
  return lines.map(({ name, text, isChanged }) => {
    const line = `${name.padEnd(13)}${text}`;
    return isChanged ? bold(line) : dim(line);
  });
};
