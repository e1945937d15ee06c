import { AbortScope } from '../abort-scope.ts';
import type { Clock } from '../clock.ts';
import { StateError, Stopped } from '../errors.ts';
import {
  executionStarted,
  executionSucceeded,
  failureDetails,
  History,
  type HistoryEvent,
  PlainCount,
} from '../history.ts';
import type { Json } from '../json.ts';
import type { Branch, Run } from '../run/run.ts';
import type { StateGraph } from '../state-machine.ts';
import { contextTimestamp } from '../timestamp.ts';
import { Variables } from '../variables.ts';
import type { ChildInput } from './child-inputs.ts';
import type { ChildKind, ChildResult } from './child-result.ts';
import type { ChildStatus } from './map-run.ts';
import type { ChildExecution } from './support.ts';

/** How long an Express execution may take (Step Functions quota). */
export const EXPRESS_TIMEOUT_MS = 5 * 60_000;

/** Why an Express child ends that took too long. */
export class ChildTimedOut extends Error {}

/** What all children of a Map Run are made of. */
export interface ChildTemplate {
  /** The parent's. */
  readonly run: Run;
  readonly graph: StateGraph;
  readonly kind: ChildKind;
  readonly mapRunArn: string;
  /** `machine/label`. */
  readonly stateMachineName: string;
}

/** One child execution. */
export class Child implements ChildExecution {
  readonly name: string;
  readonly startedAt: number;
  readonly abort: AbortScope;
  readonly redriveCount: number;
  readonly #template: ChildTemplate;
  readonly #child: ChildInput;
  readonly #history: History | PlainCount;
  #result: ChildResult | undefined;
  #stopped: Stopped | undefined;
  #onEnded: (() => void)[] | undefined;

  constructor(
    template: ChildTemplate,
    child: ChildInput,
    name: string,
    redriveCount: number,
    abort: AbortScope,
  ) {
    const { run, kind } = template;
    this.name = name;
    this.redriveCount = redriveCount;
    this.#template = template;
    this.#child = child;
    this.abort = new AbortScope(abort);
    this.startedAt = run.clock.now();
    // Events that nobody can ask for are only counted: a million children would fill the memory with them.
    const isKept = run.distributed.onChildExecution !== undefined && kind.executionType === 'STANDARD';
    this.#history = isKept ? historyOf(run.clock) : new PlainCount(kind.executionType === 'STANDARD');
    run.distributed.onChildExecution?.(this);
  }

  get mapRunArn(): string {
    return this.#template.mapRunArn;
  }

  get executionArn(): string {
    return this.#template.kind.executionArnOf(this.name);
  }

  get stateMachineArn(): string {
    return this.#template.kind.stateMachineArn;
  }

  get input(): Json {
    return this.#child.input;
  }

  get startDate(): Date {
    return new Date(this.startedAt);
  }

  get status(): ChildStatus | 'RUNNING' {
    return this.#result?.status ?? 'RUNNING';
  }

  get stopDate(): Date | undefined {
    return this.#result && new Date(this.#result.stoppedAt);
  }

  get output(): Json | undefined {
    return this.#result?.output;
  }

  get error(): string | undefined {
    return this.#result?.error;
  }

  get cause(): string | undefined {
    return this.#result?.cause;
  }

  async stop(error?: string, cause?: string): Promise<Date> {
    if (this.#result !== undefined) return new Date(this.#result.stoppedAt);
    this.#stopped = new Stopped(error, cause);
    this.abort.abort(this.#stopped);
    await new Promise<void>((resolve) => {
      this.#onEnded = [...(this.#onEnded ?? []), resolve];
    });
    return this.stopDate ?? new Date(this.#template.run.clock.now());
  }

  history(): HistoryEvent[] {
    return this.#history instanceof History ? [...this.#history.events] : [];
  }

  /** Runs it to its end. Rejects for a fault only: a child that failed is a result. */
  async run(): Promise<ChildResult> {
    const { abort, redriveCount, startedAt } = this;
    const { run: parent, kind, stateMachineName, graph } = this.#template;
    const { input } = this.#child;
    const history = this.#history;
    // An Express child is started anew: "RedriveTime isn't available".
    const isRedriven = redriveCount > 0 && kind.executionType === 'STANDARD';
    const run: Run = {
      ...parent,
      history,
      execution: {
        Id: this.executionArn,
        Input: input,
        Name: this.name,
        RoleArn: parent.roleArn,
        StartTime: contextTimestamp(new Date(startedAt)),
        RedriveCount: isRedriven ? redriveCount : 0,
        ...(isRedriven ? { RedriveTime: contextTimestamp(new Date(startedAt)) } : {}),
      },
      stateMachine: { Id: kind.stateMachineArn, Name: stateMachineName },
    };
    const branch: Branch = {
      previousEventId: 0,
      state: undefined,
      abort,
      map: undefined,
      variables: new Variables(),
      journal: undefined,
    };
    try {
      branch.previousEventId = history.add('ExecutionStarted', 0, executionStarted(input, parent.roleArn));
      const output = await run.runGraph(graph, input, branch);
      history.add('ExecutionSucceeded', branch.previousEventId, executionSucceeded(output));
      return this.#ended('SUCCEEDED', output);
    } catch (error) {
      return this.#failed(error, branch);
    } finally {
      abort.close();
      for (const ended of this.#onEnded ?? []) ended();
    }
  }

  #failed(error: unknown, branch: Branch): ChildResult {
    const { reason } = this.abort;
    if (reason instanceof ChildTimedOut) {
      const failure = { error: 'States.Timeout', cause: undefined };
      this.#history.add('ExecutionTimedOut', 0, { executionTimedOutEventDetails: failureDetails(failure) });
      return this.#ended('TIMED_OUT', undefined, failure);
    }
    if (reason !== undefined) {
      // What stopped the parent is not said of its children.
      const stopped = reason === this.#stopped ? this.#stopped : NOT_NAMED;
      this.#history.add('ExecutionAborted', 0, { executionAbortedEventDetails: failureDetails(stopped) });
      return this.#ended('ABORTED', undefined, stopped);
    }
    if (!(error instanceof StateError)) throw error;
    this.#history.add('ExecutionFailed', branch.previousEventId, {
      executionFailedEventDetails: failureDetails(error),
    });
    return this.#ended('FAILED', undefined, error);
  }

  #ended(
    status: ChildStatus,
    output: Json | undefined,
    failure?: { readonly error: string | undefined; readonly cause: string | undefined },
  ): ChildResult {
    const { index, input, items } = this.#child;
    this.#result = {
      index,
      name: this.name,
      input,
      items,
      status,
      output,
      error: failure?.error,
      cause: failure?.cause,
      startedAt: this.startedAt,
      stoppedAt: this.#template.run.clock.now(),
      redriveCount: this.redriveCount,
    };
    return this.#result;
  }
}

const NOT_NAMED = { error: undefined, cause: undefined };

function historyOf(clock: Clock): History {
  return new History(() => clock.now(), undefined);
}
