import { datasets } from '@sluice/datasets';
import { openOrCreateLake } from '../src/lake/open-lake.ts';
import { type FinishedRun, runFile } from '../src/run/run-file.ts';
import type { RunWatcher } from '../src/run/run-watcher.ts';

const nobodyWatches: RunWatcher = {
  waiting: () => undefined,
  landing: () => undefined,
  started: () => undefined,
  event: () => undefined,
  progress: () => undefined,
  mapRun: () => undefined,
  batchFailed: () => undefined,
  notified: () => undefined,
};

/** Runs a file without a process of its own. */
export const runInProcess = async (
  lake: string,
  dataset: string,
  file: string,
  asOf: string,
): Promise<FinishedRun> => {
  const known = datasets.get(dataset);
  if (!known) throw new Error(`no dataset ${dataset}`);
  return runFile({
    workflow: 'etl',
    lake: await openOrCreateLake(lake),
    dataset: known,
    file,
    asOf,
    signal: new AbortController().signal,
    watcher: nobodyWatches,
  });
};
