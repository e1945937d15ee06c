import { Fifo } from './fifo.ts';
import type { Pending } from './pending.ts';
import type { ProducerRecord, RecordResult } from './record.ts';

export interface Intake {
  readonly pendingOf: (record: ProducerRecord, settled: () => void) => Pending;
  /** A promise if the record has to wait for room, which resolves once it is taken. */
  readonly accept: (pending: Pending) => Promise<void> | undefined;
}

interface Reader {
  readonly resolve: (result: IteratorResult<RecordResult, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const end = { done: true, value: undefined } as const;

/**
 * Reads records while fewer than `window` results wait to be read, and gives the results in the order of the records.
 * By hand, since an async generator costs several times as much per record.
 */
export class ResultsInOrder implements AsyncIterableIterator<RecordResult> {
  readonly #records: AsyncIterable<ProducerRecord> | Iterable<ProducerRecord>;
  readonly #intake: Intake;
  readonly #window: number;
  readonly #pending = new Fifo<Pending>();
  readonly #readers = new Fifo<Reader>();
  #started = false;
  /** No further record is read. */
  #ended = false;
  #error: { readonly cause: unknown } | undefined;
  #resume: (() => void) | undefined;

  constructor(
    records: AsyncIterable<ProducerRecord> | Iterable<ProducerRecord>,
    intake: Intake,
    window: number,
  ) {
    this.#records = records;
    this.#intake = intake;
    this.#window = window;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<RecordResult, undefined>> {
    if (!this.#started) {
      this.#started = true;
      void this.#readAll();
    }
    const result = this.#pending.peek()?.result;
    if (result && this.#readers.length === 0) {
      this.#shift();
      return Promise.resolve({ done: false, value: result });
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#serve();
    });
  }

  /** The consumer reads no further: neither does the producer. */
  async return(): Promise<IteratorResult<RecordResult, undefined>> {
    this.#started = true;
    this.#ended = true;
    this.#resume?.();
    for (let reader = this.#readers.shift(); reader; reader = this.#readers.shift()) reader.resolve(end);
    while (this.#pending.length > 0) this.#pending.shift();
    return end;
  }

  async #readAll(): Promise<void> {
    try {
      if (Symbol.asyncIterator in this.#records) {
        for await (const record of this.#records) {
          if (this.#ended) return;
          const wait = this.#take(record);
          if (wait) await wait;
          if (this.#ended) return;
        }
      } else {
        for (const record of this.#records) {
          const wait = this.#take(record);
          if (wait) await wait;
          if (this.#ended) return;
        }
      }
    } catch (cause) {
      this.#error = { cause };
    } finally {
      this.#ended = true;
      this.#serve();
    }
  }

  #take(record: ProducerRecord): Promise<void> | undefined {
    const pending = this.#intake.pendingOf(record, this.#settled);
    this.#pending.push(pending);
    const taken = this.#intake.accept(pending);
    if (this.#pending.length < this.#window) return taken;
    const room = new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    return taken ? taken.then(() => room) : room;
  }

  readonly #settled = (): void => {
    if (this.#readers.length > 0) this.#serve();
  };

  #serve(): void {
    while (this.#readers.length > 0) {
      const first = this.#pending.peek();
      if (first?.result) {
        this.#readers.shift()?.resolve({ done: false, value: first.result });
        this.#shift();
      } else if (!first && this.#ended) {
        const reader = this.#readers.shift();
        const error = this.#error;
        this.#error = undefined;
        if (error) reader?.reject(error.cause);
        else reader?.resolve(end);
      } else return;
    }
  }

  #shift(): void {
    this.#pending.shift();
    // Not for one record at a time: waiting costs more than the record.
    if (this.#resume && this.#pending.length <= this.#window * 0.75) {
      const resume = this.#resume;
      this.#resume = undefined;
      resume();
    }
  }
}
