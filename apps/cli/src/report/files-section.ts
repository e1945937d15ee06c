import type { ManifestFile } from '@sluice/step-contracts';
import { bytes, count } from '../terminal/figures.ts';
import { tableLine } from '../terminal/table-line.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { ReportInput } from './report-input.ts';
import { shownText } from './shown-text.ts';

const KEY_LIMIT = 1024;

const fileRow = ({ key, rows, bytes: size }: ManifestFile, what: string): Html =>
  html`<tr><th scope="row"><code>${shownText(key, KEY_LIMIT)}</code> <span class="note">${what}</span></th><td class="number">${count(rows)}</td><td class="number">${bytes(size)}</td></tr>`;

const refusedCopy = (bucket: string, key: string): Html =>
  html`<p>The refused object is kept as it came: <code>s3://${shownText(bucket, 255)}/${shownText(key, KEY_LIMIT)}</code></p>`;

/** Where everything is now; nothing if the run left nothing. */
export const filesSection = ({ run }: ReportInput): Html => {
  if (run.status === 'failed' || (run.status === 'rejected' && run.quarantined === null)) return NOTHING;
  const partition =
    run.status === 'published' ? run.partition.map(({ column, value }) => `${column}=${value}`) : [];
  return html`<section aria-labelledby="files">
<h2 id="files">Files</h2>
${
  run.status === 'rejected'
    ? refusedCopy(run.quarantined?.bucket ?? '', run.quarantined?.key ?? '')
    : html`${run.table === undefined ? NOTHING : html`<p>Accepted rows are in the table <code>${shownText(run.table.key, KEY_LIMIT)}</code>, ${tableLine(run.table)}.</p>`}<table>
<caption>${partition.length > 0 ? `Partition ${partition.join('/')}` : 'Beside the table'}</caption>
<thead><tr><th scope="col">Key</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Size</th></tr></thead>
<tbody>${run.files.map((file) => fileRow(file, 'accepted'))}${run.quarantine === null ? NOTHING : fileRow(run.quarantine, 'quarantined')}</tbody>
</table>`
}
</section>`;
};
