import { lstatSync, readdirSync, realpathSync, rmdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, leadsOut } from './disk-error.ts';
import { syncFolder } from './disk-write.ts';
import type { ObjectAddress } from './object-store.ts';

/** The folder for what is not an object. No bucket can have this name. */
export const hiddenFolder = '.sluice';

// The limit of every common file system for one name.
const maxNameBytes = 255;

/** `<root>/<bucket>/<key>`, or null for a key that no path can spell: empty, `.` or `..` segments, NUL, long names. */
export function plainPath(root: string, { bucket, key }: ObjectAddress): string | null {
  const segments = key.split('/');
  const spellable = segments.every(
    (name) =>
      name !== '' &&
      name !== '.' &&
      name !== '..' &&
      !name.includes('\0') &&
      Buffer.byteLength(name, 'utf8') <= maxNameBytes,
  );
  return spellable ? join(root, bucket, ...segments) : null;
}

/**
 * Where keys live that cannot be plain paths, or whose plain path is taken: on S3 `a` and `a/b` are both objects, on
 * disk `a` is either a file or a folder. The whole key, percent-encoded, is cut into folders `+…` and a file `=…`.
 */
export function oddPath(root: string, { bucket, key }: ObjectAddress): string {
  const names = encodeURIComponent(key).match(/.{1,200}/g) ?? [];
  const last = names.length - 1;
  return join(oddFolder(root, bucket), ...names.map((name, i) => (i === last ? `=${name}` : `+${name}`)));
}

export function oddFolder(root: string, bucket: string): string {
  return join(root, hiddenFolder, 'odd-keys', bucket);
}

/** The key of a path below `oddFolder`. */
export function keyOfOddPath(relativePath: string): string {
  const names = relativePath.split('/').map((name) => name.slice(1));
  return decodeURIComponent(names.join(''));
}

/**
 * The size, inode and modification time of a regular file; null if there is none. A link anywhere on the way is refused:
 * it could lead reads and writes out of the lake.
 */
export function statObject(path: string): FileIdentity | null {
  try {
    // Here and below the kernel answers in a microsecond or two; the way to the thread pool and back takes twenty.
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (!stats) return null;
    if (stats.isSymbolicLink()) throw leadsOut(path);
    if (!stats.isFile()) return null;
    const folder = dirname(path);
    if (realpathSync.native(folder) !== folder) throw leadsOut(folder);
    return { size: Number(stats.size), inode: stats.ino, modifiedNs: stats.mtimeNs };
  } catch (cause) {
    if (isAbsent(cause)) return null;
    throw cause;
  }
}

export interface FileIdentity {
  readonly size: number;
  readonly inode: bigint;
  readonly modifiedNs: bigint;
}

export function isAbsent(cause: unknown): boolean {
  return errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR';
}

/** Makes the folder and those above it, durably, following no link. Fails with ENOTDIR where a file is in the way. */
export async function ensureFolder(folder: string): Promise<void> {
  const real = realPath(folder);
  if (real === folder) return;
  if (real !== null) throw leadsOut(folder);
  await ensureFolder(dirname(folder));
  try {
    await mkdir(folder);
    await syncFolder(dirname(folder));
  } catch (cause) {
    if (errnoOf(cause) !== 'EEXIST') throw cause;
    // Another writer made it just now, or it is a link to nowhere.
    if (lstatSync(folder).isSymbolicLink()) throw leadsOut(folder);
  }
}

function realPath(folder: string): string | null {
  try {
    return realpathSync.native(folder);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw cause;
  }
}

/** Removes a folder and those above it that have become empty, up to the first of `upTo`. */
export function removeEmptyFolders(from: string, upTo: readonly string[]): void {
  for (let folder = from; !upTo.includes(folder); folder = dirname(folder)) {
    try {
      rmdirSync(folder);
    } catch (cause) {
      if (errnoOf(cause) === 'ENOTEMPTY' || errnoOf(cause) === 'EEXIST') return;
      if (!isAbsent(cause)) throw cause;
    }
  }
}

/** Removes a folder in which there are folders only, however deep; whether it is gone. One that a link leads to stays. */
export function removeEmptyTree(folder: string): boolean {
  if (realPath(folder) !== folder) return false;
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (!entries.every((entry) => entry.isDirectory() && removeEmptyTree(join(folder, entry.name))))
      return false;
    rmdirSync(folder);
    return true;
  } catch (cause) {
    // It is a file, somebody has written into it, or was as fast.
    if (errnoOf(cause) === 'ENOTEMPTY' || errnoOf(cause) === 'EEXIST' || isAbsent(cause)) return false;
    throw cause;
  }
}
