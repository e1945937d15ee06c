import { EvaluationError, StateError } from '../errors.ts';
import { entered, exited } from '../history.ts';
import type { Json } from '../json.ts';
import type {
  ChoiceState,
  FailState,
  InputOutput,
  OutputQueries,
  PassState,
  State,
  StateGraph,
} from '../state-machine.ts';
import { applyParameters, combineResult, computeVariables, selectInput, selectOutput } from './data-flow.ts';
import { withErrorHandling } from './error-handling.ts';
import { computeCondition, computeOutput, computeText } from './jsonata.ts';
import { attemptMap } from './map.ts';
import { attemptParallel } from './parallel.ts';
import { type Branch, type Outcome, type Run, record, StateRun } from './run.ts';
import { attemptTask } from './task.ts';
import { waitFor } from './wait.ts';

/** Runs the states of a graph one after another and gives the output of the last. */
export async function runGraph(run: Run, graph: StateGraph, input: Json, branch: Branch): Promise<Json> {
  let resumed = branch.journal?.resumed;
  let payload = resumed === undefined ? input : resumed.input;
  if (resumed !== undefined) branch.variables.assign(resumed.variables);
  for (let name: string | undefined = resumed?.state ?? graph.startAt; name !== undefined; ) {
    const state = graph.states.get(name);
    // The definition was checked: every transition leads to a state.
    if (state === undefined) throw new Error(`there is no state '${name}'`);
    branch.state = state;
    const { previousEventId } = branch;
    const entrance = resumed ?? enter(run, branch, state, payload);
    const { eventId, enteredAt } = entrance instanceof Promise ? await entrance : entrance;
    resumed = undefined;
    const stateRun = new StateRun(run, branch, state, payload, eventId, previousEventId, enteredAt);
    const outcome = await runState(run, branch, state, stateRun);
    const { assigned } = outcome;
    if (assigned !== undefined) branch.variables.assign(assigned);
    if (state.type !== 'Fail') {
      record(run, branch, `${state.type}StateExited`, exited(name, outcome.output, assigned));
    }
    payload = outcome.output;
    name = outcome.next;
  }
  return payload;
}

/** Records that the state was entered; a redrive goes on from there. */
function enter(run: Run, branch: Branch, state: State, payload: Json): Entrance | Promise<Entrance> {
  const eventId = record(run, branch, `${state.type}StateEntered`, entered(state.name, payload));
  const enteredAt = run.clock.now();
  const entrance = { eventId, enteredAt };
  const noted = branch.journal?.entered({
    state: state.name,
    input: payload,
    variables: branch.variables.visible(),
    ...entrance,
  });
  return noted === undefined ? entrance : noted.then(() => entrance);
}

interface Entrance {
  readonly eventId: number;
  /** Milliseconds since the epoch. */
  readonly enteredAt: number;
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
      if (state.jsonata !== undefined) return runQueries(state, stateRun);
      try {
        return runAtOnce(state, stateRun);
      } catch (error) {
        throw stateRun.located(error);
      }
  }
}

/** A state that does nothing but compute. */
type ComputingState = Exclude<State, { type: 'Task' | 'Parallel' | 'Map' | 'Wait' }>;

async function runQueries(state: ComputingState, stateRun: StateRun): Promise<Outcome> {
  try {
    switch (state.type) {
      case 'Pass':
        return { ...(await computeOutcome(state, stateRun)), next: state.next };
      case 'Succeed':
        return { ...(await computeOutcome(state, stateRun)), next: undefined };
      case 'Choice':
        return await chooseByQueries(state, stateRun);
      case 'Fail':
        return await failByQueries(state, stateRun);
    }
  } catch (error) {
    throw stateRun.located(error);
  }
}

function computeOutcome({ jsonata }: InputOutput, stateRun: StateRun) {
  return computeOutput(jsonata ?? NO_QUERIES, stateRun.input, stateRun);
}

const NO_QUERIES: OutputQueries = { output: undefined, assign: undefined };

async function chooseByQueries(state: ChoiceState, stateRun: StateRun): Promise<Outcome> {
  const bindings = stateRun.bindings();
  for (const rule of state.jsonata?.choices ?? []) {
    if (await computeCondition(rule.condition, bindings)) {
      return { ...(await computeOutput(rule, stateRun.input, stateRun)), next: rule.next };
    }
  }
  const next = state.default ?? noChoiceMatched();
  return { ...(await computeOutcome(state, stateRun)), next };
}

async function failByQueries({ jsonata }: FailState, stateRun: StateRun): Promise<never> {
  const bindings = stateRun.bindings();
  const error = jsonata?.error && (await computeText(jsonata.error, bindings));
  const cause = jsonata?.cause && (await computeText(jsonata.cause, bindings));
  throw new StateError(error, cause);
}

function runAtOnce(state: ComputingState, stateRun: StateRun): Outcome {
  switch (state.type) {
    case 'Pass':
      return pass(state, stateRun);
    case 'Choice':
      return choose(state, stateRun);
    case 'Succeed': {
      const input = selectInput(state, stateRun.input, stateRun);
      const output = selectOutput(state, stateRun.input, input, stateRun);
      return { output, next: undefined, assigned: undefined };
    }
    case 'Fail':
      return fail(state, stateRun);
  }
}

function pass(state: PassState, stateRun: StateRun): Outcome {
  const rawInput = stateRun.input;
  const input = applyParameters(state, selectInput(state, rawInput, stateRun), stateRun);
  const result = state.result === undefined ? input : state.result;
  return combineResult(state, rawInput, result, stateRun);
}

function choose(state: ChoiceState, stateRun: StateRun): Outcome {
  const input = selectInput(state, stateRun.input, stateRun);
  const scope = stateRun.scopeOf(input);
  const rule = state.choices.find((choice) => choice.condition(scope));
  const next = rule?.next ?? state.default ?? noChoiceMatched();
  // The state's own Assign belongs to its Default.
  const { assign } = rule ?? state;
  const assigned = computeVariables(assign, input, stateRun);
  return { output: selectOutput(state, stateRun.input, input, stateRun), next, assigned };
}

function noChoiceMatched(): never {
  throw new EvaluationError(
    'States.Runtime',
    'Failed to transition out of the state. The state does not point to a next state.',
  );
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
