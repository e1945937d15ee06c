import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 250;

/** Looks until it is done. @throws Error with what was seen last if that takes too long */
export const until = async (
  what: string,
  withinMs: number,
  look: () => Promise<{ done: boolean; seen: string }>,
): Promise<void> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const { done, seen } = await look();
    if (done) return;
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs / 1000} s: ${what}. ${seen}`);
    await sleep(pollMs);
  }
};
