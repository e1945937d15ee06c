import { duration, plural } from '../terminal/figures.ts';
import { drawGraph, NARROW, type NodeStory, WIDE } from './graph-drawing.ts';
import { layOut } from './graph-layout.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { DrawnStateMachine, ReportInput } from './report-input.ts';
import { shownText } from './shown-text.ts';
import { type Edge, graphOf } from './state-graph.ts';
import { totalMilliseconds, type Visit, wayTaken } from './way-taken.ts';

const storiesOf = (visits: readonly Visit[]): ReadonlyMap<string, NodeStory> => {
  const stories = new Map<string, NodeStory>();
  for (const { state, milliseconds, attempts, error } of visits) {
    const before = stories.get(state) ?? { visits: 0, milliseconds: 0, attempts: 0, failed: false };
    stories.set(state, {
      visits: before.visits + 1,
      milliseconds: before.milliseconds + (milliseconds ?? 0),
      attempts: before.attempts + attempts,
      failed: error !== null,
    });
  }
  return stories;
};

const takenEdges = (edges: readonly Edge[], visits: readonly Visit[]): ReadonlySet<Edge> =>
  new Set(
    visits.flatMap(({ state }, at) =>
      edges.filter(({ from, to }) => from === state && to === visits[at + 1]?.state),
    ),
  );

const stepRow = (visit: Visit, next: Visit | undefined, { States }: DrawnStateMachine): Html => {
  const state = States[visit.state];
  const chosen = state?.Type === 'Choice' && next ? `Chose ${shownText(next.state, 80)}.` : '';
  const tries = visit.attempts > 1 ? ` Tried ${plural(visit.attempts, 'time')}.` : '';
  const note = `${chosen || (state?.Comment ?? '')}${tries}`.trim();
  const failed =
    visit.error === null ? NOTHING : html`<p class="bad">✕ Failed: ${shownText(visit.error, 200)}</p>`;
  const took = visit.milliseconds === null ? '–' : duration(visit.milliseconds);
  return html`<tr><th scope="row">${shownText(visit.state, 80)}${note === '' ? NOTHING : html`<p class="note">${shownText(note, 200)}</p>`}${failed}</th><td class="number">${took}</td></tr>`;
};

const legend = (edges: readonly Edge[]): Html => {
  const handlers = [...new Set(edges.filter(({ kind }) => kind === 'catch').map(({ to }) => to))];
  const caught =
    handlers.length === 0
      ? NOTHING
      : html` A dot in the corner: if this state fails for good, the way leads on to ${shownText(handlers.join(' or '), 200)}; these ways are drawn only when taken.`;
  return html`<p class="note">Bold lines, ✓ and ✕ mark the way taken; the rest was not needed. Cut corners are decisions, round shapes are ends.${caught}</p>`;
};

/** The state machine as a graph with the way that this run took, and the same way as a table. */
export const waySection = ({ definition, history }: ReportInput): Html => {
  const visits = wayTaken(definition, history);
  const graph = graphOf(definition);
  const taken = takenEdges(graph.edges, visits);
  const layout = layOut(
    graph,
    definition.StartAt,
    (name) => definition.States[name]?.Type === 'Succeed',
    (edge) => edge.kind === 'next' || taken.has(edge),
  );
  const names = visits.map(({ state, milliseconds }) =>
    milliseconds === null ? state : `${state} (${duration(milliseconds)})`,
  );
  const picture = {
    layout,
    states: definition.States,
    stories: storiesOf(visits),
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
<figcaption>${legend(graph.edges)}</figcaption>
</figure>
<div>
<table class="steps">
<caption>Step by step</caption>
<thead><tr><th scope="col">State</th><th scope="col" class="number">Took</th></tr></thead>
<tbody>${visits.map((visit, at) => stepRow(visit, visits[at + 1], definition))}</tbody>
${total === null ? NOTHING : html`<tfoot><tr><th scope="row">Together</th><td class="number">${duration(total)}</td></tr></tfoot>`}
</table>
</div>
</div>
</section>`;
};
