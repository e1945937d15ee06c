/** Does the work on two items at a time; the results are in the order of the items. */
export const inTwos = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const left = [...items.entries()];
  const results: R[] = [];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all([worker(), worker()]);
  return results;
};
