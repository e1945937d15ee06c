import type { PutRecordsResultEntry } from '@aws-sdk/client-kinesis';
import { decodeAggregated } from '../src/aggregated-record.ts';
import type { Entry } from '../src/pending.ts';
import type { ProducerRecord } from '../src/record.ts';
import type { OpenShard } from '../src/shard-map.ts';
import { ShardMap } from '../src/shard-map.ts';
import type { Stream } from '../src/stream.ts';

/** What a request meets; of `some` the records whose bit is set fail, by the code. */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'some'; readonly bits: number; readonly code: string }
  | { readonly kind: 'throws'; readonly error: Error }
  /** The stream has the records, and the producer does not learn it. */
  | { readonly kind: 'timeout after success' };

export interface Landed {
  readonly record: ProducerRecord;
  readonly shardId: string;
}

/** A stream in memory that fails by plan, and checks the limits of each request. */
export class FaultyStream implements Stream {
  readonly landed: Landed[] = [];
  readonly requests: { readonly records: number; readonly bytes: number; readonly keys: string[] }[] = [];
  readonly #faults: Fault[];
  #shards: OpenShard[];
  #sequence = 0;
  /** The keys of records whose request is under way, with how many such requests there are. */
  readonly keysInFlight = new Map<string, number>();
  mostPerKey = 0;

  constructor(faults: readonly Fault[] = [], shards = evenShards(1)) {
    this.#faults = [...faults];
    this.#shards = shards;
  }

  reshard(shards: OpenShard[]): void {
    this.#shards = shards;
  }

  async listShards(): Promise<OpenShard[]> {
    return this.#shards;
  }

  async putRecords(entries: readonly Entry[], signal?: AbortSignal): Promise<PutRecordsResultEntry[]> {
    const puts = entries.map(({ data, first: { record } }) => ({ ...record, data }));
    this.requests.push({
      records: puts.length,
      bytes: puts.reduce((sum, put) => sum + put.data.length + Buffer.byteLength(put.partitionKey), 0),
      keys: puts.map(({ partitionKey }) => partitionKey),
    });
    this.#count(puts, 1);
    await new Promise((resolve) => setImmediate(resolve));
    this.#count(puts, -1);
    signal?.throwIfAborted();
    const fault = this.#faults.shift() ?? { kind: 'none' };
    if (fault.kind === 'throws') throw fault.error;
    const map = new ShardMap(this.#shards, 1);
    const results = puts.map((put, index): PutRecordsResultEntry => {
      if (fault.kind === 'some' && ((fault.bits >> (index % 31)) & 1) === 1) return { ErrorCode: fault.code };
      const shardId = map.shardOf(put);
      for (const record of decodeAggregated(put.data) ?? [put]) this.landed.push({ record, shardId });
      this.#sequence += 1;
      return { ShardId: shardId, SequenceNumber: `${this.#sequence}` };
    });
    if (fault.kind === 'timeout after success') throw named('TimeoutError');
    return results;
  }

  #count(puts: readonly ProducerRecord[], change: 1 | -1): void {
    for (const { partitionKey } of puts) {
      const count = (this.keysInFlight.get(partitionKey) ?? 0) + change;
      this.keysInFlight.set(partitionKey, count);
      this.mostPerKey = Math.max(this.mostPerKey, count);
    }
  }
}

/** Shards that part the hash keys evenly. */
export function evenShards(count: number, firstId = 0): OpenShard[] {
  return Array.from({ length: count }, (_, at) => ({
    shardId: `shardId-${`${firstId + at}`.padStart(12, '0')}`,
    startingHashKey: ((1n << 128n) / BigInt(count)) * BigInt(at),
  }));
}

/** An error as the SDK throws it; without a status where no answer came. */
export function named(name: string, httpStatusCode?: number): Error {
  return Object.assign(new Error(name), {
    name,
    ...(httpStatusCode === undefined ? {} : { $metadata: { httpStatusCode } }),
  });
}
