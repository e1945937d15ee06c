import { HeartbeatTimeout, StateError } from '../errors.ts';
import type { Json } from '../json.ts';
import { checkPayload } from '../payload.ts';
import type {
  Catcher,
  MapState,
  OutputQueries,
  ParallelState,
  Retrier,
  TaskState,
} from '../state-machine.ts';
import { combineResult, computeVariables, placeResult, resultTooLarge } from './data-flow.ts';
import { computeOutput } from './jsonata.ts';
import { type Branch, type Outcome, type Run, record, type StateRun } from './run.ts';

/**
 * Runs the attempt until it succeeds or no retrier takes its error, then asks the catchers.
 */
export async function withErrorHandling(
  run: Run,
  branch: Branch,
  state: TaskState | ParallelState | MapState,
  stateRun: StateRun,
  attempt: () => Promise<Json>,
): Promise<Outcome> {
  const rawInput = stateRun.input;
  const attempts = new Map<Retrier, number>();
  for (;;) {
    try {
      const result = await attempt();
      if (state.jsonata === undefined) return combineResult(state, rawInput, result, stateRun);
      return { ...(await computeOutput(state.jsonata, result, stateRun, { result })), next: state.next };
    } catch (thrown) {
      const error = stateRun.located(thrown);
      if (!(error instanceof StateError)) throw error;
      const delay = retryDelay(state.retry, error, stateRun, attempts);
      if (delay === undefined) {
        if (stateRun.started && state.type !== 'Task') record(run, branch, `${state.type}StateFailed`);
        const catcher = state.catch.find((candidate) => catches(candidate.errorEquals, error, stateRun));
        if (catcher === undefined) {
          if (beginsAnew(state, error)) await branch.journal?.attempt();
          throw error;
        }
        return catcher.jsonata === undefined
          ? caught(catcher, rawInput, error, stateRun)
          : await caughtByQuery(catcher, catcher.jsonata, error, stateRun);
      }
      stateRun.retryCount += 1;
      if (state.type !== 'Task') await branch.journal?.attempt();
      await branch.abort.race(run.clock.sleep(delay * 1_000, branch.abort.signal));
    }
  }
}

/**
 * Whether a redrive runs all of the state again. "If the state failed because of a States.DataLimitExceeded error, the
 * … state is rerun, including the branches that were successful" (redrive-executions); a Map Run that failed because
 * of States.Runtime is followed by a new one (redrive-map-run).
 */
function beginsAnew(state: TaskState | ParallelState | MapState, { error }: StateError): boolean {
  if (error === 'States.DataLimitExceeded') return state.type !== 'Task';
  return error === 'States.Runtime' && state.type === 'Map' && state.distributed !== undefined;
}

function caught(catcher: Catcher, rawInput: Json, error: StateError, stateRun: StateRun): Outcome {
  try {
    const thrown = errorOutput(error);
    const output = placeResult(catcher.resultPath, rawInput, thrown);
    checkPayload(output, () => resultTooLarge(stateRun.stateName));
    return { output, next: catcher.next, assigned: computeVariables(catcher.assign, thrown, stateRun) };
  } catch (failure) {
    throw stateRun.located(failure);
  }
}

async function caughtByQuery(
  catcher: Catcher,
  queries: OutputQueries,
  error: StateError,
  stateRun: StateRun,
): Promise<Outcome> {
  const thrown = errorOutput(error);
  try {
    return {
      ...(await computeOutput(queries, thrown, stateRun, { errorOutput: thrown })),
      next: catcher.next,
    };
  } catch (failure) {
    throw stateRun.located(failure);
  }
}

/** As on AWS: an error without a cause has an empty one, and no error at all has null for both. */
function errorOutput({ error, cause }: StateError): Json {
  if (error === undefined) return { Error: null, Cause: cause ?? null };
  return { Error: error, Cause: cause ?? '' };
}

/** Seconds until the next attempt, undefined if there is none. Counts the attempt. */
function retryDelay(
  retriers: readonly Retrier[],
  error: StateError,
  stateRun: StateRun,
  attempts: Map<Retrier, number>,
): number | undefined {
  const retrier = retriers.find((candidate) => catches(candidate.errorEquals, error, stateRun));
  if (retrier === undefined) return undefined;
  const done = attempts.get(retrier) ?? 0;
  if (done >= retrier.maxAttempts) return undefined;
  attempts.set(retrier, done + 1);
  const growing = retrier.intervalSeconds * retrier.backoffRate ** done;
  const delay = Math.min(growing, retrier.maxDelaySeconds);
  return retrier.fullJitter ? stateRun.random() * delay : delay;
}

/** Errors that the wildcards leave alone. */
const TERMINAL = new Set<string | undefined>(['States.Runtime', 'States.DataLimitExceeded']);

/** Whether a list of ErrorEquals takes the error. States.Runtime is never handled, even by name. */
function catches(errorEquals: readonly string[], failure: StateError, { branchFailed }: StateRun): boolean {
  const { error } = failure;
  if (error === 'States.Runtime') return false;
  return errorEquals.some((name) => {
    if (name === error) return true;
    if (name === 'States.ALL') return !TERMINAL.has(error);
    if (name === 'States.TaskFailed') return !TERMINAL.has(error) && error !== 'States.Timeout';
    // "A branch of a Parallel state failed." The error itself is the branch's.
    if (name === 'States.BranchFailed') return branchFailed && !TERMINAL.has(error);
    return name === 'States.HeartbeatTimeout' && failure instanceof HeartbeatTimeout;
  });
}
