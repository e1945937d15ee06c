import type { Edge, StateGraph } from './state-graph.ts';

export interface Cell {
  readonly layer: number;
  /** 0 is the spine, columns beside it count up to the right and down to the left. */
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

/** The longest chain of edges from each state through states that `isOpen`, one that ends in `goal` before others. */
const longestChains = (
  { edges, layers }: StateGraph,
  isOpen: (name: string) => boolean,
  isGoal: (name: string) => boolean,
): ReadonlyMap<string, { readonly chain: readonly string[]; readonly worth: number }> => {
  const best = new Map<string, { readonly chain: readonly string[]; readonly worth: number }>();
  for (const name of [...layers.keys()].reverse().filter(isOpen)) {
    let found = { chain: [name], worth: isGoal(name) ? layers.size : 1 };
    for (const { from, to, kind, back } of edges) {
      const rest = best.get(to);
      if (from !== name || kind !== 'next' || back || rest === undefined) continue;
      if (rest.worth + 1 > found.worth) found = { chain: [name, ...rest.chain], worth: rest.worth + 1 };
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
 * The layout depends on nothing but the graph: the same state is at the same place in every report.
 */
const placeStates = (
  graph: StateGraph,
  start: string,
  isGoal: (name: string) => boolean,
): Map<string, Cell> => {
  const cells = new Map<string, Cell>();
  const taken = new Set<string>();
  const place = (chain: readonly string[], column: number): void => {
    for (const name of chain) {
      const layer = graph.layers.get(name) ?? 0;
      cells.set(name, { layer, column });
      taken.add(slot(column, layer));
    }
  };
  place(longestChains(graph, () => true, isGoal).get(start)?.chain ?? [], 0);
  while (cells.size < graph.layers.size) {
    const chains = [
      ...longestChains(
        graph,
        (name) => !cells.has(name),
        () => false,
      ).values(),
    ];
    const { chain } = chains.reduce((best, one) => (one.worth > best.worth ? one : best));
    const home = graph.edges.find(({ from, to }) => to === chain[0] && cells.has(from))?.from ?? start;
    let step = 0;
    const column = (): number => (cells.get(home)?.column ?? 0) + outwards(step);
    // Column 0 is the spine's own, to its end.
    while (column() === 0 || chain.some((name) => taken.has(slot(column(), graph.layers.get(name) ?? 0))))
      step += 1;
    place(chain, column());
  }
  return cells;
};

/** Finds a way between the states for each edge. Edges to the same state may share a lane. */
const routeEdges = (edges: readonly Edge[], cells: ReadonlyMap<string, Cell>): Route[] => {
  const owners = new Map([...cells].map(([name, { column, layer }]) => [slot(column, layer), name]));
  return edges.flatMap((edge) => {
    const from = cells.get(edge.from);
    const to = cells.get(edge.to);
    if (from === undefined || to === undefined) return [];
    // A forward edge passes the layers in between; a back edge starts beside its own and ends beside the other.
    const [first, last] = edge.back ? [to.layer, from.layer] : [from.layer + 1, to.layer - 1];
    const passed = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
    const isFree = (lane: number): boolean =>
      passed.every((layer) => [undefined, edge.from, edge.to].includes(owners.get(slot(lane, layer))));
    const detour = (lane: number): number => Math.abs(lane - from.column) + Math.abs(lane - to.column);
    const gutters = Array.from({ length: 2 * cells.size }, (_, at) => from.column + 0.5 - outwards(at)).sort(
      (one, other) => detour(one) - detour(other),
    );
    const columns = edge.back ? [from.column].filter((one) => one !== to.column) : [to.column, from.column];
    const lane = [...columns, ...gutters].find(isFree) ?? to.column;
    for (const layer of passed) owners.set(slot(lane, layer), owners.get(slot(lane, layer)) ?? edge.to);
    return [{ edge, lane }];
  });
};

export const layOut = (
  graph: StateGraph,
  start: string,
  isGoal: (name: string) => boolean,
  isDrawn: (edge: Edge) => boolean,
): Layout => {
  const cells = placeStates(graph, start, isGoal);
  return { cells, routes: routeEdges(graph.edges.filter(isDrawn), cells) };
};
