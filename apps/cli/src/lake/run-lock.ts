import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '@sluice/lake-storage/disk-lock';
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
): Promise<T> => {
  const locks = join(lake.hidden, 'locks');
  const temporary = join(lake.hidden, 'tmp');
  await mkdir(locks, { recursive: true });
  await mkdir(temporary, { recursive: true });
  const id = createHash('md5')
    .update(JSON.stringify([dataset, name]))
    .digest('hex');
  const lock = join(locks, `run-${id}`);
  return withLock(lock, temporary, work, { ...waiting, patienceMs: Number.POSITIVE_INFINITY });
};
