import type { RowCounts } from '@sluice/step-contracts';
import { count, plural } from '../terminal/figures.ts';
import { type Html, html, NOTHING } from './html.ts';
import { type MaskedRow, maskRow } from './masked-row.ts';
import { reasonText } from './reason-texts.ts';
import type { ReportInput } from './report-input.ts';
import { shownText } from './shown-text.ts';

type Reason = RowCounts['reasons'][number];

const EXAMPLES_PER_REASON = 3;

const cellValue = (cell: MaskedRow['cells'][number]['cell']): Html => {
  switch (cell.kind) {
    case 'null':
      return html`<span class="absent">null</span>`;
    case 'masked':
      return html`<span class="absent">masked</span>`;
    case 'text':
      return cell.text.trim() === ''
        ? html`<span class="absent">${cell.text === '' ? 'empty' : 'blank'}</span>`
        : html`<code>${cell.text}</code>`;
  }
};

const rawText = (raw: MaskedRow['raw']): Html => {
  if (raw === null) return NOTHING;
  return raw.kind === 'text'
    ? html`<p><code>${raw.text}</code></p>`
    : html`<p class="note">Its text is not shown: the dataset has personal data, and a row that cannot be read cannot be masked.</p>`;
};

const example = ({ row, reasons, cells, raw }: MaskedRow): Html => {
  const faulty = new Set(reasons.map(({ field }) => field));
  const pairs = cells.map(
    ({ field, cell }) =>
      html`<div${faulty.has(field) ? html` class="faulty"` : NOTHING}><dt>${field}${faulty.has(field) ? ' ✕' : ''}</dt><dd>${cellValue(cell)}</dd></div>`,
  );
  return html`<li><p class="row-number">Row ${count(row)}</p>${cells.length > 0 ? html`<dl class="cells">${pairs}</dl>` : NOTHING}${rawText(raw)}</li>`;
};

const nameOf = ({ field, code }: Omit<Reason, 'rows'>): Html =>
  field === null
    ? html`<code>${shownText(code, 80)}</code>`
    : html`<code>${shownText(field, 128)}</code> <code>${shownText(code, 80)}</code>`;

const reasonBlock = (reason: Reason, rows: readonly MaskedRow[]): Html => {
  const shown = rows.slice(0, EXAMPLES_PER_REASON);
  return html`<article>
<h3>${nameOf(reason)} <span class="rows">${plural(reason.rows, 'row')}</span></h3>
<p>${reasonText(reason.code)}</p>
${shown.length === 0 ? NOTHING : html`<ol class="examples">${shown.map(example)}</ol>`}
</article>`;
};

/** The reasons of the quarantined rows, the most frequent first, with masked examples; nothing if there are none. */
export const reasonsSection = ({ run, dataset, examples }: ReportInput): Html => {
  if (run.status !== 'published' || run.counts.reasons.length === 0) return NOTHING;
  const masked = examples.map((row) => maskRow(dataset, row));
  const blocks = run.counts.reasons.map((reason) =>
    reasonBlock(
      reason,
      masked.filter(({ reasons }) =>
        reasons.some(({ field, code }) => field === reason.field && code === reason.code),
      ),
    ),
  );
  const several = run.counts.reasons.reduce((sum, { rows }) => sum + rows, 0) > run.counts.quarantined;
  return html`<section aria-labelledby="reasons">
<h2 id="reasons">Why ${plural(run.counts.quarantined, 'row is', 'rows are')} in quarantine</h2>
${several ? html`<p class="note">A row counts under each of its reasons, so the reasons add up to more than the rows.</p>` : NOTHING}
<div class="reasons">${blocks}</div>
</section>`;
};
