import type { RecordResult } from './record.ts';

/** Counts since the producer was made, but for what says otherwise. */
export interface ProducerMetrics {
  readonly sent: number;
  readonly refused: number;
  readonly failed: number;
  /** Tries of a record after its first. */
  readonly retried: number;
  /** Tries of a record that Kinesis throttled. */
  readonly throttled: number;
  readonly requests: number;
  /** Data and partition keys of the records sent. */
  readonly bytes: number;
  /** Records and bytes whose fate is open now. */
  readonly inFlight: number;
  readonly inFlightBytes: number;
  /** Records sent per second since the last call. */
  readonly rate: number;
  /** The shards that throttled lately: which part of a shard's rate (1,000 records/s and 1 MiB/s) each is given now. */
  readonly shares: Readonly<Record<string, number>>;
}

/** Counts, and reports them at an interval while there is something to report. */
export class Meter {
  sent = 0;
  refused = 0;
  failed = 0;
  retried = 0;
  throttled = 0;
  requests = 0;
  bytes = 0;
  inFlight = 0;
  inFlightBytes = 0;
  readonly #report: ((metrics: ProducerMetrics) => void) | undefined;
  readonly #shares: () => Record<string, number>;
  readonly #timer: NodeJS.Timeout | undefined;
  #reported = { at: performance.now(), sent: 0 };

  constructor(
    report: ((metrics: ProducerMetrics) => void) | undefined,
    intervalMs: number,
    shares: () => Record<string, number>,
  ) {
    this.#report = report;
    this.#shares = shares;
    if (!report) return;
    this.#timer = setInterval(() => {
      if (this.inFlight > 0 || this.sent !== this.#reported.sent) this.report();
    }, intervalMs);
    this.#timer.unref();
  }

  settled(bytes: number, outcome: RecordResult['outcome']): void {
    this[outcome] += 1;
    if (outcome === 'sent') this.bytes += bytes;
    this.inFlight -= 1;
    this.inFlightBytes -= bytes;
  }

  report(): void {
    if (!this.#report) return;
    const now = performance.now();
    const seconds = (now - this.#reported.at) / 1000;
    const { sent, refused, failed, retried, throttled, requests, bytes, inFlight, inFlightBytes } = this;
    const rate = seconds > 0 ? (sent - this.#reported.sent) / seconds : 0;
    this.#reported = { at: now, sent };
    const counts = { sent, refused, failed, retried, throttled, requests, bytes, inFlight, inFlightBytes };
    this.#report({ ...counts, rate, shares: this.#shares() });
  }

  close(): void {
    clearInterval(this.#timer);
    this.report();
  }
}
