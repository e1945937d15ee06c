import {
  createVirtualClock,
  type Execution,
  type ExecutionOptions,
  type ExecutionResult,
  type HistoryEvent,
  type InvalidDefinition,
  type Json,
  loadDefinition,
  startExecution,
} from '../src/index.ts';

type Options = Partial<ExecutionOptions>;

export function start(definition: unknown, options: Options = {}): Execution {
  return startExecution(loadDefinition(definition), {
    name: 'run-1',
    input: {},
    handlers: {},
    clock: createVirtualClock(),
    ...options,
  });
}

export function run(definition: unknown, options: Options = {}): Promise<ExecutionResult> {
  return start(definition, options).result;
}

/** The output of an execution that must succeed. */
export async function outputOf(definition: unknown, options: Options = {}): Promise<Json> {
  const result = await run(definition, options);
  if (result.status !== 'SUCCEEDED') throw new Error(JSON.stringify(result));
  return result.output;
}

/** A machine of one state. */
export function single(state: object): object {
  return { StartAt: 'Only', States: { Only: state } };
}

/** What a path or an intrinsic call gives for an input. */
export function evaluate(expression: string, input: Json, options: Options = {}): Promise<Json> {
  const pass = single({
    Type: 'Pass',
    Parameters: { 'value.$': expression },
    OutputPath: '$.value',
    End: true,
  });
  return outputOf(pass, { input, ...options });
}

/** How an execution failed that evaluates the expression. */
export function failureOf(expression: string, input: Json): Promise<ExecutionResult> {
  return run(single({ Type: 'Pass', Parameters: { 'value.$': expression }, End: true }), { input });
}

/** The problems found in a definition, as `path: message`. */
export function problemsOf(definition: unknown): string[] {
  try {
    loadDefinition(definition);
    return [];
  } catch (error) {
    if (!isInvalid(error)) throw error;
    return error.problems.map((problem) => `${problem.path}: ${problem.message}`);
  }
}

function isInvalid(error: unknown): error is InvalidDefinition {
  return error instanceof Error && error.name === 'InvalidDefinition';
}

/** The history as lines like `3 < 2 TaskScheduled`. */
export function lines(history: readonly HistoryEvent[]): string[] {
  return history.map((event) => `${event.id} < ${event.previousEventId} ${event.type}`);
}

/** A Task of the handler `lambda:invoke`. */
export const TASK = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke' };
