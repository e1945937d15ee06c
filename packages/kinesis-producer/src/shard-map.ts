import { hash } from 'node:crypto';
import type { ProducerRecord } from './record.ts';

/** An open shard and the first hash key of its range; ranges reach to the next shard's first. */
export interface OpenShard {
  readonly shardId: string;
  readonly startingHashKey: bigint;
}

/** Which shard a record leads to, as of one moment: a split or a merge makes it wrong. */
export class ShardMap {
  /** Grows with each map that is read. */
  readonly version: number;
  readonly #ids: string[];
  readonly #starts: string[];

  constructor(shards: readonly OpenShard[], version: number) {
    const sorted = shards.toSorted((a, b) => (a.startingHashKey < b.startingHashKey ? -1 : 1));
    this.version = version;
    this.#ids = sorted.map(({ shardId }) => shardId);
    this.#starts = sorted.map(({ startingHashKey }) => hexOf(startingHashKey));
  }

  get shardIds(): readonly string[] {
    return this.#ids;
  }

  hasSameShards({ shardIds }: ShardMap): boolean {
    return shardIds.length === this.#ids.length && shardIds.every((id, at) => id === this.#ids[at]);
  }

  shardOf(record: ProducerRecord): string {
    if (this.#ids.length === 1) return `${this.#ids[0]}`;
    const key = hashKeyOf(record);
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (`${this.#starts[middle]}` <= key) low = middle;
      else high = middle;
    }
    return `${this.#ids[low]}`;
  }
}

/** 32 hexadecimal digits, which are ordered as the numbers are. */
function hashKeyOf({ partitionKey, explicitHashKey }: ProducerRecord): string {
  return explicitHashKey === undefined ? hash('md5', partitionKey) : hexOf(BigInt(explicitHashKey));
}

function hexOf(hashKey: bigint): string {
  return hashKey.toString(16).padStart(32, '0');
}
