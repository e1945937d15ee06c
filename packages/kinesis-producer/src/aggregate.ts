import { aggregatedBytes, encodeAggregated, envelopeBytes } from './aggregated-record.ts';
import type { Entry, Pending } from './pending.ts';
import type { ProducerRecord } from './record.ts';

/** One Kinesis record out of many, or of one, which then goes as it is. */
export class Aggregate implements Entry {
  readonly first: Pending;
  shard: string;
  mapVersion: number;
  /** Whether records may join: until it is taken for a request. */
  open = true;
  #members: Pending[];
  #bytes: number;
  #keys: Set<string> | undefined;
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
    if (only && this.#members.length === 1 && only === this.first) return only.data;
    this.#data ??= encodeAggregated(this.#members.map(({ record }) => record));
    return this.#data;
  }

  /** Takes the record in, if both fit into `maxBytes`; how many bytes it grew by, 0 if they do not fit. */
  join(pending: Pending, maxBytes: number): number {
    const keys = this.#keys ?? new Set<string>();
    let bytes = this.#bytes;
    if (keys.size === 0) {
      // The first record's key stands in the table, and again as the key of the whole.
      const { record } = this.first;
      bytes = envelopeBytes + Buffer.byteLength(record.partitionKey) + growth(record, keys);
      remember(record, keys);
    }
    bytes += growth(pending.record, keys);
    if (bytes > maxBytes) return 0;
    remember(pending.record, keys);
    const grownBy = bytes - this.#bytes;
    this.#keys = keys;
    this.#bytes = bytes;
    this.#members.push(pending);
    return grownBy;
  }

  split(leaves: (pending: Pending) => boolean): readonly Pending[] {
    const left = this.#members.filter(leaves);
    if (left.length > 0) {
      this.#members = this.#members.filter((pending) => !leaves(pending));
      this.#data = undefined;
    }
    return left;
  }
}

/** What the record adds to an aggregate with these keys in its tables. */
function growth({ data, partitionKey, explicitHashKey }: ProducerRecord, keys: ReadonlySet<string>): number {
  let keyBytes = 0;
  let newKeys = 0;
  if (!keys.has(partitionKey)) {
    keyBytes += Buffer.byteLength(partitionKey);
    newKeys += 1;
  }
  if (explicitHashKey !== undefined && !keys.has(hashKeyMark(explicitHashKey))) {
    keyBytes += explicitHashKey.length;
    newKeys += 1;
  }
  return aggregatedBytes(data.length, keyBytes, newKeys);
}

function remember({ partitionKey, explicitHashKey }: ProducerRecord, keys: Set<string>): void {
  keys.add(partitionKey);
  if (explicitHashKey !== undefined) keys.add(hashKeyMark(explicitHashKey));
}

/** No partition key is that long. */
function hashKeyMark(hashKey: string): string {
  return hashKey.padEnd(257, '#');
}
