import { duration, plural } from '../terminal/figures.ts';
import { drawGraph, NARROW, WIDE } from './graph-drawing.ts';
import { layOut } from './graph-layout.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { DrawnStateMachine, ReportInput } from './report-input.ts';
import { shownText } from './shown-text.ts';
import { type Edge, graphOf } from './state-graph.ts';
import { type Stay, takesTime, totalMilliseconds, wayTaken } from './way-taken.ts';

const stepRow = (name: string, stay: Stay, { definition: { States }, mapRun }: ReportInput): Html => {
  const state = States[name];
  const note = [
    state?.Type === 'Choice' && stay.next.length > 0
      ? `Chose ${stay.next.map((next) => shownText(next, 80)).join(', then ')}.`
      : shownText(state?.Comment ?? '', 200),
    ...(mapRun?.state === name ? [`${plural(mapRun.executions.total, 'child', 'children')}.`] : []),
    ...(stay.visits > 1 ? [`Visited ${plural(stay.visits, 'time')}.`] : []),
    ...(stay.attempts > stay.visits ? [`Tried ${plural(stay.attempts, 'time')}.`] : []),
  ].join(' ');
  const failed =
    stay.error === null ? NOTHING : html`<p class="bad">✕ Failed: ${shownText(stay.error, 200)}</p>`;
  const took = takesTime(state?.Type) ? duration(stay.milliseconds) : '';
  return html`<tr><th scope="row">${shownText(name, 80)}${note === '' ? NOTHING : html`<p class="note">${note}</p>`}${failed}</th><td class="number">${took}</td></tr>`;
};

const legend = (edges: readonly Edge[], { States }: DrawnStateMachine): Html => {
  const handlers = [...new Set(edges.filter(({ kind }) => kind === 'catch').map(({ to }) => to))];
  const caught =
    handlers.length === 0
      ? NOTHING
      : html` A dot in the corner: if this state fails for good, the way leads on to ${shownText(handlers.join(' or '), 200)}; these ways are drawn only when taken.`;
  const maps = Object.values(States).some(({ Type }) => Type === 'Map')
    ? ', and what lies on a stack runs many times side by side'
    : '';
  return html`<p class="note">Bold lines, ✓ and ✕ mark the way taken; the rest was not needed. Cut corners are decisions, round shapes are ends${maps}.${caught}</p>`;
};

/** The state machine as a graph with the way that this run took, and the same way as a table. */
export const waySection = (input: ReportInput): Html => {
  const { definition, history } = input;
  const stays = wayTaken(definition, history);
  const graph = graphOf(definition);
  const taken = new Set(graph.edges.filter(({ from, to }) => stays.get(from)?.next.includes(to)));
  const layout = layOut(
    graph,
    definition.StartAt,
    (name) => definition.States[name]?.Type === 'Succeed',
    (edge) => edge.kind === 'next' || taken.has(edge),
  );
  const names = [...stays].map(([name, { visits, milliseconds }]) => {
    const times = visits > 1 ? `, ${plural(visits, 'visit')}` : '';
    return takesTime(definition.States[name]?.Type) ? `${name} (${duration(milliseconds)}${times})` : name;
  });
  const picture = {
    layout,
    states: definition.States,
    stays,
    taken,
    title: `The workflow and the way that this run took through its ${plural(graph.layers.size, 'state')}`,
    description: `The way taken: ${names.join(', ')}.`,
  };
  const total = totalMilliseconds(history);
  return html`<section aria-labelledby="way">
<h2 id="way">The way through the workflow</h2>
<div class="way">
<figure>
${layout.cells.size === 0 ? NOTHING : [drawGraph(picture, WIDE, 'wide'), drawGraph(picture, NARROW, 'narrow')]}
<figcaption>${legend(graph.edges, definition)}</figcaption>
</figure>
<div>
<table class="steps">
<caption>Step by step</caption>
<thead><tr><th scope="col">State</th><th scope="col" class="number">Took</th></tr></thead>
<tbody>${[...stays].map(([name, stay]) => stepRow(name, stay, input))}</tbody>
${total === null ? NOTHING : html`<tfoot><tr><th scope="row">Together</th><td class="number">${duration(total)}</td></tr></tfoot>`}
</table>
</div>
</div>
</section>`;
};
