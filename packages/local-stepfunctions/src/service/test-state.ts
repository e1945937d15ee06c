import type { Clock } from '../clock.ts';
import { type ExecutionResult, startExecution } from '../execution.ts';
import { isObject, type JsonObject, valueAt } from '../json.ts';
import type { TaskHandlers } from '../task-handler.ts';
import { inspect } from './test-state-inspection.ts';
import { oneStateMachine } from './test-state-machine.ts';
import { arrayAt, load, type TestedState, type TestRequest, testedState, without } from './tested-state.ts';

export interface TestSurroundings {
  readonly handlers: TaskHandlers;
  readonly clock: Clock;
  /** Its abort ends the test. */
  readonly signal: AbortSignal;
}

interface Subject extends TestedState {
  readonly surroundings: TestSurroundings;
}

interface Trial {
  readonly result: ExecutionResult;
  /** Where the state led: the name in the definition, and the index of the catcher that led there. */
  readonly next: { readonly name: string; readonly catchIndex?: number } | undefined;
  /** The variables after the state. */
  readonly variables: JsonObject;
}

interface Caught {
  readonly index: number;
  readonly error?: string;
  readonly cause?: string;
}

/**
 * Runs one state alone, as TestState does. It is tried up to three times, always with the outcome that its task
 * had the first time: with its retriers in the place of its catchers, to see which of them would take the error
 * without waiting for it; with bare catchers, to see the error; and as it is.
 */
export async function testState(request: TestRequest, surroundings: TestSurroundings): Promise<object> {
  const subject: Subject = { ...testedState(request, surroundings.handlers), surroundings };
  const { state } = subject;
  const retriers = objectsAt(state, 'Retry');
  const retried = await caughtBy(subject, retriers);
  const retrier = retried === undefined ? undefined : retriers[retried.index];
  const retry = retryDetails(retrier, retried?.index, request.stateConfiguration?.retrierRetryCount ?? 0);
  const caught = retry === undefined ? await caughtBy(subject, objectsAt(state, 'Catch')) : undefined;
  const ended = retry === undefined ? await trial(subject, without(state, 'Retry')) : undefined;

  const inspection =
    request.inspectionLevel === 'INFO'
      ? {}
      : {
          inspectionData: {
            ...(await inspect(subject, (one, input = subject.input) => trial({ ...subject, input }, one))),
            input: request.input,
            ...variablesShown(ended?.variables ?? subject.variables),
            ...(caught === undefined ? {} : { errorDetails: { catchIndex: caught.index } }),
            ...(retry === undefined ? {} : { errorDetails: retry }),
          },
        };
  if (ended === undefined) return { status: 'RETRIABLE', ...failureOf(retried), ...inspection };
  const { result, next } = ended;
  if (result.status !== 'SUCCEEDED') return { status: 'FAILED', ...failureOf(result), ...inspection };
  return {
    status: caught === undefined ? 'SUCCEEDED' : 'CAUGHT_ERROR',
    ...failureOf(caught),
    output: JSON.stringify(result.output),
    ...(next === undefined ? {} : { nextState: next.name }),
    ...inspection,
  };
}

/** Which of the handlers takes the state's error, and that error; undefined if none does. */
async function caughtBy(subject: Subject, handlers: readonly JsonObject[]): Promise<Caught | undefined> {
  if (handlers.length === 0) return undefined;
  const catchers = handlers.map((handler) => ({
    ErrorEquals: valueAt(handler, 'ErrorEquals') ?? null,
    Next: 'caught',
  }));
  const { result, next } = await trial(subject, {
    ...without(subject.state, 'Retry', 'OutputPath'),
    Catch: catchers,
  });
  const index = next?.catchIndex;
  if (index === undefined || result.status !== 'SUCCEEDED' || !isObject(result.output)) return undefined;
  const { Error: error, Cause: cause } = result.output;
  return {
    index,
    ...(typeof error === 'string' ? { error } : {}),
    ...(typeof cause === 'string' && cause !== '' ? { cause } : {}),
  };
}

async function trial(subject: Subject, state: JsonObject): Promise<Trial> {
  const { name, input, variables, task, surroundings } = subject;
  const { definition, places } = oneStateMachine(name, state, variables);
  const execution = startExecution(load(definition), {
    name: 'test-state',
    input: { input, variables },
    handlers: task.handlers,
    clock: surroundings.clock,
    signal: surroundings.signal,
  });
  const result = await execution.result;
  const history = execution.history();
  const last = history.findLast((event) => event.type === 'SucceedStateEntered');
  const exited = history.find((event) => event.stateExitedEventDetails?.name === name);
  const assigned = Object.entries(exited?.stateExitedEventDetails?.assignedVariables ?? {});
  return {
    result,
    next: places.get(last?.stateEnteredEventDetails?.name ?? ''),
    // The history holds JSON texts.
    variables: {
      ...variables,
      ...Object.fromEntries(assigned.map(([key, text]) => [key, JSON.parse(text)])),
    },
  };
}

const DEFAULT_MAX_ATTEMPTS = 3;

/** Undefined if the retrier has no attempt left. */
function retryDetails(retrier: JsonObject | undefined, retryIndex: number | undefined, attempts: number) {
  if (retrier === undefined || retryIndex === undefined) return undefined;
  if (attempts >= numberAt(retrier, 'MaxAttempts', DEFAULT_MAX_ATTEMPTS)) return undefined;
  const backoff = numberAt(retrier, 'IntervalSeconds', 1) * numberAt(retrier, 'BackoffRate', 2) ** attempts;
  const longest = numberAt(retrier, 'MaxDelaySeconds', Number.POSITIVE_INFINITY);
  return { retryIndex, retryBackoffIntervalSeconds: Math.floor(Math.min(backoff, longest)) };
}

function failureOf(
  failure: { readonly error?: string; readonly cause?: string; readonly status?: string } | undefined,
) {
  const { error = failure?.status === 'TIMED_OUT' ? 'States.Timeout' : undefined, cause } = failure ?? {};
  return { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
}

function variablesShown(variables: JsonObject): object {
  return Object.keys(variables).length === 0 ? {} : { variables: JSON.stringify(variables) };
}

function objectsAt(state: JsonObject, field: string): readonly JsonObject[] {
  return arrayAt(state, field).filter(isObject);
}

function numberAt(object: JsonObject, field: string, otherwise: number): number {
  const value = valueAt(object, field);
  return typeof value === 'number' ? value : otherwise;
}
