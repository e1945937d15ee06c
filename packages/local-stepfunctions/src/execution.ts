import { AbortScope } from './abort-scope.ts';
import { type Clock, systemClock } from './clock.ts';
import type { MapRun } from './distributed-map/map-run.ts';
import type { ChildExecution } from './distributed-map/support.ts';
import { InvalidDefinition, StateError } from './errors.ts';
import {
  executionStarted,
  executionSucceeded,
  failureDetails,
  History,
  type HistoryEvent,
} from './history.ts';
import type { Json } from './json.ts';
import { executionArn, ROLE_ARN, stateMachineArn } from './local-account.ts';
import type { ObjectStore } from './object-store.ts';
import { PAYLOAD_LIMIT, toPayload } from './payload.ts';
import { systemRandom } from './random.ts';
import { runGraph } from './run/graph.ts';
import { type Branch, type Run, record } from './run/run.ts';
import type { StateMachine } from './state-machine.ts';
import type { TaskHandlers } from './task-handler.ts';
import { Variables } from './variables.ts';

export interface ExecutionOptions {
  /** `$$.Execution.Name`. */
  readonly name: string;
  /** A JSON value of at most 262,144 bytes. */
  readonly input: unknown;
  readonly handlers: TaskHandlers;
  /** What the ItemReaders and ResultWriters of Distributed Maps read and write. */
  readonly objects?: ObjectStore;
  readonly clock?: Clock;
  /** Gives numbers in [0, 1) for jitter, States.UUID and States.MathRandom. */
  readonly random?: () => number;
  /** Its abort stops the execution, which then ends as ABORTED. */
  readonly signal?: AbortSignal;
  /** Called with each event as it is recorded. What it throws is a fault: it stops the execution and rejects the result. */
  readonly onEvent?: (event: HistoryEvent) => void;
  /** Called with each run of a Distributed Map as it starts. */
  readonly onMapRun?: (mapRun: MapRun) => void;
  /**
   * Called with each child execution as it starts; Standard children keep their histories then. What it holds
   * on to stays in memory.
   */
  readonly onChildExecution?: (child: ChildExecution) => void;
  /** `$$.StateMachine.Name`; `state-machine` if none is given. */
  readonly stateMachineName?: string;
}

export type ExecutionResult = {
  readonly startDate: Date;
  readonly stopDate: Date;
} & (
  | { readonly status: 'SUCCEEDED'; readonly output: Json; readonly error?: never; readonly cause?: never }
  | ({ readonly output?: never } & Ending)
);

/** How an execution ended that did not succeed. */
interface Ending {
  readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly error?: string;
  readonly cause?: string;
}

export interface Execution {
  /**
   * How the execution ended. A failed state machine is a result, not an exception; rejects only for a fault
   * of `onEvent` or of the interpreter.
   */
  readonly result: Promise<ExecutionResult>;
  /** The events so far. */
  history(): HistoryEvent[];
  /** The runs of Distributed Maps so far, with their counts as they are now. */
  mapRuns(): MapRun[];
  /** Stops the execution, as the API StopExecution does. */
  stop(error?: string, cause?: string): void;
}

/** Why an execution was stopped from outside. */
class Stopped extends Error {
  readonly error: string | undefined;
  override readonly cause: string | undefined;

  constructor(error: string | undefined, cause: string | undefined) {
    super('the execution was stopped');
    this.error = error;
    this.cause = cause;
  }
}

class TimedOut extends Error {}

/**
 * Starts the machine. Throws InvalidDefinition if a Task has no handler, and an error if the input is too
 * large; whatever happens later is in the result.
 */
export function startExecution(machine: StateMachine, options: ExecutionOptions): Execution {
  checkHandlers(machine, options.handlers);
  const input = toPayload(options.input, () => `the input is larger than ${PAYLOAD_LIMIT} bytes`);
  const clock = options.clock ?? systemClock;
  const history = new History(() => clock.now(), options.onEvent);
  const abort = new AbortScope();
  const mapRuns: MapRun[] = [];
  const result = execute(machine, input, options, clock, history, abort, (mapRun) => {
    mapRuns.push(mapRun);
    options.onMapRun?.(mapRun);
  });
  return {
    result,
    mapRuns: () => [...mapRuns],
    history: () => [...history.events],
    stop: (error, cause) => abort.abort(new Stopped(error, cause)),
  };
}

