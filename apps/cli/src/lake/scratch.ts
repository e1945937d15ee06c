import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../cli-error.ts';
import type { Lake } from './open-lake.ts';

/** On the lake's own disk, since what does not fit into memory may not fit into the system's folder either. */
const folderOf = (lake: Lake): string => join(lake.hidden, 'scratch');
const prefix = `${hostname()}~`;

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return errnoOf(error) === 'ESRCH';
  }
};

/** Runs `work` with a folder of its own, which is gone afterwards. Those of killed processes go, too. */
export const withScratch = async <T>(lake: Lake, work: (folder: string) => Promise<T>): Promise<T> => {
  const parent = folderOf(lake);
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const [, pid] = name.startsWith(prefix) ? name.split('~') : [];
    if (pid !== undefined && isGone(Number(pid))) await remove(join(parent, name));
  }
  const folder = await mkdtemp(join(parent, `${prefix}${process.pid}~`));
  try {
    return await work(folder);
  } finally {
    await remove(folder);
  }
};

/** Removes what this process has in hand, when it ends: an engine that was told to stop may work until then. */
export const cleanAtExit = (lake: Lake): void => {
  process.once('exit', () => {
    removeNames(folderOf(lake), (name) => name.startsWith(`${prefix}${process.pid}~`));
    // The store calls its unfinished writes `<host>.<pid>.<id>`.
    removeNames(join(lake.hidden, 'tmp'), (name) => name.split('.')[1] === String(process.pid));
  });
};

const removeNames = (folder: string, isOurs: (name: string) => boolean): void => {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (isOurs(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
};

/** A folder that background work still fills is left to the end of the process. */
const remove = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOTEMPTY') throw error;
  });
