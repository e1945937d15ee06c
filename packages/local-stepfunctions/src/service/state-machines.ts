import { randomUUID } from 'node:crypto';
import { type Account, statesArn } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { StateMachine } from '../state-machine.ts';
import type { TaskHandlers } from '../task-handler.ts';
import { checkedMachine, type StateMachineType } from './diagnostics.ts';
import { ServiceError } from './service-error.ts';

/** What an update replaces; an execution keeps the revision that it was started with. */
export interface Revision {
  readonly machine: StateMachine;
  readonly definition: string;
  readonly roleArn: string;
  readonly updateDate: Date;
  /** Undefined until the first update. */
  readonly revisionId: string | undefined;
  readonly configuration: Configuration;
}

interface Configuration {
  readonly loggingConfiguration?: unknown;
  readonly tracingConfiguration?: unknown;
  readonly encryptionConfiguration?: unknown;
}

export interface RegisteredMachine {
  readonly position: number;
  readonly arn: string;
  readonly name: string;
  readonly type: StateMachineType;
  readonly creationDate: Date;
  readonly tags: Map<string, string>;
  revision: Revision;
  deleting: boolean;
}

interface Creation extends Configuration {
  readonly name: string;
  readonly type: StateMachineType;
  readonly definition: string;
  readonly roleArn: string;
}

interface Update extends Configuration {
  readonly definition?: string | undefined;
  readonly roleArn?: string | undefined;
}

/** What AWS says of a machine that asked for neither. */
const DEFAULTS: Configuration = {
  loggingConfiguration: { level: 'OFF', includeExecutionData: false },
  tracingConfiguration: { enabled: false },
};

/** The state machines of the service, in the order of their creation. */
export class StateMachines {
  readonly #byArn = new Map<string, RegisteredMachine>();
  readonly #account: Account;
  readonly #clock: Clock;
  readonly #handlers: TaskHandlers;
  #created = 0;

  constructor(account: Account, clock: Clock, handlers: TaskHandlers) {
    this.#account = account;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  all(): RegisteredMachine[] {
    return [...this.#byArn.values()];
  }

  /** Throws StateMachineDoesNotExist. */
  get(arn: string): RegisteredMachine {
    const found = this.#byArn.get(arn);
    if (found === undefined) {
      throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    }
    return found;
  }

  /** Throws StateMachineDeleting too. */
  getActive(arn: string): RegisteredMachine {
    const found = this.get(arn);
    if (found.deleting) throw deleting(arn);
    return found;
  }

  find(arn: string): RegisteredMachine | undefined {
    return this.#byArn.get(arn);
  }

  /**
   * A machine of the same name, definition, type and configuration is returned as it is: role and tags are not
   * compared (CreateStateMachine, "idempotent").
   */
  create(creation: Creation, tags: ReadonlyMap<string, string>): RegisteredMachine {
    const { name, type, definition, roleArn } = creation;
    const arn = statesArn(this.#account, 'stateMachine', name);
    const configuration = configurationOf(creation, DEFAULTS);
    const existing = this.#byArn.get(arn);
    if (existing?.deleting) throw deleting(arn);
    if (existing !== undefined) {
      const { revision } = existing;
      const same = [type, definition, configuration];
      if (
        JSON.stringify(same) === JSON.stringify([existing.type, revision.definition, revision.configuration])
      ) {
        return existing;
      }
      throw new ServiceError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    const machine = checkedMachine(definition, type, this.#handlers);
    const creationDate = new Date(this.#clock.now());
    this.#created += 1;
    const created: RegisteredMachine = {
      position: this.#created,
      arn,
      name,
      type,
      creationDate,
      tags: new Map(tags),
      revision: {
        machine,
        definition,
        roleArn,
        updateDate: creationDate,
        revisionId: undefined,
        configuration,
      },
      deleting: false,
    };
    this.#byArn.set(arn, created);
    return created;
  }

  update(arn: string, update: Update): Revision {
    const { definition, roleArn } = update;
    if (definition === undefined && roleArn === undefined) {
      throw new ServiceError('MissingRequiredParameter', 'Either the definition or the roleArn is required');
    }
    const registered = this.getActive(arn);
    const { revision, type } = registered;
    registered.revision = {
      machine: definition === undefined ? revision.machine : checkedMachine(definition, type, this.#handlers),
      definition: definition ?? revision.definition,
      roleArn: roleArn ?? revision.roleArn,
      updateDate: new Date(this.#clock.now()),
      revisionId: randomUUID(),
      configuration: configurationOf(update, revision.configuration),
    };
    return registered.revision;
  }

  remove(machine: RegisteredMachine): void {
    this.#byArn.delete(machine.arn);
  }
}

function deleting(arn: string): ServiceError {
  return new ServiceError('StateMachineDeleting', `State Machine is being deleted: '${arn}'`);
}

function configurationOf(given: Configuration, otherwise: Configuration): Configuration {
  const { loggingConfiguration, tracingConfiguration, encryptionConfiguration } = given;
  return {
    loggingConfiguration: loggingConfiguration ?? otherwise.loggingConfiguration,
    tracingConfiguration: tracingConfiguration ?? otherwise.tracingConfiguration,
    encryptionConfiguration: encryptionConfiguration ?? otherwise.encryptionConfiguration,
  };
}
