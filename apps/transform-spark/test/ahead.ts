/** Gives the outcome of the n-th item, and begins with the items behind it, so that so many are under way at once. */
export const ahead = <I, O>(
  items: readonly I[],
  atOnce: number,
  work: (item: I) => Promise<O>,
): ((at: number) => Promise<O>) => {
  const begun = new Map<number, Promise<O>>();
  const begin = (item: I, at: number): Promise<O> => {
    const outcome = begun.get(at) ?? work(item);
    // Nobody may ever ask for it.
    outcome.catch(() => undefined);
    begun.set(at, outcome);
    return outcome;
  };
  return async (at) => {
    const [outcome] = items.slice(at, at + atOnce).map((item, n) => begin(item, at + n));
    if (!outcome) throw new Error(`there is no item ${at}`);
    return outcome;
  };
};
