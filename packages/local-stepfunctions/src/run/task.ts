import { types } from 'node:util';
import { AbortScope } from '../abort-scope.ts';
import { HeartbeatTimeout, StateError, TaskError } from '../errors.ts';
import { uuid } from '../intrinsics/random.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Query } from '../jsonata/query.ts';
import { toPayload } from '../payload.ts';
import type { TaskState } from '../state-machine.ts';
import type { TaskHandler, TaskRun } from '../task-handler.ts';
import { applyParameters, integerOf, resultTooLarge, selectInput } from './data-flow.ts';
import { computeArguments, computeInteger } from './jsonata.ts';
import { type Branch, type Run, record, type StateRun } from './run.ts';
import { type TimeLimits, taskEvents } from './task-events.ts';

/** One attempt at a Task: its effective input to its handler, the handler's result back as JSON. */
export async function attemptTask(
  run: Run,
  branch: Branch,
  state: TaskState,
  stateRun: StateRun,
): Promise<Json> {
  const { resource } = state;
  if (resource.action.endsWith('.waitForTaskToken')) stateRun.taskToken = uuid(run.random);
  const { parameters, limits } =
    state.jsonata === undefined
      ? prepareTask(state, stateRun)
      : await prepareByQueries(state, state.jsonata.arguments, stateRun);
  const events = taskEvents(resource, run.account.region);
  record(run, branch, ...events.scheduled(parameters, limits));
  record(run, branch, ...events.started());
  try {
    const payload = await callHandler(run, branch, state, parameters, limits, stateRun);
    record(run, branch, ...events.succeeded(payload));
    return payload;
  } catch (error) {
    if (error instanceof StateError) record(run, branch, ...events.failed(error));
    throw error;
  }
}

/** What a task is given, and how long it may take. */
interface Assignment {
  readonly parameters: Json;
  readonly limits: TimeLimits;
}

function prepareTask(state: TaskState, stateRun: StateRun): Assignment {
  const input = selectInput(state, stateRun.input, stateRun);
  const scope = stateRun.scopeOf(input);
  const limits = timeLimits(
    integerOf('TimeoutSeconds', state.timeoutSeconds, 1, scope),
    integerOf('HeartbeatSeconds', state.heartbeatSeconds, 1, scope),
  );
  return { parameters: applyParameters(state, input, stateRun), limits };
}

async function prepareByQueries(
  state: TaskState,
  query: Query | undefined,
  stateRun: StateRun,
): Promise<Assignment> {
  const limits = timeLimits(
    await computeInteger('TimeoutSeconds', state.timeoutSeconds, 1, stateRun),
    await computeInteger('HeartbeatSeconds', state.heartbeatSeconds, 1, stateRun),
  );
  return { parameters: await computeArguments(query, stateRun), limits };
}

function timeLimits(
  timeoutInSeconds: number | undefined,
  heartbeatInSeconds: number | undefined,
): TimeLimits {
  return {
    ...(timeoutInSeconds === undefined ? {} : { timeoutInSeconds }),
    ...(heartbeatInSeconds === undefined ? {} : { heartbeatInSeconds }),
  };
}

async function callHandler(
  run: Run,
  branch: Branch,
  state: TaskState,
  parameters: Json,
  limits: TimeLimits,
  stateRun: StateRun,
): Promise<Json> {
  const abort = new AbortScope(branch.abort);
  const call = new HandlerCall(run, state, abort, limits, stateRun);
  try {
    return await abort.race(handled(run.handlers[state.resource.key], parameters, call, state));
  } finally {
    call.finish();
    abort.close();
  }
}

/** The handler's result as JSON; what it throws, or that is no JSON, becomes the state's error. */
async function handled(
  handler: TaskHandler | undefined,
  parameters: Json,
  task: TaskRun,
  { resource }: TaskState,
): Promise<Json> {
  // Handlers were checked when the execution started.
  if (handler === undefined) throw new StateError('States.Runtime', `there is no handler '${resource.key}'`);
  try {
    return toPayload(await handler(parameters, task), () =>
      resultTooLarge(resource.kind === 'integration' ? resource.type : resource.arn),
    );
  } catch (error) {
    if (error instanceof StateError) throw error;
    if (error instanceof TaskError) throw new StateError(error.error, error.cause);
    // Not instanceof: errors of Node itself may come from another realm.
    if (types.isNativeError(error)) throw new StateError(error.name, error.message);
    throw new StateError('Error', String(error));
  }
}

/** A handler at work: what it is told, and the time that it has. */
class HandlerCall implements TaskRun {
  readonly #run: Run;
  readonly #state: TaskState;
  readonly #abort: AbortScope;
  readonly #stateRun: StateRun;
  readonly #timers = new AbortScope();
  #lastHeartbeat: number;
  readonly heartbeat: () => void;

  constructor(run: Run, state: TaskState, abort: AbortScope, limits: TimeLimits, stateRun: StateRun) {
    this.#run = run;
    this.#state = state;
    this.#abort = abort;
    this.#stateRun = stateRun;
    this.#lastHeartbeat = run.clock.now();
    // A function of its own, so that a handler may take it out of the object.
    this.heartbeat = () => {
      this.#lastHeartbeat = run.clock.now();
    };
    const { timeoutInSeconds, heartbeatInSeconds } = limits;
    if (timeoutInSeconds !== undefined) void this.#watch(this.#timeOut(timeoutInSeconds * 1_000));
    if (heartbeatInSeconds !== undefined) void this.#watch(this.#missHeartbeat(heartbeatInSeconds * 1_000));
  }

  get resource(): string {
    return this.#state.resource.arn;
  }

  get stateName(): string {
    return this.#state.name;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get context(): JsonObject {
    return this.#stateRun.context();
  }

  finish(): void {
    this.#timers.abort(FINISHED);
  }

  /** Ends the call with the error that the timer gives; a timer that was stopped gives none. */
  async #watch(timer: Promise<Error>): Promise<void> {
    try {
      this.#abort.abort(await timer);
    } catch (error) {
      if (this.#timers.reason === undefined) this.#abort.abort(asError(error));
    }
  }

  async #timeOut(ms: number): Promise<Error> {
    await this.#run.clock.sleep(ms, this.#timers.signal);
    return new StateError('States.Timeout', undefined);
  }

  async #missHeartbeat(ms: number): Promise<Error> {
    for (;;) {
      const left = this.#lastHeartbeat + ms - this.#run.clock.now();
      if (left <= 0) return new HeartbeatTimeout();
      await this.#run.clock.sleep(left, this.#timers.signal);
    }
  }
}

const FINISHED = new Error('the task is over');

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
