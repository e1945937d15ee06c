import { aggregatedBytes, encodeAggregated, envelopeBytes } from './aggregated-record.ts';
import type { ProducerRecord, RecordResult } from './record.ts';

/** The records that one call of `flush` waits for. */
export interface FlushRound {
  outstanding: number;
  /** Once a flush waits for them. */
  done?: Promise<void>;
  resolve?: () => void;
}

/** A record on its way. */
export interface Pending {
  readonly record: ProducerRecord;
  readonly bytes: number;
  /** In ms of the producer's clock. */
  readonly acceptedAt: number;
  readonly settle: (result: RecordResult) => void;
  readonly round: FlushRound;
  attempts: number;
  lastError: string | undefined;
}

/** One Kinesis record: a record, or an aggregate that others may join until it is taken for a request. */
export class Entry {
  readonly members: Pending[];
  /** Of its first record, and thus of all where order counts. */
  readonly partitionKey: string;
  /** Data and partition key, as Kinesis counts them; of an aggregate at most that. */
  bytes: number;
  /** Where it should land, and by which map; '' if that is not known. */
  shard: string;
  mapVersion: number;
  /** Whether records may join. */
  open = false;
  #keys: Set<string> | undefined;
  #data: Uint8Array | undefined;

  constructor(members: Pending[], shard: string, mapVersion: number) {
    this.members = members;
    this.partitionKey = this.first.record.partitionKey;
    this.bytes = members.length === 1 ? this.first.bytes : 0;
    this.shard = shard;
    this.mapVersion = mapVersion;
  }

  get first(): Pending {
    const [first] = this.members;
    if (!first) throw new Error('An entry has a record.');
    return first;
  }

  /** Takes the record in, if both fit into `maxBytes`. */
  join(pending: Pending, maxBytes: number): boolean {
    const keys = this.#keys ?? new Set<string>();
    let bytes = this.bytes;
    if (keys.size === 0) {
      // The first record's key stands in the table, and again as the key of the whole.
      const { record } = this.first;
      bytes = envelopeBytes + Buffer.byteLength(record.partitionKey) + growth(record, keys);
      remember(record, keys);
    }
    bytes += growth(pending.record, keys);
    if (bytes > maxBytes) return false;
    remember(pending.record, keys);
    this.#keys = keys;
    this.bytes = bytes;
    this.members.push(pending);
    return true;
  }

  /** Parts from the records for which this holds; the entry keeps the others, if any. */
  split(leaves: (pending: Pending) => boolean): Pending[] {
    const left = this.members.filter(leaves);
    if (left.length === 0) return left;
    const kept = this.members.filter((pending) => !leaves(pending));
    this.members.splice(0, this.members.length, ...kept);
    this.#data = undefined;
    if (kept.length === 1) this.bytes = this.first.bytes;
    return left;
  }

  /** What is put into the stream. */
  get data(): Uint8Array {
    if (this.members.length === 1) return this.first.record.data;
    this.#data ??= encodeAggregated(this.members.map(({ record }) => record));
    return this.#data;
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

/** No partition key is longer than 256 characters, so that this is none. */
function hashKeyMark(hashKey: string): string {
  return hashKey.padEnd(257, '#');
}
