import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FATES, type StripCell } from '../src/lake/map-run-record.ts';
import { emptyCell, joined, stripOf } from '../src/run/batch-strip.ts';
import { formerMapRunFacts } from '../src/run/map-run-facts.ts';
import { type Luck, ROWS_IN_BATCH, runBatches } from './csv-map-runs.ts';

const facts = async (count: number, luckOf: (batch: number) => Luck) =>
  (await runBatches({ runId: 'orders-1', count, luckOf })).mapRun;

describe('what is kept of a Map Run', () => {
  test('has its batches in the order of the object, by what became of their rows', async () => {
    const { status, results, items, executions } = await facts(3, (batch) =>
      batch === 1 ? 'recorded' : 'processed',
    );
    expect(status).toBe('SUCCEEDED');
    expect([items.succeeded, executions.succeeded]).toEqual([15, 3]);
    expect(results?.batches).toEqual({ processed: 2, recordedAsFailed: 1, failed: 0 });
    expect(results?.strip).toEqual([
      { ...emptyCell(0, 5), batches: 1, accepted: 4, quarantined: 1 },
      { ...emptyCell(5, 5), batches: 1, notProcessed: 5 },
      { ...emptyCell(10, 5), batches: 1, accepted: 4, quarantined: 1 },
    ]);
  });

  test('names a failed batch by its rows, its error and the attempts at it, and nothing of its rows', async () => {
    const mapRun = await facts(3, (batch) => (batch === 1 ? 'recorded' : 'retried'));
    expect(mapRun.results?.failures).toEqual([
      { first: 5, rows: 5, end: 'recorded', error: 'Runtime.ExitError', attempts: 3 },
    ]);
    expect(JSON.stringify(mapRun)).not.toMatch(/ORD-|with a cause/);
  });

  test('keeps the first failed batches and the number of all', async () => {
    const { results } = await facts(20, () => 'recorded');
    expect(results?.batches.recordedAsFailed).toBe(20);
    expect(results?.failures.map(({ first }) => first / ROWS_IN_BATCH)).toEqual([...Array(12).keys()]);
  });

  test('takes what a failed run never started from what the others leave over', async () => {
    const { status, results, executions } = await facts(5, (batch) => (batch === 2 ? 'failed' : 'processed'));
    expect([status, executions.pending]).toEqual(['FAILED', 2]);
    expect(results?.rows).toEqual({
      accepted: 8,
      filtered: 0,
      quarantined: 2,
      unfinished: 10,
      notProcessed: 5,
    });
    expect(results?.failures).toMatchObject([{ first: 10, end: 'failed', error: 'NoQueue' }]);
    expect(results?.files.map((file) => file.status)).toEqual(['SUCCEEDED', 'FAILED', 'PENDING']);
  });

  test('has no results of a run that was stopped, whose files are not complete', async () => {
    const { status, results } = await facts(5, (batch) => (batch === 2 ? 'stopped' : 'processed'));
    expect([status, results]).toEqual(['ABORTED', null]);
  });
});

describe('what is kept of a Map Run that an earlier process brought to its end', () => {
  test('is the same, but for the attempts, which nobody has counted', async () => {
    const { history, store, mapRun } = await runBatches({
      runId: 'orders-1',
      count: 4,
      luckOf: (batch) => (batch === 1 ? 'recorded' : 'processed'),
    });
    const failures = mapRun.results?.failures.map((failure) => ({ ...failure, attempts: null }));
    expect(failures).toHaveLength(1);
    expect(await formerMapRunFacts(store, 'orders-1', history)).toEqual({
      ...mapRun,
      results: { ...mapRun.results, failures },
    });
  });

  test('is nothing if it did not succeed', async () => {
    const { history, store } = await runBatches({ runId: 'orders-1', count: 4, luckOf: () => 'failed' });
    expect(await formerMapRunFacts(store, 'orders-1', history)).toBeNull();
  });
});

describe('the strip', () => {
  /** Batches of any size and fates, with gaps where batches did not finish. */
  const objects = fc
    .array(
      fc.record({
        gap: fc.nat({ max: 30 }),
        accepted: fc.nat({ max: 50 }),
        filtered: fc.nat({ max: 50 }),
        quarantined: fc.nat({ max: 50 }),
        notProcessed: fc.nat({ max: 5 }),
      }),
      { maxLength: 60 },
    )
    .map((all) => {
      let place = 0;
      const batches: StripCell[] = [];
      for (const { gap, ...fates } of all) {
        const rows = Object.values(fates).reduce((sum, fate) => sum + fate, 0);
        place += gap;
        if (rows > 0) batches.push({ ...emptyCell(place, rows), ...fates, batches: 1 });
        place += rows;
      }
      return { batches, itemCount: place + (all[0]?.gap ?? 0) };
    });

  test('has every row and every batch once, in order, in no more cells than may be', () => {
    fc.assert(
      fc.property(
        objects,
        fc.nat({ max: 40 }),
        fc.integer({ min: 1, max: 25 }),
        (object, usual, maxCells) => {
          const { batches, itemCount } = object;
          const strip = stripOf(batches, itemCount, usual, maxCells);
          expect(strip.length).toBeLessThanOrEqual(maxCells);
          let place = 0;
          for (const cell of strip) {
            expect(cell.first).toBe(place);
            expect(FATES.reduce((sum, fate) => sum + cell[fate], 0)).toBe(cell.rows);
            place += cell.rows;
          }
          expect(place).toBe(itemCount);
          const { first: _, rows, unfinished, ...known } = joined(batches);
          expect(joined(strip)).toEqual({
            ...known,
            first: 0,
            rows: itemCount,
            unfinished: itemCount - rows,
          });
          expect(unfinished).toBe(0);
        },
      ),
    );
  });

  test('has a cell for each batch while there is room', () => {
    const batches = [0, 1, 2].map((at) => ({ ...emptyCell(at * 5, 5), batches: 1, accepted: 5 }));
    expect(stripOf(batches, 15, 5, 3)).toEqual(batches);
  });
});
