import type { StateGraph } from '../state-machine.ts';

/** The paths of all Maps of a graph that read or write objects. */
export function objectUsers(graph: StateGraph, path = ''): string[] {
  return [...graph.states].flatMap(([name, state]) => {
    const place = `${path}/States/${name}`;
    if (state.type === 'Parallel') {
      return state.branches.flatMap((branch, index) => objectUsers(branch, `${place}/Branches[${index}]`));
    }
    if (state.type !== 'Map') return [];
    const map = state.distributed;
    const uses = map?.reader !== undefined || map?.writer.parameters !== undefined;
    return [...(uses ? [place] : []), ...objectUsers(state.processor, `${place}/ItemProcessor`)];
  });
}
