import { lstatSync, renameSync } from 'node:fs';
import { link } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './disk-error.ts';
import type { DiskEtags } from './disk-etags.ts';
import { ensureFolder, isAbsent, oddPath, plainPath, statObject } from './disk-paths.ts';
import { diskFailpoint, syncFolder, type TemporaryFile } from './disk-write.ts';
import { LakeStorageError } from './lake-storage-error.ts';
import type { ObjectAddress, PutResult } from './object-store.ts';

export interface OpenLake {
  /** With all links resolved. */
  readonly root: string;
  readonly etags: DiskEtags;
}

// A folder can vanish between making it and writing into it, whenever another process deletes its last object.
const maxAttempts = 20;

/** Gives a temporary file the name of the object; `exists` if it has a file already and must not. */
export async function moveIn(
  { root, etags }: OpenLake,
  temporary: TemporaryFile,
  at: ObjectAddress,
  { onlyIfAbsent, durable }: { readonly onlyIfAbsent: boolean; readonly durable: boolean },
): Promise<PutResult> {
  // Size, inode and time stay through link and rename; read afterwards they could be another writer's.
  const file = statObject(temporary.path);
  const target = await nameIt(root, temporary.path, at, onlyIfAbsent);
  if (target === null) return { outcome: 'exists' };
  diskFailpoint('disk:after-rename');
  if (durable) {
    await syncFolder(dirname(target)).catch((cause: unknown) => {
      // Deleted again, with its folder.
      if (!isAbsent(cause)) throw cause;
    });
  }
  // What is soon gone is not worth the memory.
  if (file && durable) await etags.remember(target, file, temporary.etag);
  return { outcome: 'stored', etag: temporary.etag };
}

/** The path that the file has now; null if the object exists and must not be replaced. */
async function nameIt(
  root: string,
  temporary: string,
  at: ObjectAddress,
  onlyIfAbsent: boolean,
): Promise<string | null> {
  const odd = oddPath(root, at);
  const plain = plainPath(root, at);
  for (let attempt = 1; ; attempt += 1) {
    const oddExists = statObject(odd) !== null;
    if (oddExists && onlyIfAbsent) return null;
    const plainTaken = plain !== null && isTaken(plain, join(root, at.bucket));
    const target = oddExists || plainTaken || plain === null ? odd : plain;
    try {
      await ensureFolder(dirname(target));
      // Refuses to replace a link.
      if (!onlyIfAbsent) statObject(target);
      diskFailpoint('disk:before-rename');
      // rename(2) replaces, link(2) refuses: of several writers of a new object exactly one gets the name.
      if (onlyIfAbsent) await link(temporary, target);
      else renameSync(temporary, target);
      return target;
    } catch (cause) {
      const errno = errnoOf(cause);
      if (onlyIfAbsent && errno === 'EEXIST' && statObject(target)) return null;
      if (onlyIfAbsent && (errno === 'EPERM' || errno === 'ENOTSUP')) throw noHardLinks(target, cause);
      if (attempt === maxAttempts || !passing.has(errno ?? '')) throw cause;
    }
  }
}

// What another process that writes or deletes nearby can cause for a moment.
const passing = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY']);

/** Whether a folder sits where the file should be, or a file where one of its folders should be. */
function isTaken(path: string, bucketFolder: string): boolean {
  const kindOf = (of: string) => {
    try {
      return lstatSync(of, { throwIfNoEntry: false });
    } catch (cause) {
      if (isAbsent(cause)) return undefined;
      throw cause;
    }
  };
  if (kindOf(path)?.isDirectory()) return true;
  for (let folder = dirname(path); folder !== bucketFolder; folder = dirname(folder)) {
    const stats = kindOf(folder);
    if (stats) return !stats.isDirectory() && !stats.isSymbolicLink();
  }
  return false;
}

function noHardLinks(path: string, cause: unknown): LakeStorageError {
  return new LakeStorageError(
    'unsupported_disk',
    `The file system of ${path} has no hard links, which safe creation needs; put the lake on a local disk.`,
    cause,
  );
}
