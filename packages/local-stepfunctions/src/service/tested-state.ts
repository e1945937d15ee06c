import { InvalidDefinition } from '../errors.ts';
import { isArray, isObject, type Json, type JsonObject, valueAt } from '../json.ts';
import { loadDefinition } from '../load/load-definition.ts';
import type { StateMachine } from '../state-machine.ts';
import type { TaskHandler, TaskHandlers } from '../task-handler.ts';
import { diagnosticsOf, invalidDefinition } from './diagnostics.ts';
import { ServiceError } from './service-error.ts';
import { oneStateMachine } from './test-state-machine.ts';
import { TestedTask } from './tested-task.ts';

export interface TestRequest {
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

/** The state that a request means, checked and ready to be tried. */
export interface TestedState {
  readonly name: string;
  readonly state: JsonObject;
  readonly input: Json;
  readonly variables: JsonObject;
  readonly task: TestedTask;
}

/** Throws InvalidDefinition, or ValidationException for what cannot be tested. */
export function testedState(request: TestRequest, handlers: TaskHandlers): TestedState {
  const { name, state: given } = stateOf(request);
  checkMock(given, request);
  const state = request.mock === undefined || given.Type === 'Task' ? given : asTask(given);
  const key = checkDefinition(name, given, state);
  return {
    name,
    state,
    input: JSON.parse(request.input),
    variables: variablesOf(request.variables),
    task: new TestedTask(key, handlerOf(key, request.mock, handlers)),
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

export function load(definition: JsonObject): StateMachine {
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

export function without(state: JsonObject, ...fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(state).filter(([field]) => !fields.includes(field)));
}

export function arrayAt(state: JsonObject, field: string): readonly Json[] {
  const value = valueAt(state, field);
  return isArray(value) ? value : [];
}
