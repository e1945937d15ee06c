import { randomUUID } from 'node:crypto';
import { statesArn } from '../account.ts';
import type { MapRun } from '../distributed-map/map-run.ts';
import type { ChildExecution } from '../distributed-map/support.ts';
import { ExecutionRecord, type OwnSurroundings, type Surroundings } from './execution-record.ts';
import { Journals } from './journals.ts';
import { ServiceError } from './service-error.ts';
import type { RegisteredMachine } from './state-machines.ts';

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

export interface ExecutionsOptions extends Surroundings {
  readonly keepFinished: number;
  /** Characters. */
  readonly keepJournals: number;
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
  readonly #journals: Journals;
  #started = 0;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
    this.#journals = new Journals(options.keepJournals);
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
      const mapRun = execution.mapRuns.get(arn);
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
    const arn = statesArn(this.#options.account, 'execution', stateMachine.name, name ?? randomUUID());
    const existing = this.#byArn.get(arn);
    if (existing === undefined) return this.#run(stateMachine, arn.slice(arn.lastIndexOf(':') + 1), input);
    if (existing.result === undefined && existing.input === input) return existing;
    throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
  }

  /** Starts a Standard execution with surroundings of its own, in the place of one of that name that has ended. */
  startWith(
    stateMachine: RegisteredMachine,
    name: string,
    input: string,
    own: OwnSurroundings,
  ): ExecutionRecord {
    const existing = this.#byArn.get(statesArn(this.#options.account, 'execution', stateMachine.name, name));
    if (existing !== undefined && existing.result === undefined)
      throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${existing.arn}'`);
    if (existing !== undefined) this.#forget(existing);
    return this.#run(stateMachine, name, input, own);
  }

  /** Goes on with an execution that did not succeed; gives the date. Throws ExecutionNotRedrivable. */
  redrive(record: ExecutionRecord, clientToken: string | undefined): Promise<Date> {
    return record.redrive(clientToken, () => {
      this.#finished.delete(record);
      this.#running.add(record);
    });
  }

  /** Ends what runs, all or that of one machine; resolves when it has ended. */
  async stopAll(stateMachine?: RegisteredMachine): Promise<void> {
    const running = [...this.#running].filter(
      (record) => stateMachine === undefined || record.stateMachine === stateMachine,
    );
    await Promise.all(running.map((record) => record.stop()));
  }

  /** The machine is gone, and its executions with it. */
  forget(stateMachine: RegisteredMachine): void {
    for (const record of this.of(stateMachine)) this.#forget(record);
  }

  #run(stateMachine: RegisteredMachine, name: string, input: string, own?: OwnSurroundings): ExecutionRecord {
    const { account } = this.#options;
    const standard = stateMachine.type === 'STANDARD';
    this.#started += 1;
    const identity = {
      position: this.#started,
      arn: standard
        ? statesArn(account, 'execution', stateMachine.name, name)
        : statesArn(account, 'express', stateMachine.name, name, randomUUID()),
      name,
      stateMachine,
      input,
      journal: standard && own === undefined ? this.#journals.open() : undefined,
      ...(own === undefined ? {} : { own }),
    };
    const record: ExecutionRecord = new ExecutionRecord(identity, this.#options, {
      onChild: (child) => this.#keepChild(child, record),
      onEnded: () => {
        this.#running.delete(record);
        if (standard) this.#keep(record);
      },
    });
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
    record.journal?.forget();
    for (const [arn, { parent }] of this.#children) {
      if (parent === record) this.#children.delete(arn);
    }
  }
}
