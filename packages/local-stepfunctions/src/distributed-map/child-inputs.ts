import { StateError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { boundBytes, byteLength, checkBound, PAYLOAD_LIMIT, rememberBound } from '../payload.ts';
import { type ItemChunk, MAX_ITEM_BYTES } from './item-chunk.ts';
import type { BatchSettings } from './settings.ts';

/** What one child execution starts with. */
export interface ChildInput {
  /** Its place among the Map Run's children. */
  readonly index: number;
  readonly input: Json;
  /** How many items of the data set are in it. */
  readonly items: number;
}

/** What ItemSelector makes of an item; given `$$.Map`. */
export type SelectItem = (value: Json, map: JsonObject) => Json | Promise<Json>;

/** The children's inputs in the order of the data set: each item, or batches of them. */
export function childInputs(
  chunks: AsyncIterable<ItemChunk>,
  select: SelectItem | undefined,
  batch: BatchSettings | undefined,
): AsyncGenerator<ChildInput, void> {
  const items = selectedItems(chunks, select);
  return batch === undefined ? singles(items) : batches(items, new Batch(batch));
}

/** What a child is made of, with a bound of its bytes as JSON. */
interface BoundedItem {
  readonly item: Json;
  readonly bound: number;
}

/** Items as they come: an await for each would cost more than the item. */
type BoundedItems = AsyncIterable<readonly BoundedItem[]>;

/** Throws `States.ItemReaderFailed` for an item that no payload can hold. */
async function* selectedItems(
  chunks: AsyncIterable<ItemChunk>,
  select: SelectItem | undefined,
): AsyncGenerator<readonly BoundedItem[], void> {
  let index = 0;
  for await (const { values, keys, source } of chunks) {
    const items: BoundedItem[] = [];
    for (const [place, value] of values.entries()) {
      const key = keys?.[place];
      const bound = boundBytes(value);
      const isLarge = bound > PAYLOAD_LIMIT && checkItem(value, index, select !== undefined);
      if (select === undefined) {
        items.push(key === undefined ? { item: value, bound } : bounded({ Key: key, Value: value }));
      } else {
        const item = {
          Index: index,
          ...(key === undefined ? {} : { Key: key }),
          Value: value,
          Source: source,
        };
        const selected = select(value, { Item: item });
        items.push(checkInput(selected instanceof Promise ? await selected : selected, index, isLarge));
      }
      index += 1;
    }
    yield items;
  }
}

function bounded(item: Json): BoundedItem {
  return { item, bound: boundBytes(item) };
}

/** Whether an ItemSelector must make the item smaller. */
function checkItem(value: Json, index: number, isSelected: boolean): boolean {
  const bytes = byteLength(value);
  const limit = isSelected ? MAX_ITEM_BYTES : PAYLOAD_LIMIT;
  if (bytes > limit) throw itemTooLarge(index, limit);
  return bytes > PAYLOAD_LIMIT;
}

/** @param isLarge whether the item itself was too large */
function checkInput(item: Json, index: number, isLarge: boolean): BoundedItem {
  const bound = boundBytes(item);
  if (isLarge && bound > PAYLOAD_LIMIT && byteLength(item) > PAYLOAD_LIMIT) {
    throw itemTooLarge(index, PAYLOAD_LIMIT);
  }
  checkBound(
    item,
    bound,
    () =>
      `The ItemSelector made an input of more than ${PAYLOAD_LIMIT} bytes for the item at index ${index}.`,
  );
  return { item, bound };
}

function itemTooLarge(index: number, limit: number): StateError {
  return new StateError(
    'States.ItemReaderFailed',
    `The item at index ${index} is larger than ${limit} bytes.`,
  );
}

async function* singles(chunks: BoundedItems): AsyncGenerator<ChildInput, void> {
  let index = 0;
  for await (const items of chunks) {
    for (const { item } of items) {
      yield { index, input: item, items: 1 };
      index += 1;
    }
  }
}

async function* batches(chunks: BoundedItems, batch: Batch): AsyncGenerator<ChildInput, void> {
  let index = 0;
  let itemIndex = 0;
  for await (const items of chunks) {
    for (const item of items) {
      if (!batch.add(item)) {
        yield { index, ...batch.take() };
        index += 1;
        if (!batch.add(item)) throw itemTooLarge(itemIndex, batch.maxBytes);
      }
      itemIndex += 1;
      if (batch.isFull) {
        yield { index, ...batch.take() };
        index += 1;
      }
    }
  }
  if (!batch.isEmpty) yield { index, ...batch.take() };
}

/** Items collected until another would break a limit. */
class Batch {
  readonly maxBytes: number;
  readonly #maxItems: number;
  readonly #batchInput: Json | undefined;
  /** Of the batch's JSON without an item. */
  readonly #frameBytes: number;
  #items: Json[] = [];
  /** Of the JSON with the first `#measured` items. */
  #bytes: number;
  #measured = 0;
  /** What the other items have at most, commas included. */
  #bound = 0;
  /** What all of them have at most, without commas. */
  #allBound = 0;

  constructor({ maxItems, maxInputBytes, batchInput }: BatchSettings) {
    this.maxBytes = Math.min(maxInputBytes ?? PAYLOAD_LIMIT, PAYLOAD_LIMIT);
    this.#maxItems = maxItems ?? Number.POSITIVE_INFINITY;
    this.#batchInput = batchInput;
    this.#frameBytes = byteLength(this.#payload());
    this.#bytes = this.#frameBytes;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get isFull(): boolean {
    return this.#items.length >= this.#maxItems;
  }

  /** False, and the batch is as it was, if it would become too large. */
  add({ item, bound: itemBound }: BoundedItem): boolean {
    // A bound is cheap and mostly does; only the items of a batch that may be full are measured.
    const bound = this.#bound + 1 + itemBound;
    if (this.#bytes + bound <= this.maxBytes) {
      this.#bound = bound;
    } else {
      this.#measure();
      const bytes = this.#bytes + (this.isEmpty ? 0 : 1) + byteLength(item);
      if (bytes > this.maxBytes) return false;
      this.#bytes = bytes;
      this.#measured += 1;
    }
    this.#items.push(item);
    this.#allBound += itemBound;
    return true;
  }

  #measure(): void {
    for (const [index, item] of this.#items.slice(this.#measured).entries()) {
      this.#bytes += byteLength(item) + (this.#measured + index === 0 ? 0 : 1);
    }
    this.#measured = this.#items.length;
    this.#bound = 0;
  }

  /** The batch as a child's input; the next one begins. */
  take(): { readonly input: Json; readonly items: number } {
    const taken = { input: this.#payload(), items: this.#items.length };
    // The child's input, its state's and its task's: all of them are checked.
    rememberBound(this.#items, this.#allBound);
    this.#items = [];
    this.#bytes = this.#frameBytes;
    this.#measured = 0;
    this.#bound = 0;
    this.#allBound = 0;
    return taken;
  }

  #payload(): JsonObject {
    const batchInput = this.#batchInput;
    return { ...(batchInput === undefined ? {} : { BatchInput: batchInput }), Items: this.#items };
  }
}
