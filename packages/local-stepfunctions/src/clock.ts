/** Time, as the interpreter sees it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

// setTimeout takes at most 2^31 - 1 ms.
const LONGEST_TIMER = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    const wakeAt = Date.now() + ms;
    do {
      await timer(Math.min(Math.max(0, wakeAt - Date.now()), LONGEST_TIMER), signal);
    } while (Date.now() < wakeAt);
  },
};

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timeout);
      reject(signal.reason);
    };
    const timeout = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * A clock whose time passes only when everything waits for it: then it jumps to the next moment that
 * somebody sleeps until. Handlers that run under it must wait on it alone; a handler busy with real input
 * and output looks idle and is overtaken by its timeout.
 *
 * @param start milliseconds since the epoch
 */
export function createVirtualClock(start = 0): Clock {
  let now = start;
  const sleepers = new Set<{ readonly wakeAt: number; readonly wake: () => void }>();
  let ticking = false;

  function tick(): void {
    ticking = false;
    let next: { readonly wakeAt: number; readonly wake: () => void } | undefined;
    for (const sleeper of sleepers) {
      if (next === undefined || sleeper.wakeAt < next.wakeAt) next = sleeper;
    }
    if (next === undefined) return;
    sleepers.delete(next);
    now = Math.max(now, next.wakeAt);
    next.wake();
    schedule();
  }

  // Immediates run when no promise is left to settle: what could run at this moment has run.
  function schedule(): void {
    if (ticking || sleepers.size === 0) return;
    ticking = true;
    setImmediate(tick);
  }

  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const wake = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const sleeper = { wakeAt: now + Math.max(0, ms), wake };
        sleepers.add(sleeper);
        signal.addEventListener('abort', onAbort, { once: true });
        schedule();
      }),
  };
}
