import { setTimeout as delay } from 'node:timers/promises';
import { requestError } from './request-error.ts';
import { type OpenShard, ShardMap } from './shard-map.ts';

// After a reading that brought nothing new, such as early in a reshard. Far below what a stream allows: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html
const leastIntervalMs = 250;
const tries = 4;

/** Reads the map of shards when it is asked for, one reading at a time. */
export class ShardWatch {
  readonly #listShards: () => Promise<OpenShard[]>;
  readonly #onMap: (map: ShardMap) => void;
  /** The reading is over, whether it brought a new map or not. */
  readonly #onRead: () => void;
  #map: ShardMap | undefined;
  #unchangedAt = Number.NEGATIVE_INFINITY;
  #forbidden = false;
  reading = false;

  constructor(listShards: () => Promise<OpenShard[]>, onMap: (map: ShardMap) => void, onRead: () => void) {
    this.#listShards = listShards;
    this.#onMap = onMap;
    this.#onRead = onRead;
  }

  /** Without the permission, or the action, there is no map: it asks once only. */
  async read(): Promise<void> {
    if (this.reading || this.#forbidden) return;
    if (performance.now() - this.#unchangedAt < leastIntervalMs) return;
    this.reading = true;
    const shards = await this.#tryToRead();
    this.reading = false;
    if (shards && shards.length > 0) {
      const map = new ShardMap(shards, (this.#map?.version ?? 0) + 1);
      if (this.#map?.hasSameShards(map)) this.#unchangedAt = performance.now();
      else {
        this.#map = map;
        this.#onMap(map);
      }
    }
    this.#onRead();
  }

  async #tryToRead(): Promise<OpenShard[] | undefined> {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      try {
        return await this.#listShards();
      } catch (error) {
        const { kind } = requestError(error);
        this.#forbidden = kind === 'fatal' || kind === 'invalid';
        if (this.#forbidden || attempt === tries) return undefined;
        await delay(Math.random() * 100 * 2 ** attempt);
      }
    }
    return undefined;
  }
}
