import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from './disk-error.ts';
import { isOrphan, processName } from './disk-write.ts';
import { LakeStorageError } from './lake-storage-error.ts';

const patienceMs = 10_000;

/** Runs `work` while no other process that uses this lock does. The lock of a killed process is taken over. */
export async function withLock<T>(lock: string, temporaryFolder: string, work: () => Promise<T>): Promise<T> {
  const holder = `${processName()}.${randomUUID()}`;
  const mine = join(temporaryFolder, holder);
  await writeFile(mine, holder);
  try {
    await acquire(lock, mine);
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

async function acquire(lock: string, mine: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
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
    } else await sleep(5);
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
