import { type DefinitionProblem, InvalidDefinition } from '../errors.ts';
import { loadDefinition } from '../load/load-definition.ts';
import type { StateGraph, StateMachine } from '../state-machine.ts';
import type { TaskHandlers } from '../task-handler.ts';
import { ServiceError } from './service-error.ts';

export type StateMachineType = 'STANDARD' | 'EXPRESS';

/** What is wrong with a definition, in the shape of ValidateStateMachineDefinition. */
export interface Diagnostic {
  readonly severity: 'ERROR';
  readonly code: string;
  readonly message: string;
  /** As `/States/Transform/Next`; absent if the whole text is meant. */
  readonly location?: string;
}

type Checked =
  | { readonly machine: StateMachine; readonly diagnostics?: never }
  | { readonly machine?: never; readonly diagnostics: readonly Diagnostic[] };

/** "Express Workflows have a maximum duration of five minutes." */
const EXPRESS_SECONDS = 300;

/** The machine, or all that keeps it from being created here: also a resource that has no handler. */
export function checkDefinition(definition: string, type: StateMachineType, handlers: TaskHandlers): Checked {
  const loaded = load(definition);
  if (loaded.machine === undefined) return loaded;
  const { machine } = loaded;
  const diagnostics = [...expressProblems(machine, type), ...missingHandlers(machine, handlers)];
  if (diagnostics.length > 0) return { diagnostics };
  if (type === 'STANDARD') return loaded;
  return {
    machine: {
      ...machine,
      timeoutSeconds: Math.min(machine.timeoutSeconds ?? EXPRESS_SECONDS, EXPRESS_SECONDS),
    },
  };
}

/** The machine; throws InvalidDefinition, as CreateStateMachine does. */
export function checkedMachine(
  definition: string,
  type: StateMachineType,
  handlers: TaskHandlers,
): StateMachine {
  const { machine, diagnostics } = checkDefinition(definition, type, handlers);
  if (machine === undefined) throw invalidDefinition(diagnostics);
  return machine;
}

export function invalidDefinition(diagnostics: readonly Diagnostic[]): ServiceError {
  const problems = diagnostics.map(
    ({ code, message, location = '/' }) => `${code}: ${message} at ${location}`,
  );
  return new ServiceError('InvalidDefinition', `Invalid State Machine Definition: '${problems.join(', ')}'`);
}

function load(definition: string): Checked {
  try {
    return { machine: loadDefinition(definition) };
  } catch (error) {
    if (error instanceof InvalidDefinition) return { diagnostics: diagnosticsOf(error) };
    throw error;
  }
}

export function diagnosticsOf({ problems }: InvalidDefinition): Diagnostic[] {
  return problems.map((problem) => error(codeOf(problem), problem.message, problem.path));
}

/** AWS's code for what the loader says in its own words. */
function codeOf({ message }: DefinitionProblem): string {
  if (message.startsWith('is no JSON')) return 'INVALID_JSON_DESCRIPTION';
  if (/^there is no state '|^no transition leads to /.test(message)) return 'MISSING_TRANSITION_TARGET';
  if (message.startsWith('there is another state')) return 'DUPLICATE_STATE_NAME';
  return 'SCHEMA_VALIDATION_FAILED';
}

/** What Express workflows do not support: jobs, callbacks and Distributed Maps. */
function expressProblems(machine: StateMachine, type: StateMachineType): Diagnostic[] {
  if (type === 'STANDARD') return [];
  const patterns = machine.resources.flatMap(({ resource, path }) => {
    const pattern = /\.(sync(:2)?|waitForTaskToken)$/.exec(resource.action)?.[0];
    return pattern === undefined ? [] : unsupported(`'${pattern}' service integration`, path);
  });
  const maps = distributedMaps(machine, '').map((path) => unsupported('Distributed Map states', path));
  return [...patterns, ...maps];
}

function unsupported(what: string, path: string): Diagnostic {
  return error('SCHEMA_VALIDATION_FAILED', `Express state machine does not support ${what}`, path);
}

/** The paths of the Distributed Maps of a graph. */
function distributedMaps(graph: StateGraph, path: string): string[] {
  return [...graph.states].flatMap(([name, state]) => {
    const place = `${path}/States/${name}`;
    if (state.type === 'Parallel') {
      return state.branches.flatMap((branch, index) =>
        distributedMaps(branch, `${place}/Branches[${index}]`),
      );
    }
    if (state.type !== 'Map') return [];
    return state.distributed === undefined
      ? distributedMaps(state.processor, `${place}/ItemProcessor`)
      : place;
  });
}

function missingHandlers(machine: StateMachine, handlers: TaskHandlers): Diagnostic[] {
  return machine.resources.flatMap(({ resource: { key }, path }) =>
    Object.hasOwn(handlers, key) ? [] : error('NO_HANDLER', `this service has no handler '${key}'`, path),
  );
}

function error(code: string, message: string, path: string): Diagnostic {
  return { severity: 'ERROR', code, message, ...(path === '/' || path === '' ? {} : { location: path }) };
}
