import type { DrawnState, DrawnStateMachine } from './report-input.ts';

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'next' | 'catch';
  /** Leads to a state that comes before: the end of a loop. */
  readonly back: boolean;
}

/** The states that can be reached, layered: every edge that is not a back edge leads to a lower layer. */
export interface StateGraph {
  readonly edges: readonly Edge[];
  /** 0 is the first state's. In the order in which the states come. */
  readonly layers: ReadonlyMap<string, number>;
}

const leadsTo = ({ Next, Choices = [], Default, Catch = [] }: DrawnState): Pick<Edge, 'to' | 'kind'>[] => {
  const next = [...Choices.map((choice) => choice.Next), Next, Default].filter((to) => to !== undefined);
  const caught = Catch.map((catcher) => catcher.Next).filter((to) => !next.includes(to));
  return [
    ...[...new Set(next)].map((to) => ({ to, kind: 'next' as const })),
    ...[...new Set(caught)].map((to) => ({ to, kind: 'catch' as const })),
  ];
};

/** Layers by longest path, so that a state stands below everything that can lead to it. */
export const graphOf = ({ StartAt, States }: DrawnStateMachine): StateGraph => {
  const edges: Edge[] = [];
  const finished: string[] = [];
  const underway = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string): void => {
    seen.add(name);
    underway.add(name);
    for (const { to, kind } of leadsTo(States[name] ?? { Type: 'Fail' })) {
      if (!Object.hasOwn(States, to)) continue;
      edges.push({ from: name, to, kind, back: underway.has(to) });
      if (!seen.has(to)) visit(to);
    }
    underway.delete(name);
    finished.push(name);
  };
  if (Object.hasOwn(States, StartAt)) visit(StartAt);

  // The reverse of the order in which a depth-first search finishes is a topological one.
  const layers = new Map(finished.reverse().map((name) => [name, 0]));
  for (const [name, layer] of layers) {
    for (const { from, to, back } of edges) {
      if (from === name && !back) layers.set(to, Math.max(layers.get(to) ?? 0, layer + 1));
    }
  }
  return { edges, layers };
};
