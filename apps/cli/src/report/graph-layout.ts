import type { Edge, StateGraph } from './state-graph.ts';

export interface Cell {
  readonly layer: number;
  /** 0 is the spine; columns beside it count up to the right and down to the left. */
  readonly column: number;
}

export interface Route {
  readonly edge: Edge;
  /** Where the edge passes the layers between its ends: a column, or a half for the gutter between two. */
  readonly lane: number;
}

export interface Layout {
  readonly cells: ReadonlyMap<string, Cell>;
  readonly routes: readonly Route[];
}

interface Chain {
  readonly names: readonly string[];
  /** Its length, and more than any length if it ends in a goal. */
  readonly worth: number;
}

/** The best chain of forward edges from each open state through open states. */
const bestChains = (
  { edges, layers }: StateGraph,
  isOpen: (name: string) => boolean,
  isGoal: (name: string) => boolean,
): ReadonlyMap<string, Chain> => {
  const best = new Map<string, Chain>();
  for (const name of [...layers.keys()].reverse().filter(isOpen)) {
    let found: Chain = { names: [name], worth: isGoal(name) ? layers.size : 1 };
    for (const { from, to, kind, back } of edges) {
      const rest = best.get(to);
      if (from !== name || kind !== 'next' || back || rest === undefined) continue;
      if (rest.worth + 1 > found.worth) found = { names: [name, ...rest.names], worth: rest.worth + 1 };
    }
    best.set(name, found);
  }
  return best;
};

/** 0, 1, −1, 2, −2, … */
const outwards = (at: number): number => (at % 2 === 0 ? -at / 2 : (at + 1) / 2);

const slot = (lane: number, layer: number): string => `${lane}:${layer}`;

/**
 * Places every state: its row is its layer, its column comes from taking the graph apart into chains. The longest way
 * to success is the spine; each chain after that, longest first, goes to the column nearest to where it branches off.
 * The places depend on nothing but the graph: the same state is at the same place in every report.
 */
const placeStates = (
  graph: StateGraph,
  start: string,
  isGoal: (name: string) => boolean,
): ReadonlyMap<string, Cell> => {
  const cells = new Map<string, Cell>();
  const taken = new Set<string>();
  const layerOf = (name: string): number => graph.layers.get(name) ?? 0;
  const isFree = (name: string): boolean => !cells.has(name);
  const place = (names: readonly string[], column: number): void => {
    for (const name of names) {
      cells.set(name, { layer: layerOf(name), column });
      taken.add(slot(column, layerOf(name)));
    }
  };
  // Of two chains of the same length the one that closes a loop is placed first: its back edge runs beside it.
  const rank = ({ names, worth }: Chain): number =>
    2 * worth + Number(graph.edges.some(({ from, back }) => back && from === names[0]));

  place(bestChains(graph, isFree, isGoal).get(start)?.names ?? [], 0);
  while (cells.size < graph.layers.size) {
    const chains = [...bestChains(graph, isFree, isGoal).values()];
    const { names } = chains.reduce((best, one) => (rank(one) > rank(best) ? one : best));
    const parent = graph.edges.find(({ from, to }) => to === names[0] && cells.has(from))?.from ?? start;
    const home = cells.get(parent)?.column ?? 0;
    // Column 0 is the spine's own, to its end.
    const isOpen = (column: number): boolean =>
      column !== 0 && !names.some((name) => taken.has(slot(column, layerOf(name))));
    let step = 0;
    while (!isOpen(home + outwards(step))) step += 1;
    const nearest = home + outwards(step);
    const opposite = home - outwards(step);
    // As near on the other side: a column that is there already makes the picture no wider.
    const columns = new Set([...cells.values()].map(({ column }) => column));
    place(names, !columns.has(nearest) && columns.has(opposite) && isOpen(opposite) ? opposite : nearest);
  }
  return cells;
};

/** Finds a way between the states for each edge. Edges to the same state may share a lane. */
const routeEdges = (edges: readonly Edge[], cells: ReadonlyMap<string, Cell>): readonly Route[] => {
  const owners = new Map([...cells].map(([name, { column, layer }]) => [slot(column, layer), name]));
  const laneOf = (edge: Edge, from: Cell, to: Cell): number => {
    // A forward edge passes the layers in between; a back edge starts beside its own and ends beside the other.
    const [first, last] = edge.back ? [to.layer, from.layer] : [from.layer + 1, to.layer - 1];
    const passed = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
    const isFree = (lane: number): boolean =>
      passed.every((layer) => [undefined, edge.from, edge.to].includes(owners.get(slot(lane, layer))));
    const detour = (lane: number): number => Math.abs(lane - from.column) + Math.abs(lane - to.column);
    const columns = edge.back ? [from.column].filter((one) => one !== to.column) : [to.column, from.column];
    const gutters = Array.from({ length: 2 * cells.size }, (_, at) => from.column + 0.5 - outwards(at));
    gutters.sort((one, other) => detour(one) - detour(other));
    const lane = [...columns, ...gutters].find(isFree) ?? to.column;
    for (const layer of passed) owners.set(slot(lane, layer), owners.get(slot(lane, layer)) ?? edge.to);
    return lane;
  };
  const span = ({ from, to }: Edge): number => (cells.get(to)?.layer ?? 0) - (cells.get(from)?.layer ?? 0);
  const isCatch = ({ kind }: Edge): number => Number(kind === 'catch');
  // The longest choose first. Catch edges come last: whether one is drawn must not move the others.
  return [...edges]
    .sort((one, other) => isCatch(one) - isCatch(other) || span(other) - span(one))
    .flatMap((edge) => {
      const [from, to] = [cells.get(edge.from), cells.get(edge.to)];
      return from && to ? [{ edge, lane: laneOf(edge, from, to) }] : [];
    });
};

/** A place for every state and a way for every edge that is drawn. The spine leads to a goal, if one can be reached. */
export const layOut = (
  graph: StateGraph,
  start: string,
  isGoal: (name: string) => boolean,
  isDrawn: (edge: Edge) => boolean,
): Layout => {
  const cells = placeStates(graph, start, isGoal);
  return { cells, routes: routeEdges(graph.edges.filter(isDrawn), cells) };
};
