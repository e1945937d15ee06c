import type { AbortScope } from '../abort-scope.ts';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { DistributedMapSupport } from '../distributed-map/support.ts';
import { EvaluationError, StateError } from '../errors.ts';
import {
  type EventLog,
  failureDetails,
  type HistoryEventDetails,
  type HistoryEventType,
} from '../history.ts';
import type { BranchJournal } from '../journal/branch-journal.ts';
import type { Json, JsonObject } from '../json.ts';
import { type Bindings, QueryError } from '../jsonata/expression.ts';
import { queryFunctions } from '../jsonata/functions.ts';
import type { Scope } from '../scope.ts';
import type { State, StateGraph } from '../state-machine.ts';
import type { TaskHandlers } from '../task-handler.ts';
import { contextTimestamp } from '../timestamp.ts';
import type { Variables } from '../variables.ts';

/** What all states of one execution share. */
export interface Run {
  readonly clock: Clock;
  readonly random: () => number;
  readonly history: EventLog;
  readonly handlers: TaskHandlers;
  readonly account: Account;
  readonly roleArn: string;
  /** `$$.Execution` and `$$.StateMachine`. */
  readonly execution: JsonObject;
  readonly stateMachine: JsonObject;
  readonly distributed: DistributedMapSupport;
  /** Runs a graph in the branch and gives the output of its last state. A method: a child's run is a copy. */
  runGraph(graph: StateGraph, input: Json, branch: Branch): Promise<Json>;
}

/** One line of states: the execution itself, a branch of a Parallel or an iteration of a Map. */
export interface Branch {
  /** Of the branch's latest event. */
  previousEventId: number;
  /** The state that the branch is in. */
  state: State | undefined;
  readonly abort: AbortScope;
  /** `$$.Map` inside an iteration. */
  readonly map: JsonObject | undefined;
  /** What the branch's states have assigned. */
  readonly variables: Variables;
  /** Undefined if nobody wants to redrive it. */
  readonly journal: BranchJournal | undefined;
}

/** Where a state's run leads. */
export interface Outcome {
  readonly output: Json;
  readonly next: string | undefined;
  /** Variables that get new values as the state ends, undefined if none does. */
  readonly assigned: JsonObject | undefined;
}

/** Records an event as the branch's latest. A branch that was stopped has no more events. */
export function record(
  run: Run,
  branch: Branch,
  type: HistoryEventType,
  details: HistoryEventDetails = {},
): number {
  branch.abort.throwIfAborted();
  branch.previousEventId = run.history.add(type, branch.previousEventId, details);
  return branch.previousEventId;
}

/** Records that the state in which a stopped branch was did not end. */
export function abortedEvent(run: Run, branch: Branch): void {
  const type = branch.state?.type;
  if (type !== 'Task' && type !== 'Wait' && type !== 'Map' && type !== 'Parallel') return;
  run.history.add(`${type}StateAborted`, branch.previousEventId, {});
}

/** What of `$$` is the same for a whole attempt. */
type ContextOfAttempt = Readonly<Record<'Execution' | 'StateMachine' | 'State', JsonObject>>;

/** A state being run; what its expressions see. */
export class StateRun implements Scope {
  input: Json;
  retryCount = 0;
  /** Whether a Map or Parallel has recorded that it started. */
  started = false;
  /** Whether the latest attempt of a Parallel failed in a branch. */
  branchFailed = false;
  taskToken: string | undefined;
  readonly random: () => number;
  readonly enteredEventId: number;
  readonly #run: Run;
  readonly #branch: Branch;
  readonly #state: State;
  readonly #enteredAt: number;
  readonly #previousEventId: number;
  #attempt: { readonly retryCount: number; readonly context: ContextOfAttempt } | undefined;

  /**
   * @param previousEventId of the event before the one that the state was entered with
   * @param enteredAt milliseconds since the epoch; before now if the state is redriven
   */
  constructor(
    run: Run,
    branch: Branch,
    state: State,
    input: Json,
    enteredEventId: number,
    previousEventId: number,
    enteredAt: number = run.clock.now(),
  ) {
    this.input = input;
    this.random = run.random;
    this.enteredEventId = enteredEventId;
    this.#run = run;
    this.#branch = branch;
    this.#state = state;
    this.#enteredAt = enteredAt;
    this.#previousEventId = previousEventId;
  }

  get stateName(): string {
    return this.#state.name;
  }

  /** `$$`, with `Map` for the item that an ItemSelector shapes. */
  context(map: JsonObject | undefined = this.#branch.map): JsonObject {
    const { Execution, StateMachine, State } = this.#contextOfAttempt();
    return {
      Execution,
      StateMachine,
      State,
      ...(map === undefined ? {} : { Map: map }),
      ...(this.taskToken === undefined ? {} : { Task: { Token: this.taskToken } }),
    };
  }

  /** Made once an attempt: an ItemSelector asks for `$$` at every item. */
  #contextOfAttempt(): ContextOfAttempt {
    if (this.#attempt?.retryCount === this.retryCount) return this.#attempt.context;
    const { type, name } = this.#state;
    const canRetry = type === 'Task' || type === 'Parallel' || type === 'Map';
    const context = {
      Execution: this.#run.execution,
      StateMachine: this.#run.stateMachine,
      State: {
        Name: name,
        EnteredTime: contextTimestamp(new Date(this.#enteredAt)),
        ...(canRetry ? { RetryCount: this.retryCount } : {}),
      },
    };
    this.#attempt = { retryCount: this.retryCount, context };
    return context;
  }

  /** The same state, seeing another input and item. */
  scopeOf(input: Json, map: JsonObject | undefined = this.#branch.map): Scope {
    return {
      input,
      random: this.random,
      context: () => this.context(map),
      variable: (name) => this.variable(name),
    };
  }

  variable(name: string): Json | undefined {
    return this.#branch.variables.get(name);
  }

  /** Throws `States.DataLimitExceeded` if the values are too large to be assigned as the state ends. */
  checkVariables(values: JsonObject): void {
    this.#branch.variables.check(values);
  }

  /** What a JSONata expression of the state sees; `$states.input` is the state's raw input. */
  bindings(
    parts: { readonly result?: Json; readonly errorOutput?: Json } = {},
    map: JsonObject | undefined = this.#branch.map,
  ): Bindings {
    return {
      ...queryFunctions(this.random, this.#run.clock.now()),
      ...this.#branch.variables.visible(),
      states: { input: this.input, ...parts, context: this.context(map) },
    };
  }

  /**
   * Adds to an error of an expression where it happened, in AWS's words. A failed JSONata expression is an
   * event too; in a state that has had no other event since it was entered it follows, as on AWS, what came
   * before that.
   */
  located(error: unknown): unknown {
    if (!(error instanceof EvaluationError)) return error;
    const where = `An error occurred while executing the state '${this.#state.name}' (entered at the event id #${this.enteredEventId}).`;
    const located = new StateError(error.error, `${where} ${error.cause}`);
    if (error instanceof QueryError) {
      if (this.#branch.previousEventId === this.enteredEventId) {
        this.#branch.previousEventId = this.#previousEventId;
      }
      record(this.#run, this.#branch, 'EvaluationFailed', {
        evaluationFailedEventDetails: {
          ...failureDetails(located),
          state: this.#state.name,
          location: error.location,
        },
      });
    }
    return located;
  }
}
