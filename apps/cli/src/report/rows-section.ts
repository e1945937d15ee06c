import { type RowCounts, totalsOf, unaccounted } from '@sluice/step-contracts';
import { count, plural, share } from '../terminal/figures.ts';
import { stackedBar, swatch, type Tone } from './bar.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { ReportInput } from './report-input.ts';
import { shownText } from './shown-text.ts';

interface Part {
  readonly tone: Tone;
  readonly label: string;
  readonly note: string;
  readonly rows: number;
}

const partsOf = (counts: RowCounts): readonly Part[] => {
  const lost = unaccounted(counts);
  return [
    { tone: 'accepted', label: 'Accepted', note: 'published', rows: counts.accepted },
    ...counts.filtered.map(({ rule, rows }) => ({
      tone: 'filtered' as const,
      label: `Filtered by ${shownText(rule, 128)}`,
      note: 'this rule is not true',
      rows,
    })),
    { tone: 'duplicates', label: 'Duplicates', note: 'the first of each stays', rows: counts.duplicates },
    { tone: 'quarantined', label: 'Quarantined', note: 'kept with their reasons', rows: counts.quarantined },
    ...(lost > 0
      ? [{ tone: 'lost' as const, label: 'Unaccounted for', note: 'this must not be', rows: lost }]
      : []),
  ];
};

const partRow = ({ tone, label, note, rows }: Part, rowsIn: number): Html =>
  html`<tr><th scope="row"><span class="keyed">${swatch(tone)}<span>${label} <span class="note">${note}</span></span></span></th><td class="number">${count(rows)}</td><td class="number">${share(rows, rowsIn)}</td></tr>`;

const countsTable = (parts: readonly Part[], rowsIn: number): Html =>
  html`${stackedBar(parts)}
<table class="fates">
<caption>What became of ${plural(rowsIn, 'row')}. The bar draws wider what would be too small to be seen.</caption>
<thead><tr><th scope="col">Fate</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Share</th></tr></thead>
<tbody>${parts.map((part) => partRow(part, rowsIn))}</tbody>
<tfoot><tr><th scope="row">Rows in</th><td class="number">${count(rowsIn)}</td><td class="number">${share(rowsIn, rowsIn)}</td></tr></tfoot>
</table>`;

const sumLine = (counts: RowCounts): Html => {
  const { rowsIn, accepted, filtered, duplicates, quarantined } = totalsOf(counts);
  const isBroken = unaccounted(counts) !== 0;
  const sum = `${count(accepted)} accepted + ${count(filtered)} filtered + ${plural(duplicates, 'duplicate')} + ${count(quarantined)} quarantined`;
  return isBroken
    ? html`<p class="bad">✕ ${sum} is not ${plural(rowsIn, 'row')} in.</p>`
    : html`<p class="sum">${sum} = ${plural(rowsIn, 'row')} in. Not one row is missing.</p>`;
};

const heldBack = (rowsIn: number | undefined, why: string): Html => {
  if (rowsIn === undefined) return html`<p>${why} The rows were not counted.</p>`;
  return html`<p>${why}</p>${countsTable([{ tone: 'refused', label: 'Held back', note: 'with the object', rows: rowsIn }], rowsIn)}`;
};

const content = (run: ReportInput['run']): Html => {
  switch (run.status) {
    case 'published': {
      const parts = partsOf(run.counts);
      return html`${sumLine(run.counts)}${run.counts.rowsIn === 0 ? NOTHING : countsTable(parts, run.counts.rowsIn)}`;
    }
    case 'rejected':
      return heldBack(
        run.quality?.profile.rowsIn,
        'The gate closed before any row was judged: none is published.',
      );
    case 'failed':
      return heldBack(run.quality?.profile.rowsIn, 'The run broke before its rows were published.');
  }
};

/** Every row that came in, and what became of it. */
export const rowsSection = ({ run }: ReportInput): Html =>
  html`<section aria-labelledby="rows"><h2 id="rows">Where the rows went</h2>${content(run)}</section>`;
