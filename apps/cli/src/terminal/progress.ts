import { bytes, count, duration } from './figures.ts';
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

export interface ProgressLine {
  readonly update: (progress: Progress) => void;
  /** Removes the line, so that something lasting can be written in its place. */
  readonly clear: () => void;
}

const LIVE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5000;
// A rate from less than this would be a guess: DuckDB's own figures come in leaps.
const SETTLED_MS = 500;
const SETTLED_FRACTION = 0.05;
const CLEAR_LINE = '\r\u001b[2K';

/** One line that is rewritten on a terminal; elsewhere, a line every few seconds. */
export const progressLine = ({ err, live, width, paint }: Terminal, now: () => number): ProgressLine => {
  let shownAt = live ? 0 : now();
  let isShown = false;
  let label = '';
  let fraction = 0;
  let startedAt = 0;
  let startFraction = 0;
  return {
    update: (progress) => {
      const at = now();
      // Less than before: the engine reads the object once more.
      const reached = progress.fraction ?? 0;
      if (progress.label !== label || reached < fraction) {
        startedAt = at;
        startFraction = reached;
      }
      label = progress.label;
      fraction = reached;
      if (at - shownAt < (live ? LIVE_EVERY_MS : PLAIN_EVERY_MS)) return;
      shownAt = at;
      const text = wordsOf(progress, reached - startFraction, at - startedAt);
      if (!live) return err(`  ${text}\n`);
      isShown = true;
      err(`${CLEAR_LINE}${paint.dim(`  ${text}`.slice(0, width - 1))}`);
    },
    clear: () => {
      if (isShown) err(CLEAR_LINE);
      isShown = false;
    },
  };
};

/** `TransformObject  45 %  450,000 of 1,000,000 rows  45.0 MB of 100.0 MB  52.1 MB/s  1.2 s left` */
const wordsOf = ({ label, fraction, size, rows }: Progress, gained: number, milliseconds: number): string => {
  if (fraction === null) return `${label} …`;
  const rate = milliseconds >= SETTLED_MS && gained >= SETTLED_FRACTION ? gained / milliseconds : null;
  return [
    label,
    `${Math.floor(fraction * 100)} %`,
    ...(rows === null ? [] : [`${count(Math.round(fraction * rows))} of ${count(rows)} rows`]),
    `${bytes(Math.round(fraction * size))} of ${bytes(size)}`,
    ...(rate === null
      ? []
      : [`${bytes(Math.round(rate * size * 1000))}/s`, `${duration((1 - fraction) / rate)} left`]),
  ].join('  ');
};
