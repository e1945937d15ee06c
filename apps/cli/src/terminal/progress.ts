import { bytes, count, duration } from './figures.ts';
import { type LiveLine, liveLine } from './live-line.ts';
import type { Terminal } from './terminal.ts';

/** How far a piece of work has come. */
export interface Progress {
  readonly label: string;
  /** Between 0 and 1; null while nobody knows. */
  readonly fraction: number | null;
  /** Bytes of the whole. */
  readonly size: number;
  /** Rows of the whole; null while nobody knows. */
  readonly rows: number | null;
}

export interface ProgressLine extends LiveLine {
  readonly update: (progress: Progress) => void;
}

// A rate from less than this would be a guess: DuckDB's own figures come in leaps.
const SETTLED_MS = 500;
const SETTLED_FRACTION = 0.05;
/** Who works longer than this without a word is seen to be still at work. */
const LONG_MS = 1000;

/** A line that tells of pieces of work, one after another. */
export const progressLine = (terminal: Terminal, now: () => number): ProgressLine => {
  const line = liveLine(terminal, now);
  let label = '';
  let fraction = 0;
  let startedAt = 0;
  let startFraction = 0;
  return {
    ...line,
    update: (progress) => {
      const at = now();
      const reached = progress.fraction ?? 0;
      // Less than before: the engine reads the object once more.
      if (progress.label !== label || reached < fraction) {
        startedAt = at;
        startFraction = reached;
      }
      label = progress.label;
      fraction = reached;
      line.show(() => wordsOf(progress, reached - startFraction, at - startedAt));
    },
  };
};

/**
 * `TransformObject`, `45 %`, `450,000 of 1,000,000 rows`, `45.0 MB of 100.0 MB`, `52.1 MB/s`, `1.2 s left`; of work that
 * does not know how far it is: `UpdateDataCatalog …`, `1.4 s`
 */
const wordsOf = (
  { label, fraction, size, rows }: Progress,
  gained: number,
  milliseconds: number,
): readonly string[] => {
  if (fraction === null) {
    return milliseconds < LONG_MS ? [`${label} …`] : [`${label} …`, duration(milliseconds)];
  }
  const rate = milliseconds >= SETTLED_MS && gained >= SETTLED_FRACTION ? gained / milliseconds : null;
  return [
    label,
    `${Math.floor(fraction * 100)} %`,
    ...(rows === null ? [] : [`${count(Math.round(fraction * rows))} of ${count(rows)} rows`]),
    `${bytes(Math.round(fraction * size))} of ${bytes(size)}`,
    ...(rate === null
      ? []
      : [`${bytes(Math.round(rate * size * 1000))}/s`, `${duration((1 - fraction) / rate)} left`]),
  ];
};
