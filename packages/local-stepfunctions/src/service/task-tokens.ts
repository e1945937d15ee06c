import { StateError } from '../errors.ts';
import { isObject, type Json, valueAt } from '../json.ts';
import type { TaskHandler, TaskHandlers, TaskRun } from '../task-handler.ts';
import { ServiceError } from './service-error.ts';

const CALLBACK = '.waitForTaskToken';

// Closed tokens are remembered to tell a late answer from a wrong one; the oldest are forgotten.
const MAX_CLOSED = 10_000;

interface OpenTask {
  succeed(output: Json): void;
  fail(error: StateError): void;
  heartbeat(): void;
}

/** The tokens of the tasks that wait for SendTaskSuccess or SendTaskFailure. */
export class TaskTokens {
  readonly #open = new Map<string, OpenTask>();
  readonly #closed = new Set<string>();

  /**
   * Handlers that wait as the service does: that of a `.waitForTaskToken` resource makes the call that hands
   * the token over, what it gives is ignored, and the task ends when somebody sends its outcome. A resource
   * without a handler for that pattern takes the one of the plain call.
   */
  waiting(handlers: TaskHandlers): TaskHandlers {
    const waiting: Record<string, TaskHandler> = {};
    for (const [key, handler] of Object.entries(handlers)) {
      if (key.endsWith(CALLBACK)) {
        waiting[key] = this.#waitingFor(handler);
        continue;
      }
      waiting[key] = handler;
      const callback = `${key}${CALLBACK}`;
      if (!Object.hasOwn(handlers, callback)) waiting[callback] = this.#waitingFor(handler);
    }
    return waiting;
  }

  succeed(token: string, output: string): void {
    const task = this.#taskOf(token);
    const value = parseOutput(output);
    this.#close(token);
    task.succeed(value);
  }

  fail(token: string, error: string | undefined, cause: string | undefined): void {
    const task = this.#taskOf(token);
    this.#close(token);
    task.fail(new StateError(error, cause));
  }

  heartbeat(token: string): void {
    this.#taskOf(token).heartbeat();
  }

  #waitingFor(call: TaskHandler): TaskHandler {
    return (input, task) => {
      const token = tokenOf(task);
      return new Promise<Json>((resolve, reject) => {
        const over = () => this.#close(token);
        task.signal.addEventListener('abort', over, { once: true });
        const settle = () => task.signal.removeEventListener('abort', over);
        this.#open.set(token, {
          succeed: (output) => {
            settle();
            resolve(output);
          },
          fail: (error) => {
            settle();
            reject(error);
          },
          heartbeat: task.heartbeat,
        });
        handOver(call, input, task).catch((error) => {
          settle();
          this.#close(token);
          reject(error);
        });
      });
    };
  }

  #taskOf(token: string): OpenTask {
    const task = this.#open.get(token);
    if (task !== undefined) return task;
    if (this.#closed.has(token)) {
      throw new ServiceError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    }
    throw new ServiceError('InvalidToken', "Invalid Token: 'Invalid token'");
  }

  #close(token: string): void {
    if (!this.#open.delete(token)) return;
    this.#closed.add(token);
    if (this.#closed.size <= MAX_CLOSED) return;
    for (const oldest of this.#closed) {
      this.#closed.delete(oldest);
      return;
    }
  }
}

/** A call that throws before it gives a promise fails like any other. */
async function handOver(call: TaskHandler, input: Json, task: TaskRun): Promise<void> {
  await call(input, task);
}

function tokenOf(task: TaskRun): string {
  const { Task } = task.context;
  const token = Task !== undefined && isObject(Task) ? valueAt(Task, 'Token') : undefined;
  // The interpreter gives every task of this pattern a token.
  if (typeof token !== 'string') throw new Error(`${task.resource} has no task token`);
  return token;
}

function parseOutput(output: string): Json {
  try {
    return JSON.parse(output);
  } catch {
    throw new ServiceError('InvalidOutput', "Invalid Output: 'Output should be valid JSON'");
  }
}
