import { type ProducerRecord, type RecordResult, recordBytes } from './record.ts';

/** The records that one call of `flush` waits for. */
export interface FlushRound {
  outstanding: number;
  /** Once a flush waits for them. */
  done?: Promise<void>;
  resolve?: () => void;
}

/** What is put into the stream as one Kinesis record: a record by itself, or an aggregate. */
export interface Entry {
  readonly data: Uint8Array;
  /** The first record's leads to the shard, and stands for all where order counts. */
  readonly first: Pending;
  readonly members: readonly Pending[];
  /** Data and partition key, as Kinesis counts them; of an aggregate at most that. */
  readonly bytes: number;
  /** Where it should land, and by which map; '' if that is not known. */
  shard: string;
  mapVersion: number;
  /** Parts from those of its records for which this holds, and keeps the others; it may be left with none. */
  split(leaves: (pending: Pending) => boolean): readonly Pending[];
}

/** A record on its way. There are so many of them that each is one object, which is its own entry if it goes alone. */
export class Pending implements Entry {
  readonly record: ProducerRecord;
  readonly bytes: number;
  readonly round: FlushRound;
  /** In ms of `performance.now()`. */
  acceptedAt = 0;
  attempts = 0;
  lastError: string | undefined = undefined;
  result: RecordResult | undefined = undefined;
  shard = '';
  mapVersion = 0;
  readonly #settled: (pending: Pending) => void;

  constructor(record: ProducerRecord, round: FlushRound, settled: (pending: Pending) => void) {
    this.record = record;
    this.bytes = recordBytes(record);
    this.round = round;
    this.#settled = settled;
  }

  settle(result: RecordResult): void {
    this.result = result;
    this.#settled(this);
  }

  get data(): Uint8Array {
    return this.record.data;
  }

  get first(): Pending {
    return this;
  }

  get members(): readonly Pending[] {
    return this.result ? [] : [this];
  }

  split(leaves: (pending: Pending) => boolean): readonly Pending[] {
    return this.members.filter(leaves);
  }
}
