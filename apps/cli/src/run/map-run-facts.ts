import type { ObjectStore } from '@sluice/lake-storage';
import { embeddedZones } from '@sluice/lake-storage/zones';
import type { HistoryEvent, HistoryEventType, MapRun, MapRunCounts } from '@sluice/local-stepfunctions';
import type { BatchResults, MapRunRecord } from '../lake/map-run-record.ts';
import { joined, stripOf } from './batch-strip.ts';
import { type EndedBatch, type EndedBatches, readEndedBatches } from './ended-batches.ts';

/** Enough to see a pattern; the ResultWriter's files and the quarantine have all of them. */
const MAX_FAILURES = 12;

/** How often processing a batch failed in this execution, by the place of its first row. */
export type FailedAttempts = ReadonlyMap<number, number>;

/**
 * What is to be kept of a Map Run that has ended. Its batches are taken from the ResultWriter's files: after a redrive,
 * too, they have the answer of every child.
 */
export const mapRunFacts = async (
  store: ObjectStore,
  runId: string,
  mapRun: MapRun,
  attempts: FailedAttempts,
): Promise<MapRunRecord> => {
  const { mapRunArn, status, startDate, stopDate, redriveCount, redriveDate, itemCounts, executionCounts } =
    mapRun.describe();
  const { succeeded, failed, timedOut, aborted } = executionCounts;
  const ended = await readEndedBatches(store, runId, mapRunArn);
  // If not, they are left from an earlier end of the same Map Run.
  const isWhole = status !== 'ABORTED' && ended?.batches.length === succeeded + failed + timedOut + aborted;
  return {
    state: mapRun.stateName,
    mapRunArn,
    status,
    startedAt: startDate.toISOString(),
    endedAt: stopDate?.toISOString() ?? null,
    redriveCount,
    redrivenAt: redriveDate?.toISOString() ?? null,
    items: countsOf(itemCounts),
    executions: countsOf(executionCounts),
    results: isWhole ? resultsOf(ended, itemCounts.total, attempts) : null,
  };
};

/** The same of a Map Run that succeeded before this process went on with the execution; null if there was none. */
export const formerMapRunFacts = async (
  store: ObjectStore,
  runId: string,
  history: readonly HistoryEvent[],
): Promise<MapRunRecord | null> => {
  const last = (...types: readonly HistoryEventType[]) =>
    history.findLast(({ type }) => types.includes(type));
  const [entered, started, redriven, succeeded] = [
    last('MapStateEntered'),
    last('MapRunStarted'),
    last('MapRunRedriven'),
    last('MapRunSucceeded'),
  ];
  const mapRunArn = started?.mapRunStartedEventDetails?.mapRunArn;
  if (!entered?.stateEnteredEventDetails || !started || !succeeded || mapRunArn === undefined) return null;
  const ended = await readEndedBatches(store, runId, mapRunArn);
  if (!ended) return null;
  const items = endedCounts(ended, ({ rows }) => rows);
  return {
    state: entered.stateEnteredEventDetails.name,
    mapRunArn,
    status: 'SUCCEEDED',
    startedAt: started.timestamp.toISOString(),
    endedAt: succeeded.timestamp.toISOString(),
    redriveCount: redriven?.mapRunRedrivenEventDetails?.redriveCount ?? 0,
    redrivenAt: redriven?.timestamp.toISOString() ?? null,
    items,
    executions: endedCounts(ended, ({ batches }) => batches),
    results: resultsOf(ended, items.total, new Map()),
  };
};

/** As the Map Run counted them: within what is tolerated children may have failed. */
const endedCounts = (
  { batches }: EndedBatches,
  sizeOf: (cell: EndedBatch['cell']) => number,
): MapRunRecord['items'] => {
  const sum = (isCounted: (batch: EndedBatch) => boolean): number =>
    batches.filter(isCounted).reduce((total, { cell }) => total + sizeOf(cell), 0);
  const total = sum(() => true);
  const failed = sum(({ end }) => end === 'failed');
  const counts = { pending: 0, running: 0, timedOut: 0, aborted: 0, total, resultsWritten: total };
  return { ...counts, failed, succeeded: total - failed };
};

const countsOf = ({ failuresNotRedrivable: _, pendingRedrive: __, ...counts }: MapRunCounts) => counts;

const resultsOf = (
  { files, batches }: EndedBatches,
  itemCount: number,
  attempts: FailedAttempts,
): BatchResults => {
  const cells = batches.map(({ cell }) => cell);
  const usualRows = cells.reduce((most, { rows }) => Math.max(most, rows), 0);
  const strip = stripOf(cells, itemCount, usualRows);
  const { first: _, rows: __, batches: ___, ...rows } = joined(strip);
  const countOf = (wanted: EndedBatch['end']): number => batches.filter(({ end }) => end === wanted).length;
  return {
    bucket: embeddedZones.curated,
    files,
    batches: {
      processed: countOf('processed'),
      recordedAsFailed: countOf('recorded'),
      failed: countOf('failed'),
    },
    rows,
    strip,
    failures: batches
      .flatMap(({ cell: { first, rows: count }, end, error }) =>
        end === 'recorded' || end === 'failed'
          ? [{ first, rows: count, end, error, attempts: attempts.get(first) ?? null }]
          : [],
      )
      .slice(0, MAX_FAILURES),
  };
};
