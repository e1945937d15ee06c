import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the work a new folder on the function's disk, and removes it however the work ends. */
export const withScratchFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  try {
    return await work(folder);
  } finally {
    // The next invocation of a warm function finds the disk as this one did.
    await rm(folder, { recursive: true, force: true });
  }
};
