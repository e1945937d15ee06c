import type { Clock } from '../clock.ts';
import { InvalidDefinition } from '../errors.ts';
import { type ExecutionResult, startExecution } from '../execution.ts';
import { isArray, isObject, type Json, type JsonObject, valueAt } from '../json.ts';
import { loadDefinition } from '../load/load-definition.ts';
import type { StateMachine } from '../state-machine.ts';
import type { TaskHandler, TaskHandlers } from '../task-handler.ts';
import { diagnosticsOf, invalidDefinition } from './diagnostics.ts';
import { ServiceError } from './service-error.ts';
import { inspect } from './test-state-inspection.ts';
import { oneStateMachine } from './test-state-machine.ts';
import { TestedTask } from './tested-task.ts';

interface TestRequest {
  /** JSON text of a state, or of a machine if `stateName` is given. */
  readonly definition: string;
  readonly input: string;
  readonly inspectionLevel: 'INFO' | 'DEBUG' | 'TRACE';
  readonly variables?: string | undefined;
  readonly stateName?: string | undefined;
  readonly context?: string | undefined;
  readonly mock?: Mock | undefined;
  readonly stateConfiguration?: { readonly retrierRetryCount: number } | undefined;
}

interface Mock {
  readonly result?: string | undefined;
  readonly errorOutput?: { readonly error: string; readonly cause?: string | undefined } | undefined;
}

export interface TestSurroundings {
  readonly handlers: TaskHandlers;
  readonly clock: Clock;
  /** Its abort ends the test. */
  readonly signal: AbortSignal;
}

/** A state ready to be tried, with what it is tried on. */
interface Subject {
  readonly name: string;
  readonly state: JsonObject;
  readonly input: Json;
  readonly variables: JsonObject;
  readonly task: TestedTask;
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
  const { name, state: given } = stateOf(request);
  checkMock(given, request);
  const state = request.mock === undefined || given.Type === 'Task' ? given : asTask(given);
  const key = checkDefinition(name, given, state);
  const subject: Subject = {
    name,
    state,
    input: JSON.parse(request.input),
    variables: variablesOf(request.variables),
    task: new TestedTask(key, handlerOf(key, request.mock, surroundings.handlers)),
    surroundings,
  };

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

function stateOf({ definition, stateName }: TestRequest): { name: string; state: JsonObject } {
  const json = parseObject(definition, (reason) =>
    invalidDefinition([{ severity: 'ERROR', code: 'INVALID_JSON_DESCRIPTION', message: reason }]),
  );
  if (stateName === undefined) return { name: 'TestState', state: json };
  const found = findState(json, stateName);
  if (found === undefined) throw invalid(`there is no state '${stateName}' in the definition`);
  const language = valueAt(json, 'QueryLanguage');
  return {
    name: stateName,
    state: language === undefined ? found : { QueryLanguage: language, ...found },
  };
}

/** The state of the name, in the definition or in the branches and processors of its states. */
function findState(graph: JsonObject, name: string): JsonObject | undefined {
  const states = valueAt(graph, 'States');
  if (!isObject(states)) return undefined;
  const own = valueAt(states, name);
  if (isObject(own)) return own;
  for (const state of Object.values(states).filter(isObject)) {
    const graphs = [
      valueAt(state, 'ItemProcessor'),
      valueAt(state, 'Iterator'),
      ...arrayAt(state, 'Branches'),
    ];
    for (const inner of graphs.filter(isObject)) {
      const found = findState(inner, name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function checkMock(state: JsonObject, { mock, context }: TestRequest): void {
  const type = String(valueAt(state, 'Type'));
  if (context !== undefined) throw invalid('context is not supported by this service');
  if (mock !== undefined) {
    if (!['Task', 'Map', 'Parallel'].includes(type)) {
      throw invalid(`a mock can be specified for Task, Map and Parallel states, not for ${type}`);
    }
    if ((mock.result === undefined) === (mock.errorOutput === undefined)) {
      throw invalid('a mock has one of result and errorOutput');
    }
    return;
  }
  const resource = String(valueAt(state, 'Resource'));
  if (type === 'Map' || type === 'Parallel') throw invalid(`a ${type} state can be tested with a mock only`);
  if (/:activity:|\.sync(:2)?$|\.waitForTaskToken$/.test(resource)) {
    throw invalid(`the resource ${resource} can be tested with a mock only`);
  }
}

const MOCKED_FIELDS = ['ItemProcessor', 'Iterator', 'ItemReader', 'ItemsPath', 'Items', 'ItemSelector'];
const MOCKED_LIMITS = [
  'ItemBatcher',
  'ResultWriter',
  'MaxConcurrency',
  'MaxConcurrencyPath',
  'Label',
  'Branches',
];
const MOCKED_TOLERANCES = ['', 'Count', 'CountPath', 'Percentage', 'PercentagePath'];

/** A Map or Parallel whose result is mocked does nothing but handle it, like a Task. */
function asTask(state: JsonObject): JsonObject {
  const tolerances = MOCKED_TOLERANCES.map((rest) => `ToleratedFailure${rest}`);
  // Parameters of a Map shape its items.
  const parameters = state.Type === 'Map' ? ['Parameters'] : [];
  const rest = without(state, ...MOCKED_FIELDS, ...MOCKED_LIMITS, ...tolerances, ...parameters);
  return { ...rest, Type: 'Task', Resource: 'arn:aws:states:::mock:result' };
}

/** The key of the state's handler, undefined if it has no task. Throws InvalidDefinition. */
function checkDefinition(name: string, given: JsonObject, state: JsonObject): string | undefined {
  load(oneStateMachine(name, given, {}).definition);
  return load(oneStateMachine(name, state, {}).definition).resources[0]?.resource.key;
}

function load(definition: JsonObject): StateMachine {
  try {
    return loadDefinition(definition);
  } catch (error) {
    if (error instanceof InvalidDefinition) throw invalidDefinition(diagnosticsOf(error));
    throw error;
  }
}

function handlerOf(key: string | undefined, mock: Mock | undefined, handlers: TaskHandlers): TaskHandler {
  if (mock?.errorOutput !== undefined)
    return TestedTask.failing(mock.errorOutput.error, mock.errorOutput.cause);
  if (mock?.result !== undefined) {
    const result = parseJson(mock.result, 'mock.result');
    return async () => result;
  }
  const handler = key !== undefined && Object.hasOwn(handlers, key) ? handlers[key] : undefined;
  if (key !== undefined && handler === undefined) {
    throw invalid(`this service has no handler '${key}': give a mock`);
  }
  return handler ?? (async () => null);
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

function variablesOf(text: string | undefined): JsonObject {
  return text === undefined ? {} : parseObject(text, (reason) => invalid(`variables ${reason}`));
}

function parseObject(text: string, refusal: (reason: string) => ServiceError): JsonObject {
  let json: Json;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refusal(`is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(json)) throw refusal('must be a JSON object');
  return json;
}

function parseJson(text: string, member: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`${member} is no JSON`);
  }
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}

function without(state: JsonObject, ...fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(state).filter(([field]) => !fields.includes(field)));
}

function arrayAt(state: JsonObject, field: string): readonly Json[] {
  const value = valueAt(state, field);
  return isArray(value) ? value : [];
}

function objectsAt(state: JsonObject, field: string): readonly JsonObject[] {
  return arrayAt(state, field).filter(isObject);
}

function numberAt(object: JsonObject, field: string, otherwise: number): number {
  const value = valueAt(object, field);
  return typeof value === 'number' ? value : otherwise;
}
