import { randomUUID } from 'node:crypto';
import { AbortScope } from '../abort-scope.ts';
import { StateError } from '../errors.ts';
import { uuid } from '../intrinsics/random.ts';
import { systemRandom } from '../random.ts';
import { Child, type ChildTemplate } from './child.ts';
import type { ChildInput } from './child-inputs.ts';
import type { ChildResult } from './child-result.ts';
import { ExpressDeadlines } from './express-deadlines.ts';
import type { MapRunState } from './map-run.ts';

/** Most children that run at the same time here, whatever MaxConcurrency says. AWS starts up to 10,000. */
const MAX_CONCURRENCY = 1_000;

/** Why the children stop that run when the Map Run has failed. */
class MapRunFailed extends Error {}

/** A child that did not succeed before the redrive. */
export interface FormerChild {
  readonly name: string;
  readonly redriveCount: number;
}

export interface ChildrenToRun {
  readonly template: ChildTemplate;
  readonly inputs: AsyncIterable<ChildInput>;
  readonly state: MapRunState;
  readonly abort: AbortScope;
  /** What is known of the child from before a redrive; undefined if nothing is. */
  readonly before: (child: ChildInput) => 'SUCCEEDED' | FormerChild | undefined;
  /** Keeps the result; a promise if the next child should wait. */
  readonly onEnded: (result: ChildResult) => Promise<void> | undefined;
  /** A child that will not be started. */
  readonly onPending: (child: ChildInput) => Promise<void> | undefined;
}

/**
 * Starts a child for every input, with as many side by side as may be, and waits for all to end. Once too much
 * items have failed it starts no more and stops those that run, but reads on: what was not started is pending.
 * Throws what the Map Run fails with, or the reason of its abort.
 */
export async function runChildren(children: ChildrenToRun): Promise<void> {
  await new ChildRunner(children).run();
}

class ChildRunner {
  readonly #children: ChildrenToRun;
  readonly #abort: AbortScope;
  readonly #deadlines: ExpressDeadlines | undefined;
  readonly #nextName: () => string;
  #failure: { readonly error: unknown } | undefined;
  /** Whether the failure is that of too many children; only then is it known what else there was to do. */
  #isExceeded = false;
  #running = 0;
  #wake = () => {};

  constructor(children: ChildrenToRun) {
    this.#children = children;
    this.#abort = new AbortScope(children.abort);
    const { run, kind } = children.template;
    this.#deadlines = kind.executionType === 'EXPRESS' ? new ExpressDeadlines(run.clock) : undefined;
    // Node draws from a pool; the interpreter's own randomness is for whoever injects it.
    this.#nextName = run.random === systemRandom ? randomUUID : () => uuid(run.random);
  }

  async run(): Promise<void> {
    const { abort } = this.#children;
    try {
      await this.#startAll();
      this.#checkThreshold();
    } catch (error) {
      this.#fail(error);
    }
    while (this.#running > 0) await this.#nextEnd();
    this.#deadlines?.close();
    this.#abort.close();
    abort.throwIfAborted();
    // The last to end may have been the one too many.
    this.#checkThreshold();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #startAll(): Promise<void> {
    const { inputs, state, before, onPending } = this.#children;
    for await (const child of inputs) {
      state.childMade();
      const former = before(child);
      if (former === 'SUCCEEDED') {
        state.childKept(child.items);
        continue;
      }
      while (this.#running >= this.#concurrency && this.#failure === undefined) await this.#nextEnd();
      this.#children.abort.throwIfAborted();
      if (this.#failure === undefined) this.#start(child, former);
      else if (this.#isExceeded) await onPending(child);
      else return;
    }
  }

  get #concurrency(): number {
    const { maxConcurrency } = this.#children.state;
    return maxConcurrency === 0 ? MAX_CONCURRENCY : Math.min(maxConcurrency, MAX_CONCURRENCY);
  }

  #nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #start(input: ChildInput, former: FormerChild | undefined): void {
    const name = former?.name ?? this.#nextName();
    const redriveCount = former === undefined ? 0 : former.redriveCount + 1;
    const child = new Child(this.#children.template, input, name, redriveCount, this.#abort);
    this.#running += 1;
    this.#children.state.childStarted(input.items);
    this.#deadlines?.started(child);
    void this.#runOne(child);
  }

  async #runOne(child: Child): Promise<void> {
    const { state, onEnded } = this.#children;
    try {
      const result = await child.run();
      state.childEnded(result.items, result.status);
      this.#checkThreshold();
      await onEnded(result);
    } catch (error) {
      this.#fail(error);
    }
    this.#deadlines?.ended(child);
    this.#running -= 1;
    this.#wake();
  }

  #checkThreshold(): void {
    if (this.#failure !== undefined || !this.#children.state.thresholdExceeded) return;
    this.#isExceeded = true;
    this.#fail(
      new StateError(
        'States.ExceedToleratedFailureThreshold',
        'The specified tolerated failure threshold was exceeded',
      ),
    );
  }

  /** The first failure is the Map Run's. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#abort.abort(new MapRunFailed('the Map Run has failed'));
  }
}