/** Throws InvalidDefinition that names every Task without a handler. */
function checkHandlers(machine: StateMachine, handlers: TaskHandlers): void {
  const problems = machine.resources.flatMap(({ resource: { key }, path }) =>
    Object.hasOwn(handlers, key) ? [] : { path, message: `there is no handler '${key}'` },
  );
  if (problems.length > 0) throw new InvalidDefinition(problems);
}

async function execute(
  machine: StateMachine,
  input: Json,
  options: ExecutionOptions,
  clock: Clock,
  history: History,
  abort: AbortScope,
  onMapRun: (mapRun: MapRun) => void,
): Promise<ExecutionResult> {
  const startDate = new Date(clock.now());
  const run = createRun(options, input, clock, history, startDate, onMapRun);
  const branch: Branch = {
    previousEventId: 0,
    state: undefined,
    abort,
    map: undefined,
    variables: new Variables(),
  };
  const { signal } = options;
  const onAbort = () => abort.abort(new Stopped(undefined, undefined));
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = new AbortScope();
  // The caller has the execution in hand before its first event.
  await null;
  try {
    history.add('ExecutionStarted', 0, executionStarted(input, ROLE_ARN));
    if (signal?.aborted) onAbort();
    if (machine.timeoutSeconds !== undefined) void expire(machine.timeoutSeconds, clock, timer, abort);
    const output = await runGraph(run, machine, input, branch);
    record(run, branch, 'ExecutionSucceeded', executionSucceeded(output));
    return { status: 'SUCCEEDED', output, startDate, stopDate: new Date(clock.now()) };
  } catch (error) {
    const ending = recordEnding(abort.reason ?? error, history, branch);
    return { ...ending, startDate, stopDate: new Date(clock.now()) };
  } finally {
    timer.abort(ENDED);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Records how an execution ended that did not succeed. Throws what is a fault. */
function recordEnding(error: unknown, history: History, branch: Branch): Ending {
  if (error instanceof StateError) {
    const details = failureDetails(error);
    history.add('ExecutionFailed', branch.previousEventId, { executionFailedEventDetails: details });
    return { status: 'FAILED', ...details };
  }
  if (error instanceof Stopped) {
    const details = failureDetails(error);
    history.add('ExecutionAborted', 0, { executionAbortedEventDetails: details });
    return { status: 'ABORTED', ...details };
  }
  if (error instanceof TimedOut) {
    history.add('ExecutionTimedOut', 0, { executionTimedOutEventDetails: {} });
    return { status: 'TIMED_OUT' };
  }
  throw error;
}

const ENDED = new Error('the execution has ended');

async function expire(seconds: number, clock: Clock, timer: AbortScope, abort: AbortScope): Promise<void> {
  try {
    await clock.sleep(seconds * 1_000, timer.signal);
    abort.abort(new TimedOut('the execution timed out'));
  } catch (error) {
    if (timer.reason === undefined) abort.abort(error instanceof Error ? error : new Error(String(error)));
  }
}

function createRun(
  options: ExecutionOptions,
  input: Json,
  clock: Clock,
  history: History,
  startDate: Date,
  onMapRun: (mapRun: MapRun) => void,
): Run {
  const machineName = options.stateMachineName ?? 'state-machine';
  return {
    clock,
    random: options.random ?? systemRandom,
    history,
    handlers: options.handlers,
    execution: {
      Id: executionArn(machineName, options.name),
      Input: input,
      Name: options.name,
      RoleArn: ROLE_ARN,
      StartTime: startDate.toISOString(),
      RedriveCount: 0,
    },
    stateMachine: { Id: stateMachineArn(machineName), Name: machineName },
    distributed: {
      objects: options.objects,
      onMapRun,
      onChildExecution: options.onChildExecution,
    },
    runGraph(graph, graphInput, branch) {
      return runGraph(this, graph, graphInput, branch);
    },
  };
}
