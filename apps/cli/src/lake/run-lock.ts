import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from '@sluice/lake-storage/disk-lock';
import { isOrphan } from '@sluice/lake-storage/process-name';
import type { Lake } from './open-lake.ts';

/**
 * Runs `work` while no other process lands or runs an object of this dataset and name; waits for as long as one does.
 * It covers landing, too: a new version must not replace the bytes that a run is reading.
 */
export const withRunLock = async <T>(
  lake: Lake,
  dataset: string,
  name: string,
  waiting: { readonly signal: AbortSignal; readonly onWait: () => void },
  work: () => Promise<T>,
): Promise<T> => locked(lake, lockOf(lake, dataset, name), waiting, work);

/** Runs `work` while nobody else writes to the dataset's table: two of its writers may overwrite each other's commits. */
export const withTableLock = async <T>(
  lake: Lake,
  dataset: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> => locked(lake, join(lake.hidden, 'locks', `table-${dataset}`), { signal }, work);

const locked = async <T>(
  lake: Lake,
  lock: string,
  waiting: { readonly signal: AbortSignal; readonly onWait?: () => void },
  work: () => Promise<T>,
): Promise<T> => {
  const temporary = join(lake.hidden, 'tmp');
  await mkdir(dirname(lock), { recursive: true });
  await mkdir(temporary, { recursive: true });
  return withLock(lock, temporary, work, { ...waiting, patienceMs: Number.POSITIVE_INFINITY });
};

/** Whether some process has the lock at this moment. */
export const isRunning = async (lake: Lake, dataset: string, name: string): Promise<boolean> => {
  const holder = await readFile(lockOf(lake, dataset, name), 'utf8').catch(() => '');
  return holder !== '' && !isOrphan(holder);
};

const lockOf = (lake: Lake, dataset: string, name: string): string => {
  const id = createHash('md5')
    .update(JSON.stringify([dataset, name]))
    .digest('hex');
  return join(lake.hidden, 'locks', `run-${id}`);
};
