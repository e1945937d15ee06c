import { Fifo } from './fifo.ts';
import type { Pace } from './pace.ts';
import type { Entry } from './pending.ts';

interface ShardQueue {
  readonly again: Fifo<Entry>;
  readonly fresh: Fifo<Entry>;
}

export interface RequestLimits {
  readonly records: number;
  readonly bytes: number;
  /** Worth a request, though more may go with it. */
  readonly enoughBytes: number;
}

/** Entries that may be sent, by shard, so that one that throttles does not hold up the others. */
export class Ready {
  readonly #limits: RequestLimits;
  readonly #shards = new Map<string, ShardQueue>();
  #length = 0;
  #bytes = 0;
  /** When the oldest of what waits came, as far as anything waits; in ms. */
  since = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#length;
  }

  /** Whether there is no sense in waiting for more. */
  get full(): boolean {
    return this.#length >= this.#limits.records || this.#bytes >= this.#limits.enoughBytes;
  }

  add(entry: Entry, now: number): void {
    let queue = this.#shards.get(entry.shard);
    if (!queue) {
      queue = { again: new Fifo(), fresh: new Fifo() };
      this.#shards.set(entry.shard, queue);
    }
    (entry.first.attempts > 0 ? queue.again : queue.fresh).push(entry);
    if (this.#length === 0) this.since = now;
    this.#length += 1;
    this.#bytes += entry.bytes;
  }

  /** An entry that waits here has grown. */
  grew(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The next request: what was sent before first, an entry of each shard in turn, as far as their paces allow. */
  take(pace: Pace, now: number): Entry[] {
    const taken: Entry[] = [];
    let bytes = 0;
    let open = [...this.#shards];
    while (open.length > 0) {
      const still: typeof open = [];
      for (const candidate of open) {
        const [shard, { again, fresh }] = candidate;
        const queue = again.length > 0 ? again : fresh;
        const entry = queue.peek();
        if (!entry || pace.waitOf(shard, now) > 0) continue;
        if (taken.length === this.#limits.records || bytes + entry.bytes > this.#limits.bytes) {
          this.since = now;
          return taken;
        }
        queue.shift();
        this.#length -= 1;
        this.#bytes -= entry.bytes;
        pace.spend(shard, entry.bytes, now);
        bytes += entry.bytes;
        taken.push(entry);
        still.push(candidate);
      }
      open = still;
    }
    for (const [shard, { again, fresh }] of this.#shards) {
      if (again.length + fresh.length === 0) this.#shards.delete(shard);
    }
    this.since = now;
    return taken;
  }

  /** Takes out, whatever the pace, what waits longest and is expired. */
  takeExpired(isExpired: (entry: Entry) => boolean): Entry[] {
    const expired: Entry[] = [];
    for (const { again, fresh } of this.#shards.values()) {
      for (const queue of [again, fresh]) {
        for (let entry = queue.peek(); entry && isExpired(entry); entry = queue.peek()) {
          queue.shift();
          this.#length -= 1;
          this.#bytes -= entry.bytes;
          expired.push(entry);
        }
      }
    }
    return expired;
  }

  takeAll(): Entry[] {
    return this.takeExpired(() => true);
  }

  /** Until the first of the waiting shards may go on, in ms. */
  waitOf(pace: Pace, now: number): number {
    let wait = Number.POSITIVE_INFINITY;
    for (const [shard, { again, fresh }] of this.#shards) {
      if (again.length + fresh.length > 0) wait = Math.min(wait, pace.waitOf(shard, now));
    }
    return wait;
  }
}
