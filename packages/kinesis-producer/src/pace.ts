// What a shard takes: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
const rateOfShard = { recordsPerSecond: 1_000, bytesPerSecond: 1024 * 1024 };
/** After a throttle; with the increase below, a shard is used to 85 % on the average. */
const decrease = 0.7;
/** Of what a shard takes, per second. */
const increasePerSecond = 0.1;
const lowestShare = 0.01;
/** A shard that takes twice its rate has more than one behind it, or no limit: it needs no pace of ours. */
const forgottenShare = 2;
/** How much may be sent at once after a pause, in seconds of the shard's rate. */
const burst = 0.25;

interface Bucket {
  /** How many shards it stands for. */
  readonly shards: number;
  /** Of what a shard takes. */
  share: number;
  /** In seconds of a shard's rate; below zero after a large record. */
  tokens: number;
  at: number;
  decreasedAt: number;
}

/**
 * How fast each shard may be written: as fast as it goes, until it throttles; then by additive increase and
 * multiplicative decrease. Times are in ms. The shard '' stands for all of a stream whose shards are not known.
 */
export class Pace {
  readonly #rate: typeof rateOfShard;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate = rateOfShard) {
    this.#rate = rate;
  }

  /** Until the shard may take more: 0 if it may now. */
  waitOf(shard: string, now: number): number {
    const bucket = this.#refilled(shard, now);
    if (!bucket || bucket.tokens > 0) return 0;
    return Math.ceil((-bucket.tokens / bucket.share) * 1000) + 1;
  }

  spend(shard: string, bytes: number, now: number): void {
    const bucket = this.#refilled(shard, now);
    if (!bucket) return;
    const { recordsPerSecond, bytesPerSecond } = this.#rate;
    bucket.tokens -= Math.max(1 / recordsPerSecond, bytes / bytesPerSecond);
  }

  /** A request that was sent at `sentAt` was throttled. `shards` is how many of them '' stands for. */
  throttled(shard: string, sentAt: number, now: number, shards = 1): void {
    const bucket = this.#refilled(shard, now);
    if (!bucket) {
      this.#buckets.set(shard, { shards, share: shards * decrease, tokens: 0, at: now, decreasedAt: now });
      return;
    }
    // All requests of one storm tell the same.
    if (sentAt < bucket.decreasedAt) return;
    bucket.share = Math.max(lowestShare, bucket.share * decrease);
    bucket.tokens = Math.min(bucket.tokens, 0);
    bucket.decreasedAt = now;
  }

  /** The shards that throttled lately, and the share of a shard's rate that each is given. */
  shares(): Record<string, number> {
    return Object.fromEntries([...this.#buckets].map(([shard, { share }]) => [shard, share]));
  }

  /** Keeps the paces of these shards only. */
  keep(shards: readonly string[]): void {
    for (const shard of this.#buckets.keys()) if (!shards.includes(shard)) this.#buckets.delete(shard);
  }

  #refilled(shard: string, now: number): Bucket | undefined {
    const bucket = this.#buckets.get(shard);
    if (!bucket) return undefined;
    const seconds = (now - bucket.at) / 1000;
    bucket.at = now;
    bucket.share += seconds * increasePerSecond * bucket.shards;
    if (bucket.share > forgottenShare * bucket.shards) {
      this.#buckets.delete(shard);
      return undefined;
    }
    bucket.tokens = Math.min(burst * bucket.share, bucket.tokens + seconds * bucket.share);
    return bucket;
  }
}
