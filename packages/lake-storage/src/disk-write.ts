import { createHash, hash, randomUUID } from 'node:crypto';
import { closeSync, constants, createReadStream, openSync, rmSync, writeSync } from 'node:fs';
import { copyFile, type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failpoint } from './failpoint.ts';
import type { ObjectBody } from './object-store.ts';
import { isOrphan, processName } from './process-name.ts';

/** Where a crash test can kill a disk write or delete. */
export const diskFailpoints = [
  'disk:temp-open',
  'disk:half-written',
  'disk:before-rename',
  'disk:after-rename',
  'disk:before-delete',
  'disk:after-delete',
] as const;

export function diskFailpoint(name: (typeof diskFailpoints)[number]): void {
  failpoint(name);
}

export interface TemporaryFile {
  readonly path: string;
  /** MD5, hex: the etag S3 itself gives to an object put in one part. */
  readonly etag: string;
}

/** Writes the body to a temporary file, whole and on the platter, or leaves nothing. */
export async function writeTemporary(folder: string, body: ObjectBody): Promise<TemporaryFile> {
  const hash = createHash('md5');
  const path = await newTemporary(folder, async (handle) => {
    diskFailpoint('disk:temp-open');
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      // Hashed while the disk is at work.
      const written = handle.writeFile(chunk);
      hash.update(chunk);
      await written;
      diskFailpoint('disk:half-written');
    }
  });
  return { path, etag: hash.digest('hex') };
}

/** As `writeTemporary`, without waiting for the platter: a power cut may take the file, even after it got its name. */
export function writeTemporaryQuickly(folder: string, body: Uint8Array): TemporaryFile {
  const path = join(folder, `${processName()}.${randomUUID()}`);
  const file = openSync(path, 'wx');
  try {
    diskFailpoint('disk:temp-open');
    for (let written = 0; written < body.length; ) written += writeSync(file, body, written);
    diskFailpoint('disk:half-written');
  } catch (cause) {
    rmSync(path, { force: true });
    throw cause;
  } finally {
    closeSync(file);
  }
  return { path, etag: hash('md5', body) };
}

/** Copies a file to a temporary one, sharing its blocks where the file system can. */
export async function copyTemporary(folder: string, source: string): Promise<TemporaryFile> {
  const path = await newTemporary(folder, async (_handle, temporary) => {
    diskFailpoint('disk:temp-open');
    await copyFile(source, temporary, constants.COPYFILE_FICLONE);
    diskFailpoint('disk:half-written');
  });
  return { path, etag: await hashFile(path) };
}

async function newTemporary(
  folder: string,
  fill: (handle: FileHandle, path: string) => Promise<void>,
): Promise<string> {
  const path = join(folder, `${processName()}.${randomUUID()}`);
  const handle = await open(path, 'wx');
  try {
    await fill(handle, path);
    await handle.sync();
    return path;
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  } finally {
    await handle.close();
  }
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}

/** Makes a rename or a new folder in it survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what killed processes left behind. */
export async function removeOrphans(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (isOrphan(name)) await rm(join(folder, name), { force: true });
  }
}
