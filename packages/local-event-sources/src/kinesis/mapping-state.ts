import { type Bell, createBell } from './bell.ts';

/** What all parts of one mapping look at. */
export interface MappingState {
  readonly bell: Bell;
  /** Calls that wait for the tip so far. */
  readonly asked: () => number;
  readonly ask: () => number;
  readonly stopping: () => boolean;
  readonly failure: () => { readonly error: unknown } | undefined;
  readonly stop: () => void;
  /** Stops, as nothing that a retry could mend. The first error stands. */
  readonly fail: (error: unknown) => void;
  /** Waits, until the mapping stops: then false. */
  readonly wait: (milliseconds: number) => Promise<boolean>;
}

export function createMappingState(onFailure: (error: unknown) => void): MappingState {
  const bell = createBell();
  let asked = 0;
  let stopping = false;
  let failure: { readonly error: unknown } | undefined;
  const stop = () => {
    stopping = true;
    bell.ring();
  };
  return {
    bell,
    asked: () => asked,
    ask: () => {
      asked += 1;
      bell.ring();
      return asked;
    },
    stopping: () => stopping,
    failure: () => failure,
    stop,
    fail: (error) => {
      if (failure !== undefined) return;
      failure = { error };
      onFailure(error);
      stop();
    },
    wait: async (milliseconds) => {
      const until = performance.now() + milliseconds;
      while (!stopping && performance.now() < until) await bell.wait(until - performance.now());
      return !stopping;
    },
  };
}
