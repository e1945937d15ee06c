import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { barPatterns } from './bar.ts';
import { columnsSection } from './columns-section.ts';
import { filesSection } from './files-section.ts';
import { headline, headSection, nextSection } from './head-section.ts';
import { Html, html, NOTHING } from './html.ts';
import { mapRunSection } from './map-run-section.ts';
import { reasonsSection } from './reasons-section.ts';
import type { ReportInput } from './report-input.ts';
import { rowsSection } from './rows-section.ts';
import { scoreSection } from './score-section.ts';
import { waySection } from './way-section.ts';

const styleSheet = readFileSync(new URL('report.css', import.meta.url), 'utf8');

// The hash allows this style sheet and no other; style attributes, scripts and the network are not allowed at all.
// The one image is the empty icon, without which a browser asks the server for /favicon.ico.
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * The report of a run as one HTML document, which loads nothing and runs nothing. The same input gives the same bytes.
 * Values of PII fields are not in it.
 */
export const renderReport = (input: ReportInput): string => {
  const { quality } = input.run;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${headline(input)} · ${input.run.runId}</title>
<link rel="icon" href="data:,">
<style>${new Html(styleSheet)}</style>
</head>
<body>
${barPatterns}
${headSection(input)}
<main>
${nextSection(input)}
${rowsSection(input)}
${waySection(input)}
${mapRunSection(input)}
${scoreSection(quality)}
${reasonsSection(input)}
${quality === null ? NOTHING : columnsSection(quality, input.dataset)}
${filesSection(input)}
</main>
<footer><p>Made by <code>sluice</code> from the run’s manifest and the history of its execution. This file loads nothing from anywhere.</p></footer>
</body>
</html>
`;
  return page.markup;
};
