/**
 * What can be stopped together: an execution, a branch, a task. Cheaper than an AbortController, of which
 * one is made only when somebody asks for the signal.
 */
export class AbortScope {
  #reason: Error | undefined;
  #listeners: Set<(reason: Error) => void> | undefined;
  #controller: AbortController | undefined;
  readonly #leaveParent: (() => void) | undefined;

  constructor(parent?: AbortScope) {
    this.#leaveParent = parent?.onAbort((reason) => this.abort(reason));
  }

  /** Why it was stopped, undefined while it runs. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.close();
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener(reason);
    this.#controller?.abort(reason);
  }

  /** Calls the listener at the abort, at once if that has been; gives what removes the listener. */
  onAbort(listener: (reason: Error) => void): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return () => {};
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  throwIfAborted(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** The promise's outcome, or the reason as soon as the scope is aborted. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const off = this.onAbort(reject);
      promise.then(
        (value) => {
          off();
          resolve(value);
        },
        (error) => {
          off();
          reject(error);
        },
      );
    });
  }

  /** What it stood for is over: the parent forgets it. */
  close(): void {
    this.#leaveParent?.();
  }
}
