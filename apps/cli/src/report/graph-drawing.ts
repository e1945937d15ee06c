import { duration } from '../terminal/figures.ts';
import type { Cell, Layout, Route } from './graph-layout.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { DrawnState } from './report-input.ts';
import { shownText } from './shown-text.ts';
import type { Edge } from './state-graph.ts';
import { type Stay, takesTime } from './way-taken.ts';

/** Lengths in CSS pixels. */
export interface Geometry {
  readonly node: { readonly width: number; readonly height: number };
  /** From one column to the next, from one layer to the next. */
  readonly pitch: { readonly x: number; readonly y: number };
  readonly fontSize: number;
  readonly label: { readonly lines: number; readonly characters: number };
}

export const WIDE: Geometry = {
  node: { width: 172, height: 40 },
  pitch: { x: 196, y: 68 },
  fontSize: 12.5,
  label: { lines: 1, characters: 24 },
};

/** Four columns on a telephone, in letters that need no magnifying. */
export const NARROW: Geometry = {
  node: { width: 78, height: 60 },
  pitch: { x: 88, y: 84 },
  fontSize: 10.5,
  label: { lines: 3, characters: 11 },
};

interface Point {
  readonly x: number;
  readonly y: number;
}

const MARGIN = 3;
const CORNER = 9;
const TIP = 7;

/** `NotifyQualityFailure` over at most so many lines, broken between its words. */
export const labelLines = (name: string, { lines, characters }: Geometry['label']): readonly string[] => {
  const words = shownText(name, lines * characters).match(/[A-Z]*[^A-Z]+|[A-Z]+/g) ?? [''];
  const result: string[] = [''];
  for (const word of words) {
    const line = result.at(-1) ?? '';
    if (line === '' || line.length + word.length <= characters) result[result.length - 1] = line + word;
    else result.push(word);
  }
  const fit = result.map((line) => (line.length > characters ? `${line.slice(0, characters - 1)}…` : line));
  return fit.length > lines
    ? [...fit.slice(0, lines - 1), `${fit[lines - 1]?.slice(0, characters - 1)}…`]
    : fit;
};

const towards = (from: Point, to: Point, distance: number): Point => {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = Math.min(distance, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
};

const at = ({ x, y }: Point): string => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;

/** A line through all points with round corners. */
const roundedPath = (points: readonly Point[]): string =>
  points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (before === undefined) return `M${at(point)}`;
      if (after === undefined) return `L${at(point)}`;
      return `L${at(towards(point, before, CORNER))} Q${at(point)} ${at(towards(point, after, CORNER))}`;
    })
    .join(' ');

const withoutRepeats = (points: readonly Point[]): readonly Point[] =>
  points.filter(({ x, y }, index) => x !== points[index - 1]?.x || y !== points[index - 1]?.y);

/** Turns cells and lanes into places on the drawing. */
const coordinates = ({ node, pitch }: Geometry, { cells, routes }: Layout) => {
  const placed = [...cells.values()];
  const left = Math.min(
    ...placed.map(({ column }) => column * pitch.x - node.width / 2),
    ...routes.map(({ lane }) => lane * pitch.x),
  );
  const right = Math.max(
    ...placed.map(({ column }) => column * pitch.x + node.width / 2),
    ...routes.map(({ lane }) => lane * pitch.x),
  );
  const layers = Math.max(...placed.map(({ layer }) => layer));
  const x = (lane: number): number => lane * pitch.x - left + MARGIN;
  const top = (layer: number): number => layer * pitch.y + MARGIN;
  return {
    x,
    top,
    width: right - left + 2 * MARGIN,
    height: top(layers) + node.height + MARGIN,
    bottom: (layer: number): number => top(layer) + node.height,
    middle: (layer: number): number => top(layer) + node.height / 2,
  };
};
type Coordinates = ReturnType<typeof coordinates>;

const forwardPoints = (from: Cell, to: Cell, lane: number, place: Coordinates, gap: number): Point[] => {
  // Edges part high in the gap between two layers and come together low in it, so that the two are not mixed up.
  const [parting, joining] = [place.bottom(from.layer) + gap * 0.3, place.top(to.layer) - gap * 0.55];
  const isNext = to.layer === from.layer + 1;
  const [start, end] = [place.x(from.column), place.x(to.column)];
  const passing = isNext ? end : place.x(lane);
  return [
    { x: start, y: place.bottom(from.layer) },
    ...(start === passing
      ? []
      : [
          { x: start, y: parting },
          { x: passing, y: parting },
        ]),
    ...(passing === end
      ? []
      : [
          { x: passing, y: joining },
          { x: end, y: joining },
        ]),
    { x: end, y: place.top(to.layer) },
  ];
};

const backPoints = (from: Cell, to: Cell, lane: number, place: Coordinates, width: number): Point[] => {
  const passing = place.x(lane);
  const side = (column: number): number => place.x(column) + (Math.sign(lane - column) * width) / 2;
  return [
    ...(lane === from.column
      ? [{ x: passing, y: place.top(from.layer) }]
      : [
          { x: side(from.column), y: place.middle(from.layer) },
          { x: passing, y: place.middle(from.layer) },
        ]),
    { x: passing, y: place.middle(to.layer) },
    { x: side(to.column), y: place.middle(to.layer) },
  ];
};

