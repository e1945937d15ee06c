import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MapRun } from '../distributed-map/map-run.ts';
import type { ChildExecution } from '../distributed-map/support.ts';
import { StateError } from '../errors.ts';
import { type Execution, type ExecutionResult, startExecution } from '../execution.ts';
import type { ObjectStore } from '../object-store.ts';
import type { TaskHandlers } from '../task-handler.ts';
import { type Account, arnOf } from './arns.ts';
import { ServiceError } from './service-error.ts';
import type { RegisteredMachine, Revision } from './state-machines.ts';

export interface ExecutionRecord {
  readonly position: number;
  readonly arn: string;
  readonly name: string;
  readonly stateMachine: RegisteredMachine;
  readonly revision: Revision;
  /** JSON text, as it was given. */
  readonly input: string;
  readonly startDate: Date;
  readonly execution: Execution;
  /** Undefined while it runs. */
  result: ExecutionResult | undefined;
  /** Never rejects: a fault of the interpreter is a failed execution. */
  readonly ended: Promise<ExecutionResult>;
}

/** An execution that a Map Run started. */
export interface ChildRecord {
  readonly position: number;
  readonly child: ChildExecution;
  readonly parent: ExecutionRecord;
}

export interface FoundMapRun {
  readonly mapRun: MapRun;
  readonly execution: ExecutionRecord;
}

export interface ExecutionsOptions {
  readonly account: Account;
  readonly clock: Clock;
  readonly handlers: TaskHandlers;
  readonly objects: ObjectStore | undefined;
  readonly keepFinished: number;
}

/** The executions of the service: all that run, and the latest that have ended. */
export class Executions {
  readonly #options: ExecutionsOptions;
  /** Of Standard machines, in the order of their start. */
  readonly #byArn = new Map<string, ExecutionRecord>();
  readonly #running = new Set<ExecutionRecord>();
  /** Standard ones in the order of their end. */
  readonly #finished = new Set<ExecutionRecord>();
  /** By ARN, in the order of their start. */
  readonly #children = new Map<string, ChildRecord>();
  #started = 0;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
  }

  /** Throws ExecutionDoesNotExist, also for one that was forgotten. */
  get(arn: string): ExecutionRecord {
    const found = this.#byArn.get(arn);
    if (found === undefined) {
      throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    }
    return found;
  }

  /** Undefined for one that no Map Run started, or that was forgotten. */
  child(arn: string): ChildRecord | undefined {
    return this.#children.get(arn);
  }

  childrenOf({ mapRun }: FoundMapRun): ChildRecord[] {
    return [...this.#children.values()].filter(({ child }) => child.mapRunArn === mapRun.mapRunArn);
  }

  /** Throws ResourceNotFound. */
  mapRun(arn: string): FoundMapRun {
    for (const execution of this.#byArn.values()) {
      const mapRun = execution.execution.mapRuns().find(({ mapRunArn }) => mapRunArn === arn);
      if (mapRun !== undefined) return { mapRun, execution };
    }
    throw new ServiceError('ResourceNotFound', `Resource not found: '${arn}'`);
  }

  of(stateMachine: RegisteredMachine): ExecutionRecord[] {
    return [...this.#byArn.values()].filter((record) => record.stateMachine === stateMachine);
  }

  /**
   * Starts a Standard execution, or returns the running one of the same name and input; throws
   * ExecutionAlreadyExists if the name belongs to another. Express executions are not told apart by name.
   */
  start(stateMachine: RegisteredMachine, name: string | undefined, input: string): ExecutionRecord {
    if (stateMachine.type === 'EXPRESS') return this.#run(stateMachine, name ?? randomUUID(), input);
    const arn = arnOf(this.#options.account, 'execution', stateMachine.name, name ?? randomUUID());
    const existing = this.#byArn.get(arn);
    if (existing === undefined) return this.#run(stateMachine, arn.slice(arn.lastIndexOf(':') + 1), input);
    if (existing.result === undefined && existing.input === input) return existing;
    throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
  }

  /** Ends what runs, all or that of one machine; resolves when it has ended. */
  async stopAll(stateMachine?: RegisteredMachine): Promise<void> {
    const running = [...this.#running].filter(
      (record) => stateMachine === undefined || record.stateMachine === stateMachine,
    );
    for (const record of running) record.execution.stop();
    await Promise.all(running.map((record) => record.ended));
  }

  /** The machine is gone, and its executions with it. */
  forget(stateMachine: RegisteredMachine): void {
    for (const record of this.of(stateMachine)) this.#forget(record);
  }

  #run(stateMachine: RegisteredMachine, name: string, input: string): ExecutionRecord {
    const { account, clock, handlers, objects } = this.#options;
    const { revision, type } = stateMachine;
    const standard = type === 'STANDARD';
    const execution = startedWith(input, (value) =>
      startExecution(revision.machine, {
        name,
        input: value,
        handlers,
        clock,
        ...(objects === undefined ? {} : { objects }),
        stateMachineName: stateMachine.name,
        onChildExecution: (child) => this.#keepChild(child, record),
      }),
    );
    const startDate = new Date(clock.now());
    this.#started += 1;
    const record: ExecutionRecord = {
      position: this.#started,
      arn: standard
        ? arnOf(account, 'execution', stateMachine.name, name)
        : arnOf(account, 'express', stateMachine.name, name, randomUUID()),
      name,
      stateMachine,
      revision,
      input,
      startDate,
      execution,
      result: undefined,
      ended: execution.result
        .catch((fault) => faulty(fault, startDate, clock))
        .then((result) => {
          record.result = result;
          this.#running.delete(record);
          if (standard) this.#keep(record);
          return result;
        }),
    };
    this.#running.add(record);
    if (standard) this.#byArn.set(record.arn, record);
    return record;
  }

  #keep(record: ExecutionRecord): void {
    this.#finished.add(record);
    for (const oldest of this.#finished) {
      if (this.#finished.size <= this.#options.keepFinished) return;
      this.#forget(oldest);
    }
  }

  #keepChild(child: ChildExecution, parent: ExecutionRecord): void {
    this.#started += 1;
    // Another start of the same child is a redrive: it is as new as any.
    this.#children.delete(child.executionArn);
    this.#children.set(child.executionArn, { position: this.#started, child, parent });
    for (const [arn, { child: oldest }] of this.#children) {
      if (this.#children.size <= this.#options.keepFinished) return;
      if (oldest.status !== 'RUNNING') this.#children.delete(arn);
    }
  }

  #forget(record: ExecutionRecord): void {
    this.#finished.delete(record);
    this.#byArn.delete(record.arn);
    for (const [arn, { parent }] of this.#children) {
      if (parent === record) this.#children.delete(arn);
    }
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
