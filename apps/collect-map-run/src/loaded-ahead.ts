const AHEAD = 32;

/** What `load` gives for each item, in their order, while the next ones are being loaded. */
export async function* loadedAhead<T, U>(
  items: readonly T[],
  load: (item: T) => Promise<U>,
): AsyncGenerator<U, void, void> {
  const underway: Promise<U>[] = [];
  const rest = items.values();
  const begin = (): void => {
    const { value, done } = rest.next();
    if (done) return;
    const loading = load(value);
    // Its failure is seen when its turn comes.
    loading.catch(() => undefined);
    underway.push(loading);
  };
  for (let at = 0; at < AHEAD; at += 1) begin();
  for (let loading = underway.shift(); loading !== undefined; loading = underway.shift()) {
    const loaded = await loading;
    begin();
    yield loaded;
  }
}
