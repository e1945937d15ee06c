import {
  type BatchFailure,
  type BatchResults,
  FATES,
  type Fate,
  type MapRunRecord,
} from '../lake/map-run-record.ts';
import { bytes, count, plural, share } from '../terminal/figures.ts';
import { batchCounts, rowRange } from '../terminal/map-run-summary.ts';
import { swatch } from './bar.ts';
import { batchStrip, LOOKS } from './batch-strip.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { ReportInput } from './report-input.ts';
import { shownText } from './shown-text.ts';

/** A rate over less than this would be a guess. */
const SETTLED_MS = 1000;

const headLine = (mapRun: MapRunRecord): Html => {
  const { status, executions, items, startedAt, endedAt, redriveCount } = mapRun;
  const took = endedAt === null ? 0 : Date.parse(endedAt) - Date.parse(startedAt);
  // What a redrive found done was not done in its time.
  const rate =
    took >= SETTLED_MS && redriveCount === 0
      ? `, ${plural(Number(((items.total / took) * 1000).toPrecision(3)), 'row')} a second`
      : '';
  return html`<p class="sum">${plural(items.total, 'row')} in ${plural(executions.total, 'batch', 'batches')}${status === 'ABORTED' ? ' before it was stopped' : ''}${rate}: ${batchCounts(mapRun).join(', ')}.</p>`;
};

const legend = ({ rows }: BatchResults): Html => {
  const sum = Object.values(rows).reduce((total, fate) => total + fate, 0);
  const entry = (fate: Fate): Html => {
    const { name, tone, plain } = LOOKS[fate];
    return html`<li>${swatch(tone, plain)}<span>${capital(name)} <strong>${count(rows[fate])}</strong> <span class="note">${share(rows[fate], sum)}</span></span></li>`;
  };
  return html`<ul class="legend">${FATES.filter((fate) => rows[fate] > 0).map(entry)}</ul>`;
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const stripFigure = (results: BatchResults): Html => {
  const most = results.strip.reduce((all, { batches }) => Math.max(all, batches), 0);
  const size = most > 1 ? `up to ${count(most)} neighbouring batches` : 'a batch';
  return html`<figure>
${batchStrip(results.strip)}
<figcaption class="note">The object from its first row to its last, each cell ${size}: the shares of its rows, drawn wider what would be too small to be seen. Duplicates, and rows that the reader padded or cut, are found after this.</figcaption>
</figure>
${legend(results)}`;
};

const failureRow = ({ error, attempts, end, ...batch }: BatchFailure): Html => {
  const note = end === 'recorded' ? NOTHING : html` <span class="note">nor could its rows be recorded</span>`;
  return html`<tr><th scope="row">${capital(rowRange(batch))}${note}</th><td><code>${shownText(error ?? 'unknown', 120)}</code></td><td class="number">${attempts === null ? '–' : count(attempts)}</td></tr>`;
};

const failuresTable = ({ failures, batches }: BatchResults): Html => {
  if (failures.length === 0) return NOTHING;
  const others = batches.recordedAsFailed + batches.failed - failures.length;
  return html`<table class="failures">
<caption>Batches that failed for good. Rows count from 1; blank lines may shift them.</caption>
<thead><tr><th scope="col">Batch</th><th scope="col">Error</th><th scope="col" class="number">Attempts</th></tr></thead>
<tbody>${failures.map(failureRow)}</tbody>
${others > 0 ? html`<tfoot><tr><td colspan="3">and ${plural(others, 'more batch', 'more batches')}</td></tr></tfoot>` : NOTHING}
</table>`;
};

const COUNTS = [
  ['succeeded', 'Succeeded'],
  ['failed', 'Failed'],
  ['timedOut', 'Timed out'],
  ['aborted', 'Aborted'],
  ['running', 'Running'],
  ['pending', 'Pending'],
] as const;

const countsTable = ({ items, executions }: MapRunRecord): Html => {
  const row = (label: string, figure: keyof MapRunRecord['items']): Html =>
    html`<tr><th scope="row">${label}</th><td class="number">${count(items[figure])}</td><td class="number">${count(executions[figure])}</td></tr>`;
  return html`<table>
<caption>As Step Functions counts the Map Run</caption>
<thead><tr><th scope="col">Status</th><th scope="col" class="number">Items</th><th scope="col" class="number">Executions</th></tr></thead>
<tbody>${COUNTS.filter(([figure]) => figure === 'succeeded' || items[figure] > 0).map(([figure, label]) => row(label, figure))}${row('Results written', 'resultsWritten')}</tbody>
<tfoot>${row('Total', 'total')}</tfoot>
</table>`;
};

const filesTable = ({ bucket, files }: BatchResults): Html => {
  const key = files[0]?.key ?? '';
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return files.length === 0
    ? NOTHING
    : html`<table>
<caption>What ResultWriter left in <code>s3://${shownText(bucket, 255)}/${shownText(folder, 1024)}</code></caption>
<thead><tr><th scope="col">File</th><th scope="col" class="number">Size</th></tr></thead>
<tbody>${files.map(
        (file) =>
          html`<tr><th scope="row"><code>${shownText(file.key.slice(folder.length), 255)}</code>${file.status === 'SUCCEEDED' ? NOTHING : html` <span class="note">has rows: as confidential as the raw zone</span>`}</th><td class="number">${bytes(file.bytes)}</td></tr>`,
      )}</tbody>
</table>`;
};

/** The batches of a Distributed Map, what became of them, and where it is written; nothing if there was none. */
export const mapRunSection = ({ mapRun }: ReportInput): Html => {
  if (mapRun === null) return NOTHING;
  const { results } = mapRun;
  return html`<section aria-labelledby="batches">
<h2 id="batches">The batches</h2>
${headLine(mapRun)}
${results === null ? html`<p class="note">The run was broken off before its results were complete: what became of each batch is not known.</p>` : html`${stripFigure(results)}${failuresTable(results)}`}
<div class="pair"><div>${countsTable(mapRun)}</div>${results === null ? NOTHING : html`<div>${filesTable(results)}</div>`}</div>
</section>`;
};
