import type { Json } from '../json.ts';

/** Some items of a data set, in order. */
export interface ItemChunk {
  readonly values: readonly Json[];
  /** The members' names if the items are those of a JSON object. */
  readonly keys?: readonly string[];
  /** `$$.Map.Item.Source`. */
  readonly source: string;
}

/** "Step Functions supports reading an item of up to 8 MB … if you then apply the optional ItemSelector field". */
export const MAX_ITEM_BYTES = 8 * 1024 * 1024;
