import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isOrphan, processName } from '@sluice/lake-storage/process-name';
import { errnoOf } from '../cli-error.ts';
import type { Lake } from './open-lake.ts';

/** On the lake's own disk, since what does not fit into memory may not fit into the system's folder either. */
const folderOf = (lake: Lake): string => join(lake.hidden, 'scratch');

/** Runs `work` with a folder of its own, which is gone afterwards. Those of killed processes go, too. */
export const withScratch = async <T>(lake: Lake, work: (folder: string) => Promise<T>): Promise<T> => {
  const parent = folderOf(lake);
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    if (isOrphan(name)) await remove(join(parent, name));
  }
  const folder = await mkdtemp(join(parent, `${processName()}.`));
  try {
    return await work(folder);
  } finally {
    await remove(folder);
  }
};

/** Removes what this process has in hand, when it ends: an engine that was told to stop may work until then. */
export const cleanAtExit = (lake: Lake): void => {
  process.once('exit', () => {
    // The store's unfinished writes lie in the other one.
    for (const folder of [folderOf(lake), join(lake.hidden, 'tmp')]) {
      if (!existsSync(folder)) continue;
      for (const name of readdirSync(folder)) {
        if (name.startsWith(`${processName()}.`))
          rmSync(join(folder, name), { recursive: true, force: true });
      }
    }
  });
};

/** A folder that background work still fills is left to the end of the process. */
const remove = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOTEMPTY') throw error;
  });
