import { Buffer } from 'node:buffer';

/** Why a table can never take a row. One such item in a call fails all of them, with a ValidationException. */
type UnfitReason = 'key_too_long' | 'number_out_of_range' | 'item_too_large';

/** A row that the table cannot take: its place among those that were given, from 0, and why. */
export interface UnfitRow {
  readonly at: number;
  readonly reason: UnfitReason;
}

/** A value of an item: text, a number, or neither. */
interface ItemValue {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
}

// "Partition keys and sort keys", "Data types", "Items" of
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const MAX_KEY_BYTES = 2048;
const MAX_ITEM_BYTES = 400 * 1024;
/** From 1E-130 to 9.99…E+125, positive or negative, or zero. No double and no decimal of ours has more than its 38 digits. */
const [MIN_MAGNITUDE, FIRST_TOO_LARGE] = [1e-130, 1e126];
/**
 * At most: a byte for two of 38 digits, which may begin in the middle of one, and one besides. A bit much is taken for
 * a short one, since the guide says "approximately".
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
const NUMBER_BYTES = 21;
const BOOLEAN_BYTES = 1;

const isInRange = (number: string): boolean => {
  const magnitude = Math.abs(Number(number));
  return magnitude === 0 || (magnitude >= MIN_MAGNITUDE && magnitude < FIRST_TOO_LARGE);
};

const bytesOf = ({ S, N }: ItemValue): number => {
  if (S !== undefined) return Buffer.byteLength(S);
  return N === undefined ? BOOLEAN_BYTES : NUMBER_BYTES;
};

/** Why a table cannot take an item of texts, numbers and booleans; null: it can. */
export const unfitReason = (item: Readonly<Record<string, ItemValue>>, key: string): UnfitReason | null => {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return 'key_too_long';
  let size = 0;
  for (const [name, value] of Object.entries(item)) {
    if (value.N !== undefined && !isInRange(value.N)) return 'number_out_of_range';
    size += Buffer.byteLength(name) + bytesOf(value);
  }
  return size > MAX_ITEM_BYTES ? 'item_too_large' : null;
};
