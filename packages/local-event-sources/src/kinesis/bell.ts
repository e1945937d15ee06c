/** Wakes those who wait: state is kept elsewhere, and each looks again for itself. */
export interface Bell {
  readonly ring: () => void;
  /** Resolves at the next ring, or after `milliseconds`. */
  readonly wait: (milliseconds?: number) => Promise<void>;
}

export function createBell(): Bell {
  let waiting: (() => void)[] = [];
  return {
    ring: () => {
      const all = waiting;
      waiting = [];
      for (const wake of all) wake();
    },
    wait: (milliseconds) =>
      new Promise((resolve) => {
        if (milliseconds === undefined) {
          waiting.push(resolve);
          return;
        }
        const wake = () => {
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting = waiting.filter((other) => other !== wake);
          resolve();
        }, milliseconds);
        waiting.push(wake);
      }),
  };
}
