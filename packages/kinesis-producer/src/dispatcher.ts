import type { Meter } from './metrics.ts';
import { maxRequestRecords, type Settings } from './options.ts';
import type { Pace } from './pace.ts';
import type { Entry, Pending } from './pending.ts';
import { Placement } from './placement.ts';
import { Ready } from './ready.ts';
import type { RecordResult } from './record.ts';
import { failed, Requests } from './requests.ts';
import { ShardWatch } from './shard-watch.ts';
import type { Stream } from './stream.ts';

/** While every shard is at its pace: how often to look for records of a shard that is not, in ms. */
const longestPauseMs = 50;

/** Bytes of aggregates that go without waiting for more: a few requests at once are faster than a large one. */
const enoughAggregates = 1024 * 1024;

/** Decides when a request goes, and what happens to its records afterwards. */
export class Dispatcher {
  readonly #settings: Settings;
  readonly #settle: (pending: Pending, result: RecordResult) => void;
  readonly #pace: Pace;
  readonly #ready: Ready;
  readonly #placement: Placement;
  readonly #requests: Requests;
  readonly #shards: ShardWatch;
  readonly #retries = new Map<Entry, NodeJS.Timeout>();
  /** Records that wait for the first map of shards. */
  #unplaced: Pending[] | undefined;
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #urgent = false;
  /** Every shard with records is at its pace. */
  #paused = false;

  constructor(
    stream: Stream,
    settings: Settings,
    pace: Pace,
    meter: Meter,
    settle: (pending: Pending, result: RecordResult) => void,
  ) {
    this.#settings = settings;
    this.#settle = settle;
    this.#pace = pace;
    this.#ready = new Ready({
      records: maxRequestRecords,
      bytes: settings.maxRequestBytes,
      enoughBytes: Math.min(settings.maxRequestBytes, settings.aggregate ? enoughAggregates : Infinity),
    });
    this.#placement = new Placement(this.#ready, settings);
    this.#requests = new Requests(stream, settings, pace, meter, {
      settle,
      finished: (entry) => this.#placement.finished(entry, performance.now()),
      again: (entry, delayMs) => this.#again(entry, delayMs),
      mapOutdated: () => void this.#shards.read(),
    });
    this.#shards = new ShardWatch(
      () => stream.listShards(settings.signal),
      (map) => {
        pace.keep(map.shardIds);
        this.#placement.remap(map, performance.now());
      },
      () => this.#mapRead(),
    );
    if (settings.aggregate && !settings.ordered) this.#unplaced = [];
  }

  add(pending: Pending): void {
    if (this.#unplaced) {
      this.#unplaced.push(pending);
      void this.#shards.read();
      return;
    }
    this.#placement.add(pending, pending.acceptedAt);
    this.#wake();
  }

  /** Whether records wait no longer for others to fill a request. */
  set urgent(urgent: boolean) {
    this.#urgent = urgent;
    if (urgent) this.#dispatch();
  }

  /** Gives up on all but what requests are under way with; those fail by the signal. */
  abort(): void {
    const followers = this.#placement.takeFollowers();
    const waiting = [...this.#ready.takeAll(), ...this.#retries.keys()];
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
    const pending = [...waiting.flatMap(({ members }) => members), ...followers, ...(this.#unplaced ?? [])];
    this.#unplaced = undefined;
    for (const each of pending) this.#settle(each, failed(each, 'Aborted'));
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  /** Called for every record, so that it has to be cheap where there is nothing to do. */
  #wake(): void {
    if (this.#immediate || this.#paused || this.#inFlight >= this.#settings.maxInFlight) return;
    if (this.#ready.full) this.#dispatch();
    // Not at once: who sends records one by one, without waiting, fills a request with them.
    else if (this.#inFlight === 0) this.#immediate = setImmediate(() => this.#dispatch());
    else this.#timer ??= setTimeout(() => this.#dispatch(), this.#settings.lingerMs);
  }

  #dispatch(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#paused = false;
    if (this.#holds) return;
    const now = performance.now();
    this.#expire(now);
    while (this.#inFlight < this.#settings.maxInFlight && this.#isDue(now)) {
      const entries = this.#ready.take(this.#pace, now);
      if (entries.length === 0) {
        this.#paused = true;
        const wait = Math.min(longestPauseMs, this.#ready.waitOf(this.#pace, now));
        this.#timer = setTimeout(() => this.#dispatch(), wait);
        return;
      }
      for (const entry of entries) this.#placement.close(entry);
      void this.#request(entries);
    }
    if (this.#ready.length > 0) this.#wake();
  }

  #isDue(now: number): boolean {
    if (this.#ready.length === 0) return false;
    if (this.#ready.full || this.#urgent || this.#inFlight === 0) return true;
    return now - this.#ready.since >= this.#settings.lingerMs;
  }

  /** An outdated map would take aggregates to shards of others. */
  get #holds(): boolean {
    return this.#shards.reading && this.#settings.aggregate && !this.#settings.ordered;
  }

  async #request(entries: readonly Entry[]): Promise<void> {
    this.#inFlight += 1;
    await this.#requests.put(entries);
    this.#inFlight -= 1;
    this.#dispatch();
  }

  #again(entry: Entry, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#retries.delete(entry);
      this.#placement.replace(entry, performance.now());
      this.#wake();
    }, delayMs);
    this.#retries.set(entry, timer);
  }

  #expire(now: number): void {
    const isExpired = ({ acceptedAt }: Pending) => now - acceptedAt >= this.#settings.maxAgeMs;
    for (const entry of this.#ready.takeExpired(({ first }) => isExpired(first))) {
      this.#placement.close(entry);
      for (const pending of entry.split(isExpired)) {
        this.#settle(pending, failed(pending, pending.lastError ?? 'Expired'));
      }
      if (entry.members.length > 0) this.#placement.replace(entry, now);
      else this.#placement.finished(entry, now);
    }
  }

  #mapRead(): void {
    const unplaced = this.#unplaced ?? [];
    this.#unplaced = undefined;
    for (const pending of unplaced) this.#placement.add(pending, pending.acceptedAt);
    this.#dispatch();
  }
}