const drawEdge = (
  { edge, lane }: Route,
  { cells }: Layout,
  geometry: Geometry,
  place: Coordinates,
  isTaken: boolean,
): Html => {
  const [from, to] = [cells.get(edge.from), cells.get(edge.to)];
  if (from === undefined || to === undefined) return NOTHING;
  const points = withoutRepeats(
    edge.back
      ? backPoints(from, to, lane, place, geometry.node.width)
      : forwardPoints(from, to, lane, place, geometry.pitch.y - geometry.node.height),
  );
  const [before, end] = [points.at(-2), points.at(-1)];
  if (before === undefined || end === undefined) return NOTHING;
  const turn = Math.round((Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI);
  const line = roundedPath([...points.slice(0, -1), towards(end, before, TIP - 1)]);
  const kind = `edge${isTaken ? ' taken' : ''}${isTaken && edge.kind === 'catch' ? ' failed' : ''}`;
  return html`<g class="${kind}"><path class="line" d="${line}"/><path class="tip" d="M0 0 L${-TIP} 4 L${-TIP} -4 Z" transform="translate(${at(end)}) rotate(${turn})"/></g>`;
};

/** How far each of the cards behind a Map sticks out on both sides; there is less room between narrow columns. */
const cardStep = ({ node, pitch }: Geometry): number => Math.min(4, (pitch.x - node.width) / 5);

/** A Map lies on the cards of its children. */
const cards = (type: string, geometry: Geometry): Html | readonly Html[] => {
  if (type !== 'Map') return NOTHING;
  const { width, height } = geometry.node;
  return [2, 1].map((behind) => {
    const [out, inset] = [behind * cardStep(geometry), behind * 5];
    return html`<rect class="child" x="${-out}" y="${inset}" width="${width + 2 * out}" height="${height - 2 * inset}" rx="4"/>`;
  });
};

/** Decisions have cut corners, ends are round. */
const outline = (type: string, width: number, height: number): Html => {
  const cut = 8;
  if (type === 'Choice') {
    const points = [
      `${cut},0`,
      `${width - cut},0`,
      `${width},${cut}`,
      `${width},${height - cut}`,
      `${width - cut},${height}`,
      `${cut},${height}`,
      `0,${height - cut}`,
      `0,${cut}`,
    ];
    return html`<polygon class="shape" points="${points.join(' ')}"/>`;
  }
  const radius = type === 'Succeed' || type === 'Fail' ? Math.min(20, height / 2) : 5;
  return html`<rect class="shape" width="${width}" height="${height}" rx="${radius}"/>`;
};

/** As much of a stay as fits on one line; the table beside the graph has all of it. */
const stayLine = (
  { visits, milliseconds, attempts, error }: Stay,
  type: string,
  { characters }: Geometry['label'],
): string =>
  [
    ...(takesTime(type) ? [duration(milliseconds)] : []),
    ...(visits > 1 ? [`${visits}×`] : []),
    ...(attempts > visits ? [`${attempts} tries`] : []),
  ].reduce(
    (line, part) => (line.length + part.length < characters ? `${line} ${part}` : line),
    error !== null || type === 'Fail' ? '✕' : '✓',
  );

const drawNode = (
  name: string,
  state: DrawnState,
  stay: Stay | undefined,
  origin: Point,
  geometry: Geometry,
): Html => {
  const { node, fontSize, label } = geometry;
  const lines = [...labelLines(name, label), ...(stay ? [stayLine(stay, state.Type, label)] : [])];
  const lineHeight = fontSize * 1.22;
  const first = node.height / 2 - ((lines.length - 1) * lineHeight) / 2 + fontSize * 0.34;
  const texts = lines.map((line, index) => {
    const kind = stay && index === lines.length - 1 ? 'stay' : 'name';
    return html`<text class="${kind}" x="${node.width / 2}" y="${Math.round((first + index * lineHeight) * 10) / 10}" font-size="${fontSize}">${line}</text>`;
  });
  const failed = stay !== undefined && (stay.error !== null || state.Type === 'Fail');
  const kind = `node${stay ? ' taken' : ''}${failed ? ' failed' : ''}`;
  const handled = state.Catch?.length
    ? html`<circle class="handled" cx="${node.width - 6}" cy="6" r="1.8"/>`
    : NOTHING;
  return html`<g class="${kind}" transform="translate(${at(origin)})"><title>${name}${state.Comment ? `: ${state.Comment}` : ''}</title>${cards(state.Type, geometry)}${outline(state.Type, node.width, node.height)}${handled}${texts}</g>`;
};

export interface Picture {
  readonly layout: Layout;
  readonly states: Readonly<Record<string, DrawnState>>;
  readonly stays: ReadonlyMap<string, Stay>;
  readonly taken: ReadonlySet<Edge>;
  readonly title: string;
  readonly description: string;
}

/** The graph as SVG. `id` makes the ids of its title and description; it is unique in the document. */
export const drawGraph = (picture: Picture, geometry: Geometry, id: string): Html => {
  const { layout, states, stays, taken } = picture;
  const place = coordinates(geometry, layout);
  // What was taken lies on top of what was not.
  const routes = [...layout.routes].sort(
    (one, other) => Number(taken.has(one.edge)) - Number(taken.has(other.edge)),
  );
  const nodes = [...layout.cells].map(([name, { column, layer }]) => {
    const origin = { x: place.x(column) - geometry.node.width / 2, y: place.top(layer) };
    return drawNode(name, states[name] ?? { Type: '' }, stays.get(name), origin, geometry);
  });
  return html`<svg class="graph ${id}" viewBox="0 0 ${place.width} ${place.height}" width="${place.width}" height="${place.height}" role="img" aria-labelledby="${id}-title ${id}-description">
<title id="${id}-title">${picture.title}</title>
<desc id="${id}-description">${picture.description}</desc>
${routes.map((route) => drawEdge(route, layout, geometry, place, taken.has(route.edge)))}
${nodes}
</svg>`;
};
