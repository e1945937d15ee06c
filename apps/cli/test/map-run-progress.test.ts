import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { MapRun, MapRunCounts, MapRunDescription } from '@sluice/local-stepfunctions';
import { type MapRunProgress, mapRunMeter } from '../src/terminal/map-run-progress.ts';
import { mapRunLines } from '../src/terminal/map-run-summary.ts';
import type { Paint, Terminal } from '../src/terminal/terminal.ts';
import { watchRun } from '../src/terminal/watch-run.ts';
import { runBatches } from './csv-map-runs.ts';

const asIs = (text: string): string => text;
const plain: Paint = { bold: asIs, dim: asIs, good: asIs, warn: asIs, bad: asIs };

const counts = (some: Partial<MapRunCounts>): MapRunCounts => ({
  pending: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  aborted: 0,
  total: 0,
  resultsWritten: 0,
  failuresNotRedrivable: 0,
  pendingRedrive: 0,
  ...some,
});

/** Batches of 500 rows, of which `done` have ended; the reader is some rows ahead. */
const describing = (
  done: number,
  read: number,
): Pick<MapRunDescription, 'itemCounts' | 'executionCounts'> => ({
  itemCounts: counts({ succeeded: done * 500, total: read }),
  executionCounts: counts({ succeeded: done, running: 8, total: done + 8 }),
});

const sample = (done: number, read: number, some: Partial<MapRunProgress> = {}): MapRunProgress => ({
  ...describing(done, read),
  label: 'ProcessCsvRows',
  size: 100_000_000,
  bytesRead: read * 100,
  failedBatches: 0,
  ...some,
});

describe('the words for a Map Run', () => {
  test('guess how many rows there are from the bytes while its reader is on its way', () => {
    const words = mapRunMeter(() => 0);
    expect(words(sample(200, 124_000, { bytesRead: 12_500_000 }))).toEqual([
      'ProcessCsvRows',
      '10 %',
      '100,000 of ~990,000 rows',
      '200 batches done',
      '8 running',
    ]);
  });

  test('know how many rows there are when all of it is read', () => {
    const words = mapRunMeter(() => 0);
    expect(words(sample(1000, 1_000_000))).toContain('500,000 of 1,000,000 rows');
  });

  test('have the rate of the last seconds and what it makes of the rest', () => {
    let now = 0;
    const words = mapRunMeter(() => now);
    // A redrive: half of it was done before. It is slow at first.
    for (let second = 0; second <= 10; second += 1, now += 1000) words(sample(1000 + second, 1_000_000));
    for (let second = 0; second <= 20; second += 1, now += 1000) words(sample(1020 + 20 * second, 1_000_000));
    now -= 1000;
    expect(words(sample(1420, 1_000_000))).toEqual(expect.arrayContaining(['10,000 rows/s', '29.0 s left']));
  });

  test('count a batch as failed whether its child failed or its rows were recorded', () => {
    const words = mapRunMeter(() => 0);
    const { itemCounts } = describing(10, 1_000_000);
    const executionCounts = counts({ succeeded: 8, failed: 1, timedOut: 1, total: 10 });
    expect(words(sample(10, 1_000_000, { itemCounts, executionCounts, failedBatches: 3 }))).toContain(
      '5 batches failed',
    );
  });
});

