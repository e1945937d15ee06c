import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from './disk-error.ts';
import { LakeStorageError } from './lake-storage-error.ts';
import { isOrphan, processName } from './process-name.ts';

/** How to wait for another process. */
export interface Waiting {
  /** After so many milliseconds a LakeStorageError with code `conflict` is thrown. Default: 10 seconds. */
  readonly patienceMs?: number;
  /** Called once, if there is somebody to wait for. */
  readonly onWait?: () => void;
  /** Its abort ends the waiting; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` while no other process that uses this lock does. The lock of a killed process is taken over.
 * `temporaryFolder` is a folder on the lock's own disk.
 */
export async function withLock<T>(
  lock: string,
  temporaryFolder: string,
  work: () => Promise<T>,
  waiting: Waiting = {},
): Promise<T> {
  const holder = `${processName()}.${randomUUID()}`;
  const mine = join(temporaryFolder, holder);
  await writeFile(mine, holder);
  try {
    await acquire(lock, mine, waiting);
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

async function acquire(lock: string, mine: string, waiting: Waiting): Promise<void> {
  const deadline = Date.now() + (waiting.patienceMs ?? 10_000);
  for (let attempt = 1; ; attempt += 1) {
    waiting.signal?.throwIfAborted();
    try {
      // link(2), unlike rename(2), fails if the name is taken.
      await link(mine, lock);
      return;
    } catch (cause) {
      if (errnoOf(cause) !== 'EEXIST') throw cause;
    }
    const holder = await readFile(lock, 'utf8').catch(() => '');
    if (isOrphan(holder)) await takeAway(lock, holder, `${mine}.taken`);
    else if (Date.now() > deadline) {
      throw new LakeStorageError(
        'conflict',
        `The lock ${lock} is held by process ${holder}; wait for it, or end it.`,
      );
    } else {
      if (attempt === 2) waiting.onWait?.();
      // Short for the moment that a write takes, long for a process that works for minutes.
      await sleep(Math.min(5 * attempt, 200));
    }
  }
}

/** Another process may have taken the orphan away first and hold a fresh lock by now: that one is put back. */
async function takeAway(lock: string, orphan: string, aside: string): Promise<void> {
  try {
    await rename(lock, aside);
    if ((await readFile(aside, 'utf8')) !== orphan) await link(aside, lock);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT' && errnoOf(cause) !== 'EEXIST') throw cause;
  } finally {
    await rm(aside, { force: true });
  }
}
