import { AbortScope } from './abort-scope.ts';
import { type Account, defaultRoleArn, LOCAL_ACCOUNT, statesArn } from './account.ts';
import { type Clock, systemClock } from './clock.ts';
import type { MapRun } from './distributed-map/map-run.ts';
import { objectUsers } from './distributed-map/object-users.ts';
import type { ChildExecution } from './distributed-map/support.ts';
import { InvalidDefinition, StateError, Stopped } from './errors.ts';
import {
  executionStarted,
  executionSucceeded,
  failureDetails,
  History,
  type HistoryEvent,
} from './history.ts';
import { BranchJournal } from './journal/branch-journal.ts';
import { type ExecutionJournal, JournalWriter } from './journal/journal.ts';
import { type ReplayedExecution, replay } from './journal/replay.ts';
import type { Json } from './json.ts';
import type { ObjectStore } from './object-store.ts';
import { PAYLOAD_LIMIT, toPayload } from './payload.ts';
import { systemRandom } from './random.ts';
import { runGraph } from './run/graph.ts';
import { type Branch, type Run, record } from './run/run.ts';
import type { StateMachine } from './state-machine.ts';
import type { TaskHandlers } from './task-handler.ts';
import { contextTimestamp } from './timestamp.ts';
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
  /** Where a redrive finds what was done. */
  readonly journal?: ExecutionJournal;
  /** Called with each run of a Distributed Map as it starts, or goes on. */
  readonly onMapRun?: (mapRun: MapRun) => void;
  /**
   * Called with each child execution as it starts; Standard children keep their histories then. What it holds
   * on to stays in memory.
   */
  readonly onChildExecution?: (child: ChildExecution) => void;
  /** `$$.StateMachine.Name`; `state-machine` if none is given. */
  readonly stateMachineName?: string;
  /** In the ARNs that the context object shows; region `local` and account `000000000000` if none is given. */
  readonly account?: Account;
  /** `$$.Execution.RoleArn`. */
  readonly roleArn?: string;
  /** `$$.Execution.Id`; made of account and names if none is given. */
  readonly executionArn?: string;
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
  /** How often it was redriven, this time included. */
  readonly redriveCount: number;
  /** The runs of Distributed Maps so far, with their counts as they are now. */
  mapRuns(): MapRun[];
  /** Stops the execution, as the API StopExecution does. */
  stop(error?: string, cause?: string): void;
}

class TimedOut extends Error {}

/**
 * Starts the machine. Throws InvalidDefinition if a Task has no handler, and an error if the input is too
 * large; whatever happens later is in the result.
 */
export function startExecution(machine: StateMachine, options: ExecutionOptions): Execution {
  const input = toPayload(options.input, () => `the input is larger than ${PAYLOAD_LIMIT} bytes`);
  const { name, stateMachineName = DEFAULT_MACHINE_NAME } = options;
  return launch(machine, options, { name, input, stateMachineName, redriveCount: 0, former: undefined });
}

const DEFAULT_MACHINE_NAME = 'state-machine';

/** The execution cannot be redriven: it has succeeded, or nothing is known of it. */
export class NotRedrivable extends Error {
  override readonly name = 'NotRedrivable';
}

/** The name, the input and the state machine's name stand in the journal. */
export type RedriveOptions = Omit<ExecutionOptions, 'name' | 'input' | 'stateMachineName'> & {
  readonly journal: ExecutionJournal;
};

/**
 * Goes on with an execution that failed, was stopped, timed out or was cut off with its process, from where its
 * journal ends: the state that did not end is run again with the same input, and of a Map or Parallel only what
 * did not succeed. Nobody else may run it meanwhile. Throws NotRedrivable.
 */
export async function redriveExecution(machine: StateMachine, options: RedriveOptions): Promise<Execution> {
  const former = await replay(options.journal);
  if (former === undefined) throw new NotRedrivable('the journal is empty');
  if (former.status === 'SUCCEEDED') throw new NotRedrivable('the execution has succeeded');
  return launch(machine, options, { ...former, redriveCount: former.redriveCount + 1, former });
}

/** What an execution starts from, or goes on with. */
interface Beginning {
  readonly name: string;
  readonly input: Json;
  readonly stateMachineName: string;
  readonly redriveCount: number;
  readonly former: ReplayedExecution | undefined;
}

type LaunchOptions = Omit<ExecutionOptions, 'name' | 'input' | 'stateMachineName'>;

