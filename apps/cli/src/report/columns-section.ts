import type { Dataset } from '@sluice/record-schema';
import type { QualityReport } from '@sluice/step-contracts';
import { count, plural, share } from '../terminal/figures.ts';
import { shareBar } from './bar.ts';
import { type Html, html } from './html.ts';
import { shownText } from './shown-text.ts';

type Column = QualityReport['profile']['columns'][number];

const notesOf = (column: Column, dataset: Dataset): string => {
  const field = dataset.fields.find(({ name }) => name === column.name);
  return [
    ...(field?.required ? ['required'] : []),
    ...(field?.pii ? ['personal data, masked here'] : []),
    ...(field !== undefined && field.from !== field.name ? [`read from ${shownText(field.from, 128)}`] : []),
    ...(column.numericLooking
      ? [plural(column.numericLooking, 'value looks numeric', 'values look numeric')]
      : []),
  ].join(' · ');
};

const columnRow = (column: Column, rowsIn: number, dataset: Dataset): Html =>
  html`<tr><th scope="row">${shownText(column.name, 128)} <span class="note">${notesOf(column, dataset)}</span></th><td class="type">${shownText(column.type, 40)}</td><td class="nulls">${shareBar(rowsIn === 0 ? 0 : column.nulls / rowsIn)}<span class="number">${count(column.nulls)} <span class="note">${share(column.nulls, rowsIn)}</span></span></td><td class="number">${count(column.invalid)}</td></tr>`;

/** What the scan saw in each column. */
export const columnsSection = ({ profile }: QualityReport, dataset: Dataset): Html =>
  html`<section aria-labelledby="columns">
<h2 id="columns">Columns</h2>
<table class="columns">
<caption>As read from ${plural(profile.rowsIn, 'row')}, ${count(profile.malformed)} of them malformed</caption>
<thead><tr><th scope="col">Column</th><th scope="col">Type</th><th scope="col">Nulls</th><th scope="col" class="number">Invalid</th></tr></thead>
<tbody>${profile.columns.map((column) => columnRow(column, profile.rowsIn, dataset))}</tbody>
</table>
</section>`;
