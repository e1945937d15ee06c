/**
 * Works through items in their order, a few at once, from now on. Each has a promise of its own, so that a test can wait
 * for one of them; nobody has to.
 */
export const workAtOnce = <I, O>(
  items: readonly I[],
  atOnce: number,
  work: (item: I) => Promise<O>,
): readonly Promise<O>[] => {
  const outcomes = items.map(() => Promise.withResolvers<O>());
  for (const { promise } of outcomes) promise.catch(() => undefined);
  let next = 0;
  const goOn = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const [item, outcome] = [items[at], outcomes[at]];
      if (item === undefined || !outcome) return;
      await work(item).then(outcome.resolve, outcome.reject);
    }
  };
  for (let worker = 0; worker < atOnce; worker += 1) void goOn();
  return outcomes.map(({ promise }) => promise);
};
