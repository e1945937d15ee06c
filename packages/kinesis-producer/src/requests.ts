import type { PutRecordsResultEntry } from '@aws-sdk/client-kinesis';
import type { Meter } from './metrics.ts';
import type { Settings } from './options.ts';
import type { Pace } from './pace.ts';
import type { Entry, Pending } from './pending.ts';
import type { RecordResult } from './record.ts';
import { requestError } from './request-error.ts';
import type { Stream } from './stream.ts';

/** What becomes of entries after a request. */
export interface Outcomes {
  readonly settle: (pending: Pending, result: RecordResult) => void;
  /** No record of the entry is under way any more. */
  readonly finished: (entry: Entry) => void;
  readonly again: (entry: Entry, delayMs: number) => void;
  /** Records landed elsewhere than thought, or a shard throttles: who knows the shards? */
  readonly mapOutdated: () => void;
}

// As PutRecords names it in the results of records.
const throttledCode = 'ProvisionedThroughputExceededException';

/** One request at a time, and the answer to each of its records. Never throws. */
export class Requests {
  readonly #stream: Stream;
  readonly #settings: Settings;
  readonly #pace: Pace;
  readonly #meter: Meter;
  readonly #outcomes: Outcomes;
  readonly #shardsSeen = new Set<string>();

  constructor(stream: Stream, settings: Settings, pace: Pace, meter: Meter, outcomes: Outcomes) {
    this.#stream = stream;
    this.#settings = settings;
    this.#pace = pace;
    this.#meter = meter;
    this.#outcomes = outcomes;
  }

  async put(entries: readonly Entry[]): Promise<void> {
    for (const { members } of entries) {
      for (const pending of members) {
        if (pending.attempts > 0) this.#meter.retried += 1;
        pending.attempts += 1;
      }
    }
    await this.#send(entries);
  }

  async #send(entries: readonly Entry[]): Promise<void> {
    this.#meter.requests += 1;
    const sentAt = performance.now();
    let results: readonly PutRecordsResultEntry[];
    try {
      results = await this.#stream.putRecords(entries, this.#settings.signal);
    } catch (error) {
      await this.#failWhole(entries, error, sentAt);
      return;
    }
    this.#read(entries, results, sentAt);
  }

  #read(entries: readonly Entry[], results: readonly PutRecordsResultEntry[], sentAt: number): void {
    let misplaced = false;
    for (const [index, entry] of entries.entries()) {
      const { ShardId: shardId, SequenceNumber: sequenceNumber, ErrorCode } = results[index] ?? {};
      if (shardId === undefined || sequenceNumber === undefined) {
        const code = ErrorCode ?? 'IncompleteAnswer';
        this.#retry(entry, code, code === throttledCode, sentAt);
        continue;
      }
      this.#shardsSeen.add(shardId);
      if (entry.shard !== '' && entry.shard !== shardId) misplaced = true;
      let result = sent(shardId, sequenceNumber, entry.first.attempts);
      for (const pending of entry.members) {
        if (pending.attempts !== result.attempts) result = sent(shardId, sequenceNumber, pending.attempts);
        this.#outcomes.settle(pending, result);
      }
      this.#outcomes.finished(entry);
    }
    if (misplaced) this.#outcomes.mapOutdated();
  }

  async #failWhole(entries: readonly Entry[], error: unknown, sentAt: number): Promise<void> {
    const { kind, code } = requestError(error);
    if (this.#settings.signal?.aborted) for (const entry of entries) this.#giveUp(entry, 'Aborted');
    else if (kind === 'invalid' && entries.length > 1) {
      const half = entries.length >> 1;
      await this.#send(entries.slice(0, half));
      await this.#send(entries.slice(half));
    } else if (kind === 'invalid' || kind === 'fatal') {
      for (const entry of entries) this.#giveUp(entry, code);
    } else for (const entry of entries) this.#retry(entry, code, kind === 'throttled', sentAt);
  }

  #retry(entry: Entry, code: string, throttled: boolean, sentAt: number): void {
    const { maxAttempts, backoffBaseMs, backoffCapMs, random } = this.#settings;
    if (throttled) {
      this.#meter.throttled += entry.members.length;
      const shards = entry.shard === '' ? Math.max(1, this.#shardsSeen.size) : 1;
      this.#pace.throttled(entry.shard, sentAt, performance.now(), shards);
      if (entry.shard === '') this.#outcomes.mapOutdated();
    }
    for (const pending of entry.members) pending.lastError = code;
    for (const pending of entry.split(({ attempts }) => attempts >= maxAttempts)) {
      this.#outcomes.settle(pending, failed(pending, code));
    }
    if (entry.members.length === 0) this.#outcomes.finished(entry);
    else {
      const ceiling = Math.min(
        backoffCapMs,
        backoffBaseMs * 2 ** ((entry.members[0] ?? entry.first).attempts - 1),
      );
      this.#outcomes.again(entry, random() * ceiling);
    }
  }

  #giveUp(entry: Entry, code: string): void {
    for (const pending of entry.members) this.#outcomes.settle(pending, failed(pending, code));
    this.#outcomes.finished(entry);
  }
}

function sent(shardId: string, sequenceNumber: string, attempts: number) {
  return { outcome: 'sent', shardId, sequenceNumber, attempts } as const;
}

export function failed({ attempts }: Pending, errorCode: string): RecordResult {
  return { outcome: 'failed', errorCode, attempts };
}
