import { engineLine } from '../terminal/engine-line.ts';
import { bytes, count, duration, plural } from '../terminal/figures.ts';
import { redriveLine } from '../terminal/redrive-line.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { NextCommand, ReportInput } from './report-input.ts';
import { shownText } from './shown-text.ts';
import { totalMilliseconds } from './way-taken.ts';

const STATUS = {
  published: { mark: '✓', kind: 'good' },
  rejected: { mark: '✕', kind: 'bad' },
  failed: { mark: '✕', kind: 'bad' },
} as const;

/** The run in one line, for the title and the first heading. */
export const headline = ({ run, dataset }: ReportInput): string => {
  switch (run.status) {
    case 'published':
      return `${plural(run.counts.accepted, 'row')} of ${dataset.name} published`;
    case 'rejected':
      return run.gate === 'quality'
        ? `An object of ${dataset.name} is below its quality threshold`
        : `An object of ${dataset.name} was refused`;
    case 'failed':
      return `A run of ${dataset.name} failed`;
  }
};

const whyLine = ({ run }: ReportInput): Html => {
  switch (run.status) {
    case 'published':
      return NOTHING;
    case 'rejected':
      return html`<p class="why">${shownText(run.message, 600)} <code>${shownText(run.code, 80)}</code></p>`;
    case 'failed':
      return html`<p class="why">${shownText(run.cause, 600)} <code>${shownText(run.error, 80)}</code></p>`;
  }
};

const nextSteps = ({ run }: ReportInput): readonly string[] => {
  if (run.status === 'failed') {
    return [
      'The object is still in the raw zone. Running it again is safe: it finishes the job or starts anew.',
    ];
  }
  if (run.status === 'rejected') {
    const correct =
      run.gate === 'quality'
        ? 'None of its rows are published. See below what cost the points, correct the source and send the object again.'
        : 'None of its rows are published. Correct the object and send it again.';
    return [`${correct} The corrected object starts a run of its own.`];
  }
  const { counts, unknownColumns, quality } = run;
  const ignored = unknownColumns.map((column) => shownText(column, 60)).join(', ');
  const { findings, checks } = quality.verdict;
  const warnings =
    findings.filter(({ level }) => level !== 'note').length + checks.filter(({ passed }) => !passed).length;
  const steps = [
    ...(counts.quarantined > 0
      ? [
          `Correct the ${plural(counts.quarantined, 'quarantined row')} and send nothing else, as a new object: rows that are published already would be published twice.`,
        ]
      : []),
    ...(warnings > 0 ? [`Look at ${plural(warnings, 'warning')} of the quality score.`] : []),
    ...(unknownColumns.length > 0
      ? [`Declare the columns that were ignored, if you want them: ${shownText(ignored, 400)}.`]
      : []),
  ];
  return steps.length > 0
    ? steps
    : ['Nothing. The rows are in the curated zone, and every one is accounted for.'];
};

const commandItem = ({ purpose, line }: NextCommand): Html =>
  html`<li>${purpose}: <code class="command">${line}</code></li>`;

/** `2026-11-21 14:00:00 UTC` */
const shownTime = (iso: string): string => iso.replace('T', ' ').replace(/(\.0+)?Z$/, ' UTC');

const fact = (name: string, value: Html): Html => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

const facts = ({ run, history, engine, redrive }: ReportInput): Html => {
  const total = totalMilliseconds(history);
  const { bucket, key, size } = run.object;
  return html`<dl class="facts">
${fact('Object', html`<code>s3://${shownText(bucket, 255)}/${shownText(key, 1024)}</code> ${bytes(size)}`)}
${fact('Run', html`<code>${run.runId}</code>`)}
${fact('As of', html`<time datetime="${run.asOf}">${shownTime(run.asOf)}</time>`)}
${run.status === 'published' ? fact('Engine', html`${run.engine}, reading ${run.format}`) : NOTHING}
${engine === null ? NOTHING : fact('Chosen', html`${shownText(engineLine(engine), 600)}`)}
${total === null ? NOTHING : fact('Took', html`${duration(total)}`)}
${redrive === null ? NOTHING : fact('Redrive', html`${shownText(redriveLine(redrive).replace(/^redrive /, ''), 300)}`)}
</dl>`;
};

const tile = (figure: string, what: string): Html => html`<div><dt>${what}</dt><dd>${figure}</dd></div>`;

const tiles = ({ run }: ReportInput): Html => {
  const quality = run.quality;
  const shown = [
    ...(run.status === 'published'
      ? [
          tile(count(run.counts.rowsIn), 'rows in'),
          tile(count(run.counts.accepted), 'accepted'),
          tile(count(run.counts.quarantined), 'quarantined'),
        ]
      : quality === null
        ? []
        : [tile(count(quality.profile.rowsIn), 'rows in'), tile('0', 'published')]),
    ...(quality === null
      ? []
      : [tile(String(quality.verdict.score), `score, threshold ${quality.verdict.threshold}`)]),
  ];
  return shown.length === 0 ? NOTHING : html`<dl class="tiles">${shown}</dl>`;
};

/** What happened, and to what. */
export const headSection = (input: ReportInput): Html => {
  const { mark, kind } = STATUS[input.run.status];
  return html`<header>
<p class="overline">Sluice · run report <span class="status ${kind}">${mark} ${input.run.status}</span></p>
<h1>${headline(input)}</h1>
${whyLine(input)}
${facts(input)}
${tiles(input)}
</header>`;
};

export const nextSection = (input: ReportInput): Html =>
  html`<section class="next" aria-labelledby="next">
<h2 id="next">What to do next</h2>
<ul>${nextSteps(input).map((step) => html`<li>${step}</li>`)}${input.commands.map(commandItem)}</ul>
</section>`;
