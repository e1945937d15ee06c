import { types } from 'node:util';

/** Thrown by a task handler to fail its state with an error name that `Retry` and `Catch` can match. */
export class TaskError extends Error {
  readonly error: string;
  override readonly cause: string | undefined;

  constructor(error: string, cause?: string) {
    super(cause === undefined ? error : `${error}: ${cause}`);
    this.name = 'TaskError';
    this.error = error;
    this.cause = cause;
  }
}

export interface DefinitionProblem {
  /** Where in the definition, as AWS writes it: `/States/Transform/Retry[0]/ErrorEquals`. */
  readonly path: string;
  readonly message: string;
}

/** The definition cannot run; it was not started. */
export class InvalidDefinition extends Error {
  readonly problems: readonly DefinitionProblem[];

  constructor(problems: readonly DefinitionProblem[]) {
    super(`Invalid state machine definition: ${problems.map((p) => `${p.path}: ${p.message}`).join('; ')}`);
    this.name = 'InvalidDefinition';
    this.problems = problems;
  }
}

/** A state failed with an error that the state machine may handle. A Fail state may name no error. */
export class StateError extends Error {
  readonly error: string | undefined;
  override readonly cause: string | undefined;

  constructor(error: string | undefined, cause: string | undefined) {
    super(`${error ?? 'no error name'}: ${cause ?? 'no cause'}`);
    this.name = 'StateError';
    this.error = error;
    this.cause = cause;
  }
}

/** Reported as `States.Timeout`, as AWS does, and matched by both names. */
export class HeartbeatTimeout extends StateError {
  constructor() {
    super('States.Timeout', undefined);
  }
}

/** The interpreter could not evaluate something; the state's name and event are still to be added. */
export class EvaluationError extends StateError {}

/** Why an execution was stopped from outside. */
export class Stopped extends Error {
  readonly error: string | undefined;
  override readonly cause: string | undefined;

  constructor(error: string | undefined, cause: string | undefined) {
    super('the execution was stopped');
    this.error = error;
    this.cause = cause;
  }
}

/** What an exception says. */
export function reasonOf(error: unknown): string {
  // Not instanceof: errors of Node itself may come from another realm.
  return types.isNativeError(error) ? error.message : String(error);
}
