import { StateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { TaskHandler, TaskHandlers, TaskRun } from '../task-handler.ts';

/** The task of a state under test: done once, however often the state is tried. */
export class TestedTask {
  readonly handlers: TaskHandlers;
  /** What the task was given, undefined if it was not reached. */
  input: Json | undefined;
  /** What it gave, undefined if it failed. */
  result: unknown;
  #outcome: Promise<unknown> | undefined;

  /** @param key undefined for a state that has no task */
  constructor(key: string | undefined, handler: TaskHandler) {
    this.handlers =
      key === undefined ? {} : { [key]: (input, task) => this.#outcomeOf(handler, input, task) };
  }

  static failing(error: string, cause: string | undefined): TaskHandler {
    return async () => {
      throw new StateError(error, cause);
    };
  }

  #outcomeOf(handler: TaskHandler, input: Json, task: TaskRun): Promise<unknown> {
    this.#outcome ??= this.#do(handler, input, task);
    return this.#outcome;
  }

  async #do(handler: TaskHandler, input: Json, task: TaskRun): Promise<unknown> {
    this.input = input;
    // A task that timed out has timed out in every trial.
    const timedOut = new Promise<never>((_, reject) => {
      task.signal.addEventListener('abort', () => reject(task.signal.reason), { once: true });
    });
    this.result = await Promise.race([handler(input, task), timedOut]);
    return this.result;
  }
}
