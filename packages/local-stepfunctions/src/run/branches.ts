import { AbortScope } from '../abort-scope.ts';
import { StateError } from '../errors.ts';
import type { Json, JsonArray, JsonObject } from '../json.ts';
import type { StateGraph } from '../state-machine.ts';
import { Variables } from '../variables.ts';
import { abortedEvent, type Branch, type Run } from './run.ts';

/** Why a branch stops whose sibling has failed. */
class SiblingFailed extends Error {}

/** The lines of states of one Parallel or Map at work. */
export interface BranchSet {
  readonly run: Run;
  /** Whose state the branches belong to; its latest event follows the branches'. */
  readonly parent: Branch;
  readonly graphOf: (index: number) => StateGraph;
  /** The input of a branch, and `$$.Map` in it. May throw what the state fails with. */
  readonly inputOf: (index: number) => { readonly input: Json; readonly map: JsonObject | undefined };
  readonly onStarted: (branch: Branch, index: number) => void;
  readonly onSucceeded: (branch: Branch, index: number) => void;
  /** For the branch that failed, and each that is stopped because of it. */
  readonly onFailed: (branch: Branch, index: number) => void;
  readonly onAborted: (branch: Branch, index: number) => void;
}

/** A branch in its place, with what it starts from. */
interface Place {
  readonly branch: Branch;
  readonly index: number;
  readonly input: Json;
}

/**
 * Runs so many branches, at most `concurrency` of them at a time, and gives their outputs in order. When one
 * fails, those that run are stopped; its error is thrown after all of them have ended.
 */
export async function runBranches(set: BranchSet, count: number, concurrency: number): Promise<JsonArray> {
  const { run, parent } = set;
  const outputs: Json[] = new Array(count);
  const abort = new AbortScope(parent.abort);
  const running = new Map<number, Branch>();
  let failure: { readonly error: unknown } | undefined;
  let started = 0;

  function start(previousEventId: number): Place {
    const index = started;
    started += 1;
    const { input, map } = set.inputOf(index);
    const variables = new Variables(parent.variables);
    const journal = parent.journal?.branch(index);
    const branch: Branch = { previousEventId, state: undefined, abort, map, variables, journal };
    // What a redrive goes on with, or keeps, has started before.
    if (journal?.resumed === undefined && journal?.output === undefined) set.onStarted(branch, index);
    running.set(index, branch);
    return { branch, index, input };
  }

  /** The first failure is the state's; it stops the other branches. */
  function fail(error: unknown, previousEventId: number, failed?: Place): void {
    if (failure !== undefined) return;
    failure = { error };
    if (abort.reason !== undefined) return;
    parent.previousEventId = previousEventId;
    try {
      if (error instanceof StateError) recordFailure(previousEventId, failed);
    } catch (fault) {
      failure = { error: fault };
    }
    abort.abort(new SiblingFailed('another branch failed'));
  }

  function recordFailure(previousEventId: number, failed: Place | undefined): void {
    if (failed !== undefined) {
      set.onFailed(failed.branch, failed.index);
      // As the service does: a Task that failed its branch counts as aborted too.
      if (failed.branch.state?.type === 'Task') abortedEvent(run, failed.branch);
    }
    for (const [index, other] of running) {
      other.previousEventId = previousEventId;
      set.onAborted(other, index);
      abortedEvent(run, other);
    }
  }

  /** Runs a branch to its end; gives the id of its last event, undefined if it failed. */
  async function runOne(place: Place): Promise<number | undefined> {
    const { branch, index, input } = place;
    const kept = branch.journal?.output;
    if (kept !== undefined) {
      outputs[index] = kept.value;
      running.delete(index);
      return branch.previousEventId;
    }
    try {
      const output = await run.runGraph(set.graphOf(index), input, branch);
      await branch.journal?.ended(output);
      outputs[index] = output;
      branch.variables.close();
      const lastEventId = branch.previousEventId;
      set.onSucceeded(branch, index);
      running.delete(index);
      parent.previousEventId = branch.previousEventId;
      return lastEventId;
    } catch (error) {
      branch.variables.close();
      running.delete(index);
      fail(error, branch.previousEventId, place);
      return undefined;
    }
  }

  /** Runs the branch in a place, then those that wait for the place. */
  async function work(first: Place): Promise<void> {
    let place = first;
    for (;;) {
      const lastEventId = await runOne(place);
      if (lastEventId === undefined || started === count) return;
      try {
        place = start(lastEventId);
      } catch (error) {
        fail(error, lastEventId);
        return;
      }
    }
  }

  try {
    const firstEventId = parent.previousEventId;
    const places: Place[] = [];
    while (started < Math.min(count, concurrency)) places.push(start(firstEventId));
    await Promise.all(places.map(work));
  } finally {
    abort.close();
  }
  if (failure !== undefined) throw failure.error;
  return outputs;
}
