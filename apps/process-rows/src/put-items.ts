/** BatchWriteItem takes no more at once. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const ITEMS_AT_ONCE = 25;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 5_000;

export interface PutItems<Item> {
  /** Puts some items; gives those that the table has not taken. */
  readonly write: (items: readonly Item[]) => Promise<readonly Item[]>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Until the function is stopped. */
  readonly remainingMs: () => number;
}

/** The table took too few items in the time there was. The batch is tried again; what was put stays and is put again. */
class ItemsNotTaken extends Error {
  override readonly name = 'ItemsNotTaken';
}

/**
 * Puts all items. Those that the table has not taken are put again, after a while that doubles, with full jitter, as long
 * as there is time left.
 *
 * @throws {ItemsNotTaken}
 */
export const putItems = async <Item>(items: readonly Item[], deps: PutItems<Item>): Promise<void> => {
  for (let from = 0; from < items.length; from += ITEMS_AT_ONCE) {
    let left = await deps.write(items.slice(from, from + ITEMS_AT_ONCE));
    for (let limit = FIRST_DELAY_MS; left.length > 0; limit = Math.min(2 * limit, LONGEST_DELAY_MS)) {
      const delay = deps.random() * limit;
      if (deps.remainingMs() <= delay + LONGEST_DELAY_MS)
        throw new ItemsNotTaken(`the table has not taken ${left.length} items in time`);
      await deps.sleep(delay);
      left = await deps.write(left);
    }
  }
};
