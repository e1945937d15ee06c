import type { QualityReport, QualityVerdict } from '@sluice/step-contracts';
import { type Html, html, NOTHING } from './html.ts';
import { shownText } from './shown-text.ts';

const decimal = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
const points = (value: number): string => decimal.format(value);

const LEVELS: Readonly<Record<'error' | 'warning' | 'note', string>> = {
  error: '✕ Error',
  warning: '▲ Warning',
  note: '● Note',
};

/** A scale of 0 to 100 with the score and the threshold. */
const meter = ({ score, threshold, passed }: QualityVerdict): Html =>
  html`<svg class="meter${passed ? '' : ' failed'}" width="100%" height="30" role="img" aria-label="Score ${points(score)} of 100, threshold ${points(threshold)}">
<rect class="track" y="9" width="100%" height="12" rx="2"/>
<rect class="fill" y="9" width="${score}%" height="12" rx="2"/>
<svg x="${threshold}%" overflow="visible"><path class="threshold" d="M0 2 V28"/></svg>
</svg>`;

const costsTable = ({ score, costs }: QualityVerdict): Html => {
  const left = costs.reduce((sum, cost) => sum - cost.points, 100);
  const difference = Math.round((score - left) * 100) / 100;
  const why =
    left < 0
      ? 'a score does not fall below 0'
      : 'the figures are rounded, the score is not made from rounded ones';
  return html`<table>
<caption>How the score came about</caption>
<thead><tr><th scope="col">Figure</th><th scope="col" class="number">Points</th></tr></thead>
<tbody>
<tr><th scope="row">A perfect object</th><td class="number">100</td></tr>
${costs.map((cost) => html`<tr><th scope="row">${shownText(cost.figure, 128)} <span class="note">${shownText(cost.because, 300)}</span></th><td class="number">${cost.points === 0 ? '0' : `−${points(cost.points)}`}</td></tr>`)}
${difference === 0 ? NOTHING : html`<tr><th scope="row">Rest <span class="note">${why}</span></th><td class="number">${difference > 0 ? '+' : '−'}${points(Math.abs(difference))}</td></tr>`}
</tbody>
<tfoot><tr><th scope="row">Score</th><td class="number">${points(score)}</td></tr></tfoot>
</table>`;
};

const findingsList = ({ findings }: QualityVerdict): Html =>
  findings.length === 0
    ? html`<p class="note">Nothing else stood out.</p>`
    : html`<ul class="findings">${findings.map(
        // The message names its field.
        ({ level, code, message }) =>
          html`<li><span class="level ${level}">${LEVELS[level]}</span> <span>${shownText(message, 300)} <span class="note">${shownText(code, 80)}</span></span></li>`,
      )}</ul>`;

const checksTable = ({ checks }: QualityVerdict): Html =>
  checks.length === 0
    ? NOTHING
    : html`<table>
<caption>Checks of the dataset</caption>
<thead><tr><th scope="col">Check</th><th scope="col" class="number">Actual</th><th scope="col" class="number">Allowed</th><th scope="col">Result</th></tr></thead>
<tbody>${checks.map(
        ({ check, field, level, passed, actual, allowed }) =>
          html`<tr><th scope="row">${shownText(check, 128)}${field === undefined ? NOTHING : html` <span class="note">of ${shownText(field, 128)}</span>`}</th><td class="number">${points(actual)}</td><td class="number">${points(allowed)}</td><td>${passed ? html`<span class="good">✓ passed</span>` : html`<span class="level ${level}">${LEVELS[level]}</span>`}</td></tr>`,
      )}</tbody>
</table>`;

const verdictLine = ({ score, threshold, passed }: QualityVerdict): Html => {
  const text = passed
    ? score < threshold
      ? 'below the threshold, but too few rows for that to count: the gate is open'
      : 'the gate is open'
    : score < threshold
      ? 'below the threshold: the gate is closed'
      : 'high enough, but a check failed: the gate is closed';
  return html`<p class="verdict"><span class="score">${points(score)}</span> <span>of 100, threshold ${points(threshold)}<br><strong class="${passed ? 'good' : 'bad'}">${passed ? '✓' : '✕'} ${text}</strong></span></p>`;
};

/** The score, what it lost and why, and the checks beside it. */
export const scoreSection = (quality: QualityReport | null): Html =>
  html`<section aria-labelledby="score">
<h2 id="score">Quality score</h2>
${
  quality === null
    ? html`<p>The object was not scored: the run ended before that.</p>`
    : html`${verdictLine(quality.verdict)}${meter(quality.verdict)}
<div class="pair"><div>${costsTable(quality.verdict)}</div><div><h3>What stood out</h3>${findingsList(quality.verdict)}${checksTable(quality.verdict)}</div></div>`
}
</section>`;
