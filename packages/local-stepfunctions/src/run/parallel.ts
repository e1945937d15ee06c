import type { Json } from '../json.ts';
import type { ParallelState } from '../state-machine.ts';
import { runBranches } from './branches.ts';
import { applyParameters, selectInput } from './data-flow.ts';
import { computeArguments } from './jsonata.ts';
import { type Branch, type Run, record, type StateRun } from './run.ts';

/** One attempt at a Parallel: every branch with the effective input, their outputs in order. */
export async function attemptParallel(
  run: Run,
  branch: Branch,
  state: ParallelState,
  stateRun: StateRun,
): Promise<Json> {
  stateRun.branchFailed = false;
  const input =
    state.jsonata === undefined
      ? applyParameters(state, selectInput(state, stateRun.input, stateRun), stateRun)
      : await computeArguments(state.jsonata.arguments, stateRun);
  stateRun.started = true;
  record(run, branch, 'ParallelStateStarted');
  const { branches } = state;
  stateRun.branchFailed = true;
  const outputs = await runBranches(
    {
      run,
      parent: branch,
      graphOf: (index) => branches[index] ?? unknownBranch(index),
      inputOf: () => ({ input, map: branch.map }),
      onStarted: () => {},
      onSucceeded: () => {},
      onFailed: () => {},
      onAborted: () => {},
    },
    branches.length,
    branches.length,
  );
  stateRun.branchFailed = false;
  run.history.add('ParallelStateSucceeded', branch.previousEventId, {});
  return outputs;
}

function unknownBranch(index: number): never {
  throw new RangeError(`there is no branch ${index}`);
}
