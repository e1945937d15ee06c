import { Fifo } from './fifo.ts';
import type { ProducerRecord, RecordResult } from './record.ts';

/** Gives a record to the producer; a promise if it has to wait for room, which resolves once it is taken. */
export type Accept = (
  record: ProducerRecord,
  settle: (result: RecordResult) => void,
) => Promise<void> | undefined;

interface Slot {
  result: RecordResult | undefined;
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
  readonly #accept: Accept;
  readonly #window: number;
  readonly #slots = new Fifo<Slot>();
  readonly #readers = new Fifo<Reader>();
  #started = false;
  /** No further record is read. */
  #ended = false;
  #error: { readonly cause: unknown } | undefined;
  #resume: (() => void) | undefined;

  constructor(
    records: AsyncIterable<ProducerRecord> | Iterable<ProducerRecord>,
    accept: Accept,
    window: number,
  ) {
    this.#records = records;
    this.#accept = accept;
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
    const result = this.#slots.peek()?.result;
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
    while (this.#slots.length > 0) this.#slots.shift();
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
    const slot: Slot = { result: undefined };
    this.#slots.push(slot);
    const accepted = this.#accept(record, (result) => {
      slot.result = result;
      if (this.#readers.length > 0) this.#serve();
    });
    if (this.#slots.length < this.#window) return accepted;
    const room = new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    return accepted ? accepted.then(() => room) : room;
  }

  #serve(): void {
    while (this.#readers.length > 0) {
      const slot = this.#slots.peek();
      if (slot?.result) {
        this.#readers.shift()?.resolve({ done: false, value: slot.result });
        this.#shift();
      } else if (!slot && this.#ended) {
        const reader = this.#readers.shift();
        const error = this.#error;
        this.#error = undefined;
        if (error) reader?.reject(error.cause);
        else reader?.resolve(end);
      } else return;
    }
  }

  #shift(): void {
    this.#slots.shift();
    if (this.#resume && this.#slots.length < this.#window) {
      const resume = this.#resume;
      this.#resume = undefined;
      resume();
    }
  }
}