describe('a watched run', () => {
  let said: string[];
  beforeEach(() => {
    said = [];
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const terminalOf = (live: boolean): Terminal => ({
    out: () => undefined,
    write: async () => undefined,
    err: (text) => said.push(text),
    paint: plain,
    live,
    width: 120,
    signal: new AbortController().signal,
    env: {},
  });

  /** A Map Run that takes ten seconds for 200 batches, and counts how often it is looked at. */
  const tenSeconds = () => {
    const started = Date.now();
    const looked = { times: 0 };
    const mapRun: MapRun = {
      mapRunArn: '',
      stateName: 'ProcessCsvRows',
      update: () => undefined,
      describe: () => {
        looked.times += 1;
        const done = Math.min(200, Math.floor((Date.now() - started) / 50));
        // As much of a description as is looked at.
        return { ...describing(done, 100_000), redriveCount: 0 } as MapRunDescription;
      },
    };
    return { mapRun, looked };
  };
  const letter = (at: number) => ({
    runId: 'orders-1',
    dataset: 'orders',
    object: { bucket: 'raw', key: 'a.csv' },
    rows: { from: at * 500 + 1, to: at * 500 + 500 },
    error: 'OutOfLuck',
  });

  test('is looked at ten times a second on a terminal, and leaves nothing on its line', () => {
    const watcher = watchRun(terminalOf(true));
    const { mapRun, looked } = tenSeconds();
    watcher.mapRun(mapRun, () => 0);
    jest.advanceTimersByTime(5000);
    expect(looked.times).toBeLessThanOrEqual(51);
    expect(said.at(-1)).toBe(
      '\r\u001b[2K  ProcessCsvRows  50 %  50,000 of 100,000 rows  10,000 rows/s  5.0 s left  100 batches done  8 running',
    );
    watcher.done();
    expect(said.at(-1)).toBe('\r\u001b[2K');
    const lines = said.length;
    jest.advanceTimersByTime(5000);
    expect(said).toHaveLength(lines);
  });

  test('is a plain line every few seconds elsewhere', () => {
    const watcher = watchRun(terminalOf(false));
    const { mapRun, looked } = tenSeconds();
    watcher.mapRun(mapRun, () => 0);
    jest.advanceTimersByTime(10_100);
    watcher.done();
    expect(looked.times).toBe(2);
    expect(said).toEqual([
      '  ProcessCsvRows  50 %  50,000 of 100,000 rows  100 batches done  8 running\n',
      '  ProcessCsvRows  100 %  100,000 of 100,000 rows  10,000 rows/s  0 ms left  200 batches done  8 running\n',
    ]);
  });

  test('tells of the first batches that fail, and counts the others', () => {
    const watcher = watchRun(terminalOf(false));
    for (let at = 0; at < 1000; at += 1) watcher.batchFailed(letter(at));
    watcher.done();
    expect(said).toHaveLength(6);
    expect(said[1]).toBe('  notification  Batch failed: rows 501 to 1,000 go to quarantine. OutOfLuck\n');
    expect(said[5]).toContain('Further batches that fail are counted.');
  });

  test('shows how much of what was staged is cleared away', () => {
    const watcher = watchRun(terminalOf(true));
    watcher.event({
      id: 1,
      previousEventId: 0,
      timestamp: new Date(),
      type: 'TaskStateEntered',
      stateEnteredEventDetails: {
        name: 'UpdateDataCatalog',
        input: '{}',
        inputDetails: { truncated: false },
      },
    });
    jest.advanceTimersByTime(200);
    watcher.clearing(1000, 20_003);
    jest.advanceTimersByTime(200);
    watcher.done();
    expect(said.at(-2)).toBe('\r\u001b[2K  UpdateDataCatalog  1,000 of 20,003 staged objects cleared away');
  });

  test('that is redriven shows the state where it goes on', () => {
    const watcher = watchRun(terminalOf(true));
    const object = { bucket: 'raw', key: 'a.csv', size: 100, etag: 'e' };
    watcher.started({ runId: 'r', dataset: 'orders', asOf: '2026-11-21T14:00:00Z', object }, 'CollectMapRun');
    jest.advanceTimersByTime(100);
    watcher.done();
    expect(said.at(-2)).toBe('\r\u001b[2K  CollectMapRun …');
  });

  test('shows that a step without figures is still at work', () => {
    const watcher = watchRun(terminalOf(true));
    watcher.event({
      id: 1,
      previousEventId: 0,
      timestamp: new Date(),
      type: 'TaskStateEntered',
      stateEnteredEventDetails: {
        name: 'UpdateDataCatalog',
        input: '{}',
        inputDetails: { truncated: false },
      },
    });
    jest.advanceTimersByTime(3000);
    watcher.done();
    expect(said.at(-2)).toBe('\r\u001b[2K  UpdateDataCatalog …  3.0 s');
  });
});

describe('the summary of a Map Run', () => {
  const lines = async (count: number, isBad: (batch: number) => boolean, bad: 'recorded' | 'failed') =>
    mapRunLines(
      (await runBatches({ runId: 'r', count, luckOf: (at) => (isBad(at) ? bad : 'processed') })).mapRun,
      plain,
    );

  test('is one line if all went well', async () => {
    expect(await lines(100, () => false, 'recorded')).toEqual(['100 batches · 100 processed · 2.0 s']);
  });

  test('names the first batches that failed', async () => {
    expect(await lines(20, (at) => at % 3 === 0, 'recorded')).toEqual([
      expect.stringMatching(/^20 batches · 13 processed · 7 recorded as failed · /),
      'rows 1–5  in quarantine  Runtime.ExitError  3 attempts',
      'rows 16–20  in quarantine  Runtime.ExitError  3 attempts',
      'rows 31–35  in quarantine  Runtime.ExitError  3 attempts',
      'rows 46–50  in quarantine  Runtime.ExitError  3 attempts',
      'rows 61–65  in quarantine  Runtime.ExitError  3 attempts',
      'and 2 more batches',
    ]);
  });

  test('says what was never started', async () => {
    const [head, ...failures] = await lines(20, (at) => at === 4, 'failed');
    expect(head).toMatch(/^20 batches · 4 processed · 1 failed · 15 not started · /);
    expect(failures).toEqual(['rows 21–25  failed  NoQueue  3 attempts']);
  });
});
