import { type Batch, MapRunIncomplete } from './map-results.ts';
import type { RawRows } from './raw-rows.ts';

/** The Map's reader and our own see different rows in the object: nothing is published. It has to go through `etl`. */
export class ReaderDisagreement extends Error {
  // Step Functions and alarms match this name, which a minifier must not change.
  override readonly name = 'ReaderDisagreement';
}

/**
 * How many rows the reader gave. Some readers take a line without a character for a row; those are found later.
 *
 * @throws {MapRunIncomplete} if batches are missing between others
 * @throws {ReaderDisagreement}
 */
export const itemsOf = (batches: readonly Batch[], { rows, lines }: RawRows): number => {
  let items = 0;
  for (const { first, rows: size } of batches) {
    if (first > items)
      throw new MapRunIncomplete(`Rows ${items + 1} to ${first} are in no batch of the Map Run.`);
    if (first < items) throw new MapRunIncomplete(`Row ${first + 1} is in two batches of the Map Run.`);
    items += size;
  }
  if (items < rows || items > lines)
    throw new ReaderDisagreement(
      `The object has ${rows} rows, the batches of the Map Run have ${items}: its reader takes the object apart differently, or its last batches have vanished. etl can take the object.`,
    );
  return items;
};
