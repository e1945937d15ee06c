import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { MapRun } from '../distributed-map/map-run.ts';
import type { ChildExecution } from '../distributed-map/support.ts';
import { StateError } from '../errors.ts';
import {
  type Execution,
  type ExecutionOptions,
  type ExecutionResult,
  redriveExecution,
  startExecution,
} from '../execution.ts';
import type { ObjectStore } from '../object-store.ts';
import type { TaskHandlers } from '../task-handler.ts';
import { ClientTokens } from './client-tokens.ts';
import type { KeptJournal } from './journals.ts';
import { notRedrivable } from './redrivability.ts';
import { ServiceError } from './service-error.ts';
import type { RegisteredMachine, Revision } from './state-machines.ts';

/** What an execution is made of. */
interface Identity {
  /** A number that grows from start to start. */
  readonly position: number;
  readonly arn: string;
  readonly name: string;
  readonly stateMachine: RegisteredMachine;
  /** JSON text, as it was given. */
  readonly input: string;
  /** Undefined for an execution that the service cannot redrive: an Express one, or one with its own surroundings. */
  readonly journal: KeptJournal | undefined;
  /** What it runs with in the place of the service's. */
  readonly own?: OwnSurroundings;
}

/** An execution's own surroundings, its journal among them. */
export type OwnSurroundings = Omit<ExecutionOptions, 'name' | 'input' | 'stateMachineName'>;

export interface Surroundings {
  readonly account: Account;
  readonly clock: Clock;
  readonly handlers: TaskHandlers;
  readonly objects: ObjectStore | undefined;
}

/** Told what becomes of an execution. */
interface Observer {
  readonly onChild: (child: ChildExecution) => void;
  readonly onEnded: () => void;
}

/** An execution that a client has started, with its redrives. */
export class ExecutionRecord {
  readonly position: number;
  readonly arn: string;
  readonly name: string;
  readonly stateMachine: RegisteredMachine;
  /** The machine as it was when the execution started. */
  readonly revision: Revision;
  readonly input: string;
  readonly startDate: Date;
  readonly journal: KeptJournal | undefined;
  /** By their ARNs, in the order of their start. */
  readonly mapRuns = new Map<string, MapRun>();
  redriveDate: Date | undefined;
  /** Undefined while it runs. */
  result: ExecutionResult | undefined;
  /** Never rejects: a fault of the interpreter is a failed execution. */
  ended: Promise<ExecutionResult>;
  readonly #surroundings: Surroundings;
  readonly #own: OwnSurroundings | undefined;
  readonly #observer: Observer;
  readonly #clientTokens = new ClientTokens();
  #execution: Execution;
  /** Resolves when `#execution` is the one that runs. */
  #launched: Promise<unknown> = Promise.resolve();

  /** Starts it. Throws InvalidExecutionInput. */
  constructor(identity: Identity, surroundings: Surroundings, observer: Observer) {
    const { name, stateMachine, input } = identity;
    this.position = identity.position;
    this.arn = identity.arn;
    this.name = name;
    this.stateMachine = stateMachine;
    this.revision = stateMachine.revision;
    this.input = input;
    this.journal = identity.journal;
    this.#surroundings = surroundings;
    this.#own = identity.own;
    this.#observer = observer;
    this.startDate = new Date(surroundings.clock.now());
    this.#execution = startedWith(input, (value) =>
      startExecution(this.revision.machine, {
        ...this.#options(),
        name,
        input: value,
        stateMachineName: stateMachine.name,
      }),
    );
    this.ended = this.#ending(this.#execution.result);
  }

  get execution(): Execution {
    return this.#execution;
  }

  /** Why it cannot be redriven now; undefined if it can be. */
  get notRedrivable(): string | undefined {
    return notRedrivable(this, this.#surroundings.clock.now());
  }

  /**
   * Goes on with it, once for each client token; gives the date. Throws ExecutionNotRedrivable, with the reason that
   * DescribeExecution gives too.
   *
   * @param onRunning told when it runs again
   */
  async redrive(clientToken: string | undefined, onRunning: () => void): Promise<Date> {
    const now = this.#surroundings.clock.now();
    const answered = clientToken === undefined ? undefined : this.#clientTokens.answer(clientToken, now);
    if (answered !== undefined) return answered;
    const { notRedrivable: reason, journal } = this;
    if (reason !== undefined || journal === undefined) {
      throw new ServiceError('ExecutionNotRedrivable', `Execution Not Redrivable: '${reason}'`);
    }
    const redriveDate = new Date(now);
    if (clientToken !== undefined) this.#clientTokens.keep(clientToken, redriveDate, now);
    this.redriveDate = redriveDate;
    this.result = undefined;
    journal.hasEnded = false;
    onRunning();
    const launched = redriveExecution(this.revision.machine, { ...this.#options(), journal });
    this.#launched = launched.then(
      (execution) => {
        this.#execution = execution;
      },
      () => {},
    );
    this.ended = this.#ending(launched.then(({ result }) => result));
    await launched;
    return redriveDate;
  }

  /** Stops it; resolves when it has ended. */
  async stop(error?: string, cause?: string): Promise<ExecutionResult> {
    await this.#launched;
    this.#execution.stop(error, cause);
    return this.ended;
  }

  #options() {
    const { account, clock, handlers, objects } = this.#surroundings;
    return {
      handlers,
      clock,
      ...(objects === undefined ? {} : { objects }),
      ...(this.journal === undefined ? {} : { journal: this.journal }),
      ...this.#own,
      account,
      roleArn: this.revision.roleArn,
      executionArn: this.arn,
      onChildExecution: (child: ChildExecution) => {
        this.#observer.onChild(child);
        this.#own?.onChildExecution?.(child);
      },
      onMapRun: (mapRun: MapRun) => {
        this.mapRuns.set(mapRun.mapRunArn, mapRun);
        this.#own?.onMapRun?.(mapRun);
      },
    };
  }

  async #ending(running: Promise<ExecutionResult>): Promise<ExecutionResult> {
    const result = await running.catch((fault) => faulty(fault, this.startDate, this.#surroundings.clock));
    this.result = result;
    if (result.status === 'SUCCEEDED') this.journal?.forget();
    else if (this.journal !== undefined) this.journal.hasEnded = true;
    this.#observer.onEnded();
    return result;
  }
}

/** The interpreter refuses JSON that nests too deeply. */
function startedWith(input: string, start: (value: unknown) => Execution): Execution {
  try {
    return start(JSON.parse(input));
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new ServiceError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${error.cause}'`,
    );
  }
}

function faulty(fault: unknown, startDate: Date, clock: Clock): ExecutionResult {
  const cause = fault instanceof Error ? fault.message : String(fault);
  return { status: 'FAILED', error: 'States.Runtime', cause, startDate, stopDate: new Date(clock.now()) };
}