function launch(machine: StateMachine, options: LaunchOptions, beginning: Beginning): Execution {
  checkSurroundings(machine, options);
  const clock = options.clock ?? systemClock;
  const { journal } = options;
  const writer = journal && new JournalWriter(journal);
  const history = new History(
    () => clock.now(),
    (event) => {
      void writer?.write({ type: 'event', event: { ...event, timestamp: event.timestamp.toISOString() } });
      options.onEvent?.(event);
    },
    beginning.former?.events,
  );
  const abort = new AbortScope();
  const mapRuns: MapRun[] = [];
  const result = execute(machine, options, beginning, clock, history, abort, writer, (mapRun) => {
    mapRuns.push(mapRun);
    options.onMapRun?.(mapRun);
  });
  return {
    result,
    redriveCount: beginning.redriveCount,
    mapRuns: () => [...mapRuns],
    history: () => [...history.events],
    stop: (error, cause) => abort.abort(new Stopped(error, cause)),
  };
}

/** Throws InvalidDefinition that names every Task without a handler, and every Map without its objects. */
function checkSurroundings(machine: StateMachine, { handlers, objects }: LaunchOptions): void {
  const problems = machine.resources.flatMap(({ resource: { key }, path }) =>
    Object.hasOwn(handlers, key) ? [] : { path, message: `there is no handler '${key}'` },
  );
  if (objects === undefined) {
    const message = 'there is no object store to read from or write to';
    problems.push(...objectUsers(machine).map((path) => ({ path, message })));
  }
  if (problems.length > 0) throw new InvalidDefinition(problems);
}

async function execute(
  machine: StateMachine,
  options: LaunchOptions,
  beginning: Beginning,
  clock: Clock,
  history: History,
  abort: AbortScope,
  writer: JournalWriter | undefined,
  onMapRun: (mapRun: MapRun) => void,
): Promise<ExecutionResult> {
  const now = clock.now();
  const startDate = new Date(beginning.former?.startedAt ?? now);
  const run = createRun(options, beginning, clock, history, startDate, onMapRun);
  const { signal, journal } = options;
  const branch: Branch = {
    previousEventId: 0,
    state: undefined,
    abort,
    map: undefined,
    variables: new Variables(),
    journal: journal && writer && new BranchJournal(journal, writer, '', beginning.former?.root),
  };
  const onAbort = () => abort.abort(new Stopped(undefined, undefined));
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = new AbortScope();
  // The caller has the execution in hand before its first event.
  await null;
  try {
    await begin(run.roleArn, beginning, history, branch, startDate, writer);
    if (signal?.aborted) onAbort();
    if (machine.timeoutSeconds !== undefined) void expire(machine.timeoutSeconds, clock, timer, abort);
    const output = await runGraph(run, machine, beginning.input, branch);
    record(run, branch, 'ExecutionSucceeded', executionSucceeded(output));
    await writer?.write({ type: 'end', status: 'SUCCEEDED' });
    return { status: 'SUCCEEDED', output, startDate, stopDate: new Date(clock.now()) };
  } catch (error) {
    const ending = recordEnding(abort.reason ?? error, history, branch);
    await writer?.write({ type: 'end', status: ending.status });
    return { ...ending, startDate, stopDate: new Date(clock.now()) };
  } finally {
    timer.abort(ENDED);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Notes and records that the execution starts, or goes on. */
async function begin(
  roleArn: string,
  { name, input, stateMachineName, redriveCount, former }: Beginning,
  history: History,
  branch: Branch,
  startDate: Date,
  writer: JournalWriter | undefined,
): Promise<void> {
  if (former === undefined) {
    const startedAt = startDate.getTime();
    await writer?.write({ type: 'execution', name, input, stateMachineName, startedAt });
    history.add('ExecutionStarted', 0, executionStarted(input, roleArn));
    return;
  }
  await writer?.startAnew();
  await writer?.write({ type: 'redrive', count: redriveCount });
  branch.previousEventId = history.add('ExecutionRedriven', history.events.length, {
    executionRedrivenEventDetails: { redriveCount },
  });
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
    history.add('ExecutionTimedOut', 0, { executionTimedOutEventDetails: { error: 'States.Timeout' } });
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
  options: LaunchOptions,
  { name, input, stateMachineName, redriveCount }: Beginning,
  clock: Clock,
  history: History,
  startDate: Date,
  onMapRun: (mapRun: MapRun) => void,
): Run {
  const { account = LOCAL_ACCOUNT, roleArn = defaultRoleArn(account) } = options;
  return {
    account,
    roleArn,
    clock,
    random: options.random ?? systemRandom,
    history,
    handlers: options.handlers,
    execution: {
      Id: options.executionArn ?? statesArn(account, 'execution', stateMachineName, name),
      Input: input,
      Name: name,
      RoleArn: roleArn,
      StartTime: contextTimestamp(startDate),
      RedriveCount: redriveCount,
      ...(redriveCount === 0 ? {} : { RedriveTime: contextTimestamp(new Date(clock.now())) }),
    },
    stateMachine: { Id: statesArn(account, 'stateMachine', stateMachineName), Name: stateMachineName },
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
