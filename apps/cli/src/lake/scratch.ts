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
    if (pid !== undefined && isGone(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(parent, `${prefix}${process.pid}~`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
