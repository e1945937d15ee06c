import { EvaluationError, StateError } from '../errors.ts';
import { entered, exited } from '../history.ts';
import type { Json } from '../json.ts';
import type { ChoiceState, FailState, PassState, State, StateGraph } from '../state-machine.ts';
import { applyParameters, combineResult, selectInput, selectOutput } from './data-flow.ts';
import { withErrorHandling } from './error-handling.ts';
import { attemptMap } from './map.ts';
import { attemptParallel } from './parallel.ts';
import { type Branch, type Outcome, type Run, record, StateRun } from './run.ts';
import { attemptTask } from './task.ts';
import { waitFor } from './wait.ts';

/** Runs the states of a graph one after another and gives the output of the last. */
export async function runGraph(run: Run, graph: StateGraph, input: Json, branch: Branch): Promise<Json> {
  let payload = input;
  for (let name: string | undefined = graph.startAt; name !== undefined; ) {
    const state = graph.states.get(name);
    // The definition was checked: every transition leads to a state.
    if (state === undefined) throw new Error(`there is no state '${name}'`);
    branch.state = state;
    const enteredEventId = record(run, branch, `${state.type}StateEntered`, entered(name, payload));
    const stateRun = new StateRun(run, branch, state, payload, enteredEventId);
    const outcome = await runState(run, branch, state, stateRun);
    if (state.type !== 'Fail') record(run, branch, `${state.type}StateExited`, exited(name, outcome.output));
    payload = outcome.output;
    name = outcome.next;
  }
  return payload;
}

function runState(run: Run, branch: Branch, state: State, stateRun: StateRun): Outcome | Promise<Outcome> {
  switch (state.type) {
    case 'Task':
      return withErrorHandling(run, branch, state, stateRun, () => attemptTask(run, branch, state, stateRun));
    case 'Parallel':
      return withErrorHandling(run, branch, state, stateRun, () =>
        attemptParallel(run, branch, state, stateRun),
      );
    case 'Map':
      return withErrorHandling(run, branch, state, stateRun, () => attemptMap(run, branch, state, stateRun));
    case 'Wait':
      return waitFor(run, branch, state, stateRun);
    default:
      try {
        return runAtOnce(state, stateRun);
      } catch (error) {
        throw stateRun.located(error);
      }
  }
}

function runAtOnce(
  state: Exclude<State, { type: 'Task' | 'Parallel' | 'Map' | 'Wait' }>,
  stateRun: StateRun,
): Outcome {
  switch (state.type) {
    case 'Pass':
      return pass(state, stateRun);
    case 'Choice':
      return choose(state, stateRun);
    case 'Succeed': {
      const input = selectInput(state, stateRun.input, stateRun);
      return { output: selectOutput(state, stateRun.input, input, stateRun), next: undefined };
    }
    case 'Fail':
      return fail(state, stateRun);
  }
}

function pass(state: PassState, stateRun: StateRun): Outcome {
  const rawInput = stateRun.input;
  const input = applyParameters(state, selectInput(state, rawInput, stateRun), stateRun);
  const result = state.result === undefined ? input : state.result;
  return { output: combineResult(state, rawInput, result, stateRun), next: state.next };
}

function choose(state: ChoiceState, stateRun: StateRun): Outcome {
  const input = selectInput(state, stateRun.input, stateRun);
  const scope = stateRun.scopeOf(input);
  const next = state.choices.find((choice) => choice.condition(scope))?.next ?? state.default;
  if (next === undefined) {
    throw new EvaluationError(
      'States.NoChoiceMatched',
      'Failed to transition out of the state. No choice rule matched and there is no Default.',
    );
  }
  return { output: selectOutput(state, stateRun.input, input, stateRun), next };
}

function fail(state: FailState, stateRun: StateRun): never {
  throw new StateError(
    failText('ErrorPath', state.error?.(stateRun)),
    failText('CausePath', state.cause?.(stateRun)),
  );
}

function failText(field: string, value: Json | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new EvaluationError(
    'States.Runtime',
    `The ${field} field must refer to a string, not ${JSON.stringify(value)}`,
  );
}
