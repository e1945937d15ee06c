import { Dispatcher } from './dispatcher.ts';
import { Fifo } from './fifo.ts';
import { Meter } from './metrics.ts';
import { type ProducerOptions, type Settings, settingsOf } from './options.ts';
import { Pace } from './pace.ts';
import { type FlushRound, Pending } from './pending.ts';
import { type ProducerRecord, type RecordResult, refusalOf } from './record.ts';
import { failed } from './requests.ts';
import { ResultsInOrder } from './results-in-order.ts';
import { kinesisStream, type Stream } from './stream.ts';

export interface Producer {
  /** Resolves when the record's fate is known. Never rejects. */
  send(record: ProducerRecord): Promise<RecordResult>;
  /**
   * A result per record, in the order of the input, which is read no faster than records are sent and results are read.
   * An error of the input comes after the results of what it gave; records taken are sent even if nobody reads on.
   */
  sendAll(
    records: AsyncIterable<ProducerRecord> | Iterable<ProducerRecord>,
  ): AsyncIterableIterator<RecordResult>;
  /** Resolves when the fate of every record given so far is known. */
  flush(): Promise<void>;
  /** Flushes, and refuses what is given from now on. */
  close(): Promise<void>;
}

export function createProducer({ client, streamName, ...options }: ProducerOptions): Producer {
  return createProducerOf(kinesisStream(client, streamName), options);
}

/** The same over what a test puts in the place of Kinesis. */
export function createProducerOf(
  stream: Stream,
  options: Omit<ProducerOptions, 'client' | 'streamName'>,
  pace = new Pace(),
): Producer {
  return new KinesisProducer(stream, options, pace);
}

interface Waiter {
  readonly pending: Pending;
  readonly taken: () => void;
}

class KinesisProducer implements Producer {
  readonly #settings: Settings;
  readonly #meter: Meter;
  readonly #dispatcher: Dispatcher;
  readonly #waiters = new Fifo<Waiter>();
  /** The flushes under way, and the records since the last one. */
  readonly #rounds = new Set<FlushRound>();
  #round: FlushRound = { outstanding: 0 };
  #admitting = false;
  #turn: number | undefined;
  #closing: Promise<void> | undefined;

  constructor(stream: Stream, options: Omit<ProducerOptions, 'client' | 'streamName'>, pace: Pace) {
    this.#settings = settingsOf(options);
    const { onMetrics, metricsIntervalMs, signal } = this.#settings;
    this.#meter = new Meter(onMetrics, metricsIntervalMs, () => pace.shares());
    this.#dispatcher = new Dispatcher(stream, this.#settings, pace, this.#meter, this.#settle);
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  send(record: ProducerRecord): Promise<RecordResult> {
    return new Promise((resolve) => {
      void this.#accept(new Pending(record, this.#round, ({ result }) => result && resolve(result)));
    });
  }

  sendAll(
    records: AsyncIterable<ProducerRecord> | Iterable<ProducerRecord>,
  ): AsyncIterableIterator<RecordResult> {
    const pendingOf = (record: ProducerRecord, settled: () => void) =>
      new Pending(record, this.#round, settled);
    const intake = { pendingOf, accept: this.#accept };
    return new ResultsInOrder(records, intake, this.#settings.maxBufferedRecords);
  }

  async flush(): Promise<void> {
    const round = this.#round;
    if (round.outstanding > 0) {
      this.#round = { outstanding: 0 };
      this.#rounds.add(round);
      round.done = new Promise((resolve) => {
        round.resolve = resolve;
      });
      this.#dispatcher.urgent = true;
    }
    await Promise.all([...this.#rounds].map(({ done }) => done));
  }

  close(): Promise<void> {
    this.#closing ??= this.flush().then(() => {
      this.#settings.signal?.removeEventListener('abort', this.#abort);
      this.#dispatcher.close();
      this.#meter.close();
    });
    return this.#closing;
  }

  /** A promise if there is no room, which resolves once the record is taken. */
  readonly #accept = (pending: Pending): Promise<void> | undefined => {
    const { record, bytes } = pending;
    const reason = this.#closing ? 'closed' : refusalOf(record, bytes, this.#settings.maxRecordBytes);
    if (reason) {
      this.#meter.refused += 1;
      pending.settle({ outcome: 'refused', reason });
      return undefined;
    }
    pending.round.outstanding += 1;
    if (this.#waiters.length === 0 && this.#hasRoom(bytes)) {
      this.#take(pending);
      return undefined;
    }
    return new Promise((taken) => this.#waiters.push({ pending, taken }));
  };

  /** A record larger than the whole buffer goes when nothing else is under way. */
  #hasRoom(bytes: number): boolean {
    const { inFlight, inFlightBytes } = this.#meter;
    const { maxBufferedRecords, maxBufferedBytes } = this.#settings;
    return inFlight === 0 || (inFlight < maxBufferedRecords && inFlightBytes + bytes <= maxBufferedBytes);
  }

  #take(pending: Pending): void {
    this.#meter.inFlight += 1;
    this.#meter.inFlightBytes += pending.bytes;
    pending.acceptedAt = this.#now();
    if (this.#settings.signal?.aborted) this.#settle(pending, failed(pending, 'Aborted'));
    else this.#dispatcher.add(pending);
  }

  /** Of many records that are taken in one turn, the first one's time is that of all. */
  #now(): number {
    if (this.#turn === undefined) {
      this.#turn = performance.now();
      queueMicrotask(() => {
        this.#turn = undefined;
      });
    }
    return this.#turn;
  }

  readonly #settle = (pending: Pending, result: RecordResult): void => {
    this.#meter.settled(pending.bytes, result.outcome);
    pending.settle(result);
    const { round } = pending;
    round.outstanding -= 1;
    if (round.outstanding === 0 && round.resolve) {
      round.resolve();
      this.#rounds.delete(round);
      if (this.#rounds.size === 0) this.#dispatcher.urgent = false;
    }
    this.#admit();
  };

  #admit(): void {
    // What is taken may be settled at once, after an abort.
    if (this.#admitting) return;
    this.#admitting = true;
    for (let next = this.#waiters.peek(); next; next = this.#waiters.peek()) {
      if (!this.#hasRoom(next.pending.bytes)) break;
      this.#waiters.shift();
      this.#take(next.pending);
      next.taken();
    }
    this.#admitting = false;
  }

  readonly #abort = (): void => {
    this.#dispatcher.abort();
    this.#admit();
  };
}
