import { AbortScope } from '../abort-scope.ts';
import type { Clock } from '../clock.ts';
import { type Child, ChildTimedOut, EXPRESS_TIMEOUT_MS } from './child.ts';

const ENDED = new Error('the Map Run has ended');

/**
 * Stops Express children that take too long. All may take the same time, so that one timer, for the one that
 * started first, does for all of them.
 */
export class ExpressDeadlines {
  readonly #clock: Clock;
  readonly #running = new Set<Child>();
  readonly #timer = new AbortScope();
  #isWatching = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  started(child: Child): void {
    this.#running.add(child);
    if (!this.#isWatching) void this.#watch();
  }

  ended(child: Child): void {
    this.#running.delete(child);
  }

  close(): void {
    this.#timer.abort(ENDED);
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    try {
      // A set keeps the order in which the children started.
      for (const child of this.#running) {
        const left = child.startedAt + EXPRESS_TIMEOUT_MS - this.#clock.now();
        if (left > 0) await this.#clock.sleep(left, this.#timer.signal);
        if (this.#running.has(child)) child.abort.abort(new ChildTimedOut('the child timed out'));
      }
    } catch (error) {
      if (this.#timer.reason === undefined) throw error;
    }
    this.#isWatching = false;
  }
}
