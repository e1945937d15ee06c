import { AggregatedRecordEncoder, encodeAggregated } from './aggregated-record.ts';
import type { Entry, Pending } from './pending.ts';

/** One Kinesis record out of many, or of one, which then goes as it is. */
export class Aggregate implements Entry {
  readonly first: Pending;
  shard: string;
  mapVersion: number;
  /** Whether records may join: until it is taken for a request. */
  open = true;
  #members: Pending[];
  #bytes: number;
  /** Has the members in it, as long as none left. */
  #encoder: AggregatedRecordEncoder | undefined;
  #data: Uint8Array | undefined;

  constructor(first: Pending, shard: string, mapVersion: number) {
    this.first = first;
    this.shard = shard;
    this.mapVersion = mapVersion;
    this.#members = [first];
    this.#bytes = first.bytes;
  }

  get members(): readonly Pending[] {
    return this.#members;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get data(): Uint8Array {
    const [only] = this.#members;
    if (only === this.first && this.#members.length === 1) return only.data;
    this.#data ??= this.#encoder?.finish() ?? encodeAggregated(this.#members.map(({ record }) => record));
    this.#encoder = undefined;
    return this.#data;
  }

  /** Takes the record in, if both fit into `maxBytes`; how many bytes it grew by, 0 if they do not fit. */
  join(pending: Pending, maxBytes: number): number {
    const { record } = this.first;
    // The first record's key stands in the table, and again as the key of the whole.
    const keyBytes = this.first.bytes - record.data.length;
    if (!this.#encoder) {
      this.#encoder = new AggregatedRecordEncoder();
      this.#encoder.add(record);
    }
    if (!this.#encoder.add(pending.record, maxBytes - keyBytes)) return 0;
    const grownBy = this.#encoder.bytes + keyBytes - this.#bytes;
    this.#bytes += grownBy;
    this.#members.push(pending);
    return grownBy;
  }

  split(leaves: (pending: Pending) => boolean): readonly Pending[] {
    const left = this.#members.filter(leaves);
    if (left.length > 0) {
      this.#members = this.#members.filter((pending) => !leaves(pending));
      this.#data = undefined;
      this.#encoder = undefined;
    }
    return left;
  }
}
