import { Aggregate } from './aggregate.ts';
import { Fifo } from './fifo.ts';
import type { Entry, Pending } from './pending.ts';
import type { Ready } from './ready.ts';
import type { ShardMap } from './shard-map.ts';

export interface PlacementOptions {
  readonly aggregate: boolean;
  readonly ordered: boolean;
  readonly aggregateBytes: number;
}

/**
 * Which Kinesis record a record goes into. A consumer that splits aggregates by the hash keys of its shard (the KCL does)
 * drops records that lie in a shard which is not theirs. So an aggregate holds records of one shard, as the map of shards
 * has it, or of one partition key: where there is no map, and where order counts, because a reshard would part them.
 */
export class Placement {
  readonly #ready: Ready;
  readonly #options: PlacementOptions;
  readonly #open = new Map<string, Aggregate>();
  /** The records that wait for an entry of their partition key; null while none does. */
  readonly #lanes = new Map<string, Fifo<Pending> | null>();
  #map: ShardMap | undefined;

  constructor(ready: Ready, options: PlacementOptions) {
    this.#ready = ready;
    this.#options = options;
  }

  add(pending: Pending, now: number): void {
    if (!this.#options.ordered) {
      this.#place(pending, now);
      return;
    }
    const { partitionKey } = pending.record;
    const lane = this.#lanes.get(partitionKey);
    if (lane === undefined) {
      this.#lanes.set(partitionKey, null);
      this.#place(pending, now);
    } else if (lane) lane.push(pending);
    else if (!this.#joined(partitionKey, pending)) {
      const followers = new Fifo<Pending>();
      followers.push(pending);
      this.#lanes.set(partitionKey, followers);
    }
  }

  /** From here on nothing joins the entry. */
  close(entry: Entry): void {
    if (!(entry instanceof Aggregate && entry.open)) return;
    entry.open = false;
    const group = this.#groupOf(entry.first, entry.shard);
    if (this.#open.get(group) === entry) this.#open.delete(group);
  }

  /** The fate of all of the entry's records is known: the next of their partition key may go. */
  finished(entry: Entry, now: number): void {
    if (!this.#options.ordered) return;
    const { partitionKey } = entry.first.record;
    const lane = this.#lanes.get(partitionKey);
    const next = lane?.shift();
    if (!lane || !next) {
      this.#lanes.delete(partitionKey);
      return;
    }
    this.#place(next, now);
    while (lane.length > 0) {
      const follower = lane.peek();
      if (!follower || !this.#joined(partitionKey, follower)) return;
      lane.shift();
    }
    this.#lanes.set(partitionKey, null);
  }

  /** The shards are others than thought: what waits is placed anew. */
  remap(map: ShardMap, now: number): void {
    this.#map = map;
    this.#open.clear();
    for (const entry of this.#ready.takeAll()) this.replace(entry, now);
  }

  /** Puts an entry among those that may be sent, to where it belongs by now. */
  replace(entry: Entry, now: number): void {
    const version = this.#map?.version ?? 0;
    if (entry.mapVersion !== version) {
      if (entry.members.length > 1 && !this.#options.ordered) {
        for (const pending of entry.members) this.#place(pending, now);
        return;
      }
      entry.shard = this.#map?.shardOf(entry.first.record) ?? '';
      entry.mapVersion = version;
    }
    this.#ready.add(entry, now);
  }

  /** All that waits for others of its key. */
  takeFollowers(): Pending[] {
    const followers: Pending[] = [];
    for (const lane of this.#lanes.values()) {
      for (let next = lane?.shift(); next; next = lane?.shift()) followers.push(next);
    }
    return followers;
  }

  #place(pending: Pending, now: number): void {
    const shard = this.#map?.shardOf(pending.record) ?? '';
    const mapVersion = this.#map?.version ?? 0;
    if (!this.#options.aggregate) {
      pending.shard = shard;
      pending.mapVersion = mapVersion;
      this.#ready.add(pending, now);
      return;
    }
    const group = this.#groupOf(pending, shard);
    if (this.#joined(group, pending)) return;
    const aggregate = new Aggregate(pending, shard, mapVersion);
    this.#open.set(group, aggregate);
    this.#ready.add(aggregate, now);
  }

  #joined(group: string, pending: Pending): boolean {
    const aggregate = this.#open.get(group);
    if (!aggregate) return false;
    const alike = aggregate.first.record.explicitHashKey === pending.record.explicitHashKey;
    if (!alike && !this.#byShard(aggregate.shard)) return false;
    const grownBy = aggregate.join(pending, this.#options.aggregateBytes);
    this.#ready.grew(grownBy);
    return grownBy > 0;
  }

  #groupOf({ record }: Pending, shard: string): string {
    return this.#byShard(shard) ? shard : record.partitionKey;
  }

  #byShard(shard: string): boolean {
    return shard !== '' && !this.#options.ordered;
  }
}
