import type { MapRunDescription } from '@sluice/local-stepfunctions';
import { count, duration, plural } from './figures.ts';

/** How far a Map Run has come. */
export interface MapRunProgress extends Pick<MapRunDescription, 'itemCounts' | 'executionCounts'> {
  readonly label: string;
  /** Bytes of the object, and those that its reader has read. */
  readonly size: number;
  readonly bytesRead: number;
  /** Batches that failed for good and whose children did not: their rows were recorded. */
  readonly failedBatches: number;
}

/** A rate is that of the last this many milliseconds, or up to twice as many: the work may get slower or faster. */
const WINDOW_MS = 5000;
// A rate from less than this would be a guess.
const SETTLED_MS = 1000;

interface Mark {
  readonly at: number;
  readonly items: number;
}

/** Takes samples of a Map Run, and gives the words for each, the most important first. */
export const mapRunMeter = (now: () => number): ((progress: MapRunProgress) => readonly string[]) => {
  let marks: readonly [older: Mark, newer: Mark] | null = null;
  return (progress) => {
    const here = { at: now(), items: doneOf(progress.itemCounts) };
    // Before the first sample nothing was done here: what a redrive finds done costs it no time.
    marks ??= [here, here];
    if (here.at - marks[1].at >= WINDOW_MS) marks = [marks[1], here];
    const since = marks[0];
    const time = here.at - since.at;
    return wordsOf(progress, here.items, time < SETTLED_MS ? null : (here.items - since.items) / time);
  };
};

const doneOf = ({
  succeeded,
  failed,
  timedOut,
  aborted,
}: MapRunDescription['itemCounts' | 'executionCounts']): number => succeeded + failed + timedOut + aborted;

/**
 * `ProcessCsvRows`, `45 %`, `450,000 of ~1,000,000 rows`, `12 batches failed`, `62,100 rows/s`, `8.9 s left`,
 * `900 batches done`, `8 running`
 */
const wordsOf = (
  { label, itemCounts, executionCounts, size, bytesRead, failedBatches }: MapRunProgress,
  done: number,
  rate: number | null,
): readonly string[] => {
  const isRead = bytesRead >= size;
  // The reader is ahead of the children by a little only, and rows are about as long here as there.
  const expected = isRead || bytesRead === 0 ? itemCounts.total : (itemCounts.total / bytesRead) * size;
  const failed = executionCounts.failed + executionCounts.timedOut + failedBatches;
  if (expected === 0) return [`${label} …`];
  return [
    label,
    `${Math.floor((done / expected) * 100)} %`,
    isRead
      ? `${count(done)} of ${plural(expected, 'row')}`
      : `${count(done)} of ~${count(Math.max(itemCounts.total, Number(expected.toPrecision(2))))} rows`,
    ...(failed === 0 ? [] : [`${plural(failed, 'batch', 'batches')} failed`]),
    ...(rate === null || rate === 0
      ? []
      : [
          `${count(Number((rate * 1000).toPrecision(3)))} rows/s`,
          `${duration(Math.max(0, expected - done) / rate)} left`,
        ]),
    `${plural(doneOf(executionCounts), 'batch', 'batches')} done`,
    `${count(executionCounts.running)} running`,
  ];
};
