import type { Checkpoint } from './checkpoint.ts';
import type { Reached } from './produce.ts';
import { oneLine } from './produce-error.ts';

const EVERY_MS = 1000;

interface CheckpointKeeper {
  /** Notes it a last time. Throws if that, or what was noted before it, could not be written. */
  readonly end: (isDone: boolean) => Promise<void>;
}

/** Notes how far the stream has acknowledged, every so often and at the end. */
export const keepCheckpoint = (
  checkpoint: Checkpoint | null,
  reachedNow: () => Reached,
  say: (text: string) => void,
): CheckpointKeeper => {
  let noted = checkpoint?.acknowledged ?? 0;
  let writing: Promise<void> = Promise.resolve();
  let fault: unknown = null;
  const note = (done: boolean): void => {
    const reached = reachedNow();
    if (!checkpoint || (!done && reached.acknowledged === noted)) return;
    noted = reached.acknowledged;
    writing = writing
      .then(() => checkpoint.write({ ...reached, done }))
      .then(() => {
        fault = null;
      })
      .catch((error: unknown) => {
        // Records are sent all the same; the next note may succeed.
        if (fault === null) say(`  ${oneLine(error)}`);
        fault = error;
      });
  };
  const timer = setInterval(() => note(false), EVERY_MS);
  timer.unref();
  return {
    end: async (isDone) => {
      clearInterval(timer);
      note(isDone);
      await writing;
      if (fault !== null) throw fault;
    },
  };
};
