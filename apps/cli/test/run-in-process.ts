import { datasets } from '@sluice/datasets';
import type { WorkflowName } from '@sluice/workflows';
import { findRun } from '../src/lake/find-run.ts';
import { openLake, openOrCreateLake } from '../src/lake/open-lake.ts';
import { type RedrivenRun, redriveRun } from '../src/run/redrive-run.ts';
import { type FinishedRun, runFile } from '../src/run/run-file.ts';
import type { RunWatcher } from '../src/run/run-watcher.ts';

export const nobodyWatches: RunWatcher = {
  waiting: () => undefined,
  landing: () => undefined,
  started: () => undefined,
  event: () => undefined,
  progress: () => undefined,
  sparkProgress: () => undefined,
  sparkLog: () => undefined,
  clearing: () => undefined,
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
  workflow: WorkflowName = 'etl',
): Promise<FinishedRun> => {
  const known = datasets.get(dataset);
  if (!known) throw new Error(`no dataset ${dataset}`);
  return runFile({
    workflow,
    lake: await openOrCreateLake(lake),
    dataset: known,
    file,
    asOf,
    signal: new AbortController().signal,
    watcher: nobodyWatches,
  });
};

/** Redrives a run without a process of its own. */
export const redriveInProcess = async (
  folder: string,
  prefix: string,
  pseudonymKey?: string,
): Promise<RedrivenRun> => {
  const lake = await openLake(folder);
  return redriveRun({
    lake,
    found: await findRun(lake, prefix),
    pseudonymKey,
    signal: new AbortController().signal,
    watcher: nobodyWatches,
  });
};
