import type { BatchFailure, MapRunRecord } from '../lake/map-run-record.ts';
import { count, duration, plural } from './figures.ts';
import { printable } from './printable.ts';
import type { Paint } from './terminal.ts';

/** As many as tell whether one thing is wrong or several; the report has more. */
const SHOWN_FAILURES = 5;

/** `rows 501–1,000`, from 1, as the run's notifications count them */
export const rowRange = ({ first, rows }: { readonly first: number; readonly rows: number }): string =>
  rows === 1 ? `row ${count(first + 1)}` : `rows ${count(first + 1)}–${count(first + rows)}`;

/** How many batches ended how, in words; those without any are left out. */
export const batchCounts = ({ executions, results }: MapRunRecord): readonly string[] => {
  const { failed, timedOut, aborted, pending } = executions;
  const recorded = results?.batches.recordedAsFailed ?? 0;
  const figures: readonly (readonly [number, string])[] = [
    [executions.succeeded - recorded, 'processed'],
    [recorded, 'recorded as failed'],
    [failed + timedOut, 'failed'],
    [aborted, 'stopped'],
    [pending, 'not started'],
  ];
  return figures.flatMap(([batches, what]) => (batches > 0 ? [`${count(batches)} ${what}`] : []));
};

/** `10,000 batches · 9,988 processed · 12 recorded as failed · 3.2 s`, and the first that failed. */
export const mapRunLines = (mapRun: MapRunRecord, { good, warn, dim }: Paint): string[] => {
  const { status, executions, results, startedAt, endedAt, redrivenAt } = mapRun;
  const took = endedAt === null ? [] : [duration(Date.parse(endedAt) - Date.parse(redrivenAt ?? startedAt))];
  const isClean = executions.succeeded === executions.total && !results?.batches.recordedAsFailed;
  // How many there would have been is not known if the reader was stopped, too.
  const all = `${plural(executions.total, 'batch', 'batches')}${status === 'ABORTED' ? ' so far' : ''}`;
  const head = [all, ...batchCounts(mapRun), ...took].join(' · ');
  const failures = results?.failures.slice(0, SHOWN_FAILURES) ?? [];
  const others = results ? results.batches.recordedAsFailed + results.batches.failed - failures.length : 0;
  return [
    isClean ? good(head) : warn(head),
    ...failures.map(failureLine),
    ...(others > 0 ? [dim(`and ${plural(others, 'more batch', 'more batches')}`)] : []),
  ];
};

const failureLine = ({ error, attempts, end, ...batch }: BatchFailure): string =>
  [
    rowRange(batch),
    end === 'recorded' ? 'in quarantine' : 'failed',
    printable(error ?? 'for an unknown reason'),
    ...(attempts === null ? [] : [plural(attempts, 'attempt')]),
  ].join('  ');
