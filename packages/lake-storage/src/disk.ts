import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, realpath, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { changedError, checkAddress, checkBucket, cutRange } from './check-address.ts';
import { diskError, errnoOf } from './disk-error.ts';
import { DiskEtags } from './disk-etags.ts';
import { listPaths } from './disk-list.ts';
import { withLock } from './disk-lock.ts';
import {
  ensureFolder,
  type FileIdentity,
  hiddenFolder,
  isAbsent,
  oddFolder,
  oddPath,
  plainPath,
  statObject,
} from './disk-paths.ts';
import {
  copyTemporary,
  diskFailpoint,
  removeOrphans,
  syncFolder,
  type TemporaryFile,
  writeTemporary,
} from './disk-write.ts';
import { LakeStorageError } from './lake-storage-error.ts';
import type {
  ListedObject,
  LocalFile,
  ObjectAddress,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  ObjectVersion,
  PutOptions,
  PutResult,
  ReadOptions,
  StoredObject,
} from './object-store.ts';

/**
 * Objects as files, `<root>/<bucket>/<key>`, on a POSIX file system that tells upper from lower case. Buckets need no
 * creating, and files that somebody copies there are objects. Several processes may use one root at the same time.
 */
export function diskStore(root: string): ObjectStore {
  return new DiskStore(resolve(root));
}

interface FoundFile {
  readonly path: string;
  readonly file: FileIdentity;
}

// A folder can vanish between making it and writing into it, whenever another process deletes its last object.
const maxAttempts = 20;

class DiskStore implements ObjectStore {
  readonly #givenRoot: string;
  #opened: Promise<{ root: string; etags: DiskEtags }> | undefined;
  #writable: Promise<string> | undefined;

  constructor(root: string) {
    this.#givenRoot = root;
  }

  head(at: ObjectVersion): Promise<ObjectHead | null> {
    return this.#clearly(at, async () => {
      const found = await this.#find(at);
      if (!found) return null;
      const etag = await this.#etagOf(found);
      return etag === null ? null : { size: found.file.size, etag, lastModified: modifiedOf(found.file) };
    });
  }

  read(at: ObjectVersion, options: ReadOptions = {}): Promise<AsyncIterable<Uint8Array> | null> {
    return this.#clearly(at, async () => {
      const found = await this.#find(at);
      if (!found) return null;
      await this.#demandMatch(at, found, options.ifMatch);
      const handle = await open(found.path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
        (cause: unknown) => {
          if (isAbsent(cause)) return null;
          throw cause;
        },
      );
      if (!handle) return null;
      try {
        const { start, end } = cutRange(options.range, (await handle.stat()).size);
        if (start === end) {
          await handle.close();
          return (async function* () {})();
        }
        return handle.createReadStream({ start, end: end - 1, highWaterMark: 256 * 1024 });
      } catch (cause) {
        await handle.close();
        throw cause;
      }
    });
  }

  put(at: ObjectAddress, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    return this.#clearly(at, async () => {
      checkAddress(at);
      const temporary = await writeTemporary(await this.#openForWriting(), body);
      return this.#place(temporary, at, options);
    });
  }

  copy(from: ObjectVersion, to: ObjectAddress): Promise<StoredObject | null> {
    return this.#clearly(to, async () => {
      checkAddress(to);
      const source = await this.#find(from);
      if (!source) return null;
      const temporary = await copyTemporary(await this.#openForWriting(), source.path);
      const result = await this.#place(temporary, to, {});
      return result.outcome === 'stored' ? result : null;
    });
  }

  delete(at: ObjectAddress): Promise<void> {
    return this.#clearly(at, async () => {
      const found = await this.#find({ bucket: at.bucket, key: at.key });
      if (!found) return;
      const { root, etags } = await this.#open();
      diskFailpoint('disk:before-delete');
      await unlink(found.path).catch((cause: unknown) => {
        if (!isAbsent(cause)) throw cause;
      });
      diskFailpoint('disk:after-delete');
      await etags.forget(found.path, found.file);
      await removeEmptyFolders(dirname(found.path), [join(root, at.bucket), oddFolder(root, at.bucket)]);
    });
  }

  async deleteMany(bucket: string, keys: Iterable<string>) {
    const deleted: string[] = [];
    const failed: { key: string; reason: string }[] = [];
    for (const key of keys) {
      try {
        await this.delete({ bucket, key });
        deleted.push(key);
      } catch (cause) {
        failed.push({ key, reason: cause instanceof Error ? cause.message : String(cause) });
      }
    }
    return { deleted, failed };
  }

  async *list(bucket: string, prefix: string): AsyncIterable<ListedObject> {
    checkBucket(bucket);
    const { root } = await this.#open();
    try {
      for await (const { key, path } of listPaths(root, bucket, prefix)) {
        const file = await statObject(path);
        const etag = file && (await this.#etagOf({ path, file }));
        if (file && etag) yield { key, size: file.size, etag, lastModified: modifiedOf(file) };
      }
    } catch (cause) {
      throw diskError(cause, join(root, bucket));
    }
  }

  asLocalFile(at: ObjectVersion, _scratchDir: string, options: Pick<ReadOptions, 'ifMatch'> = {}) {
    return this.#clearly(at, async (): Promise<LocalFile | null> => {
      const found = await this.#find(at);
      if (!found) return null;
      await this.#demandMatch(at, found, options.ifMatch);
      return { path: found.path, [Symbol.asyncDispose]: async () => {} };
    });
  }

  /** The file of an object. One that has an odd path keeps it, so that a key never has two files. */
  async #find(at: ObjectVersion): Promise<FoundFile | null> {
    checkAddress(at);
    if (at.versionId !== undefined) return null;
    const { root } = await this.#open();
    for (const path of [oddPath(root, at), plainPath(root, at)]) {
      const file = path === null ? null : await statObject(path);
      if (path !== null && file) return { path, file };
    }
    return null;
  }

  async #demandMatch(at: ObjectAddress, found: FoundFile, etag: string | undefined): Promise<void> {
    if (etag !== undefined && (await this.#etagOf(found)) !== etag) throw changedError(at, etag);
  }

  /** Null if the file was removed meanwhile. */
  async #etagOf({ path, file }: FoundFile): Promise<string | null> {
    const { etags } = await this.#open();
    return etags.of(path, file).catch((cause: unknown) => {
      if (isAbsent(cause)) return null;
      throw cause;
    });
  }

  /** Gives the temporary file its name, or removes it. */
  async #place(temporary: TemporaryFile, at: ObjectAddress, options: PutOptions): Promise<PutResult> {
    try {
      const { ifMatch } = options;
      if (ifMatch === undefined) return await this.#moveIn(temporary, at, options.ifNoneMatch !== undefined);
      const { root } = await this.#open();
      return await withLock(join(root, hiddenFolder, 'locks', nameOf(at)), async () => {
        const current = await this.#find(at);
        if (!current || (await this.#etagOf(current)) !== ifMatch) return { outcome: 'changed' };
        return this.#moveIn(temporary, at, false);
      });
    } finally {
      await rm(temporary.path, { force: true });
    }
  }

  async #moveIn(temporary: TemporaryFile, at: ObjectAddress, onlyIfAbsent: boolean): Promise<PutResult> {
    const { root, etags } = await this.#open();
    const odd = oddPath(root, at);
    const plain = plainPath(root, at);
    for (let attempt = 1; ; attempt += 1) {
      const oddExists = (await statObject(odd)) !== null;
      if (oddExists && onlyIfAbsent) return { outcome: 'exists' };
      const plainTaken = plain !== null && (await isTaken(plain, join(root, at.bucket)));
      const target = oddExists || plainTaken || plain === null ? odd : plain;
      try {
        await ensureFolder(dirname(target));
        if (!onlyIfAbsent) await statObject(target);
        diskFailpoint('disk:before-rename');
        // rename(2) replaces, link(2) refuses: of several writers of a new object exactly one gets the name.
        await (onlyIfAbsent ? link(temporary.path, target) : rename(temporary.path, target));
        diskFailpoint('disk:after-rename');
        await syncFolder(dirname(target));
        const file = await statObject(target);
        if (file) await etags.remember(target, file, temporary.etag);
        return { outcome: 'stored', etag: temporary.etag };
      } catch (cause) {
        const errno = errnoOf(cause);
        if (onlyIfAbsent && errno === 'EEXIST' && (await statObject(target))) return { outcome: 'exists' };
        if (onlyIfAbsent && (errno === 'EPERM' || errno === 'ENOTSUP')) throw noHardLinks(target, cause);
        if (attempt === maxAttempts || !passing.has(errno ?? '')) throw cause;
      }
    }
  }

  async #open(): Promise<{ root: string; etags: DiskEtags }> {
    this.#opened ??= (async () => {
      await mkdir(this.#givenRoot, { recursive: true });
      const root = await realpath(this.#givenRoot);
      return { root, etags: new DiskEtags(root) };
    })();
    return this.#opened;
  }

  /** The folder for temporary files. It is inside the root because a rename cannot cross file systems. */
  async #openForWriting(): Promise<string> {
    const { root } = await this.#open();
    this.#writable ??= (async () => {
      const folder = join(root, hiddenFolder, 'tmp');
      await ensureFolder(folder);
      await ensureFolder(join(root, hiddenFolder, 'locks'));
      await removeOrphans(folder);
      return folder;
    })();
    return this.#writable;
  }

  async #clearly<T>(at: ObjectAddress, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw diskError(cause, join(this.#givenRoot, at.bucket, at.key));
    }
  }
}

// What another process that writes or deletes nearby can cause for a moment.
const passing = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY']);

/** Whether a folder sits where the file should be, or a file where one of its folders should be. */
async function isTaken(path: string, bucketFolder: string): Promise<boolean> {
  const kindOf = (of: string) =>
    lstat(of).catch((cause: unknown) => {
      if (isAbsent(cause)) return null;
      throw cause;
    });
  if ((await kindOf(path))?.isDirectory()) return true;
  for (let folder = dirname(path); folder !== bucketFolder; folder = dirname(folder)) {
    const stats = await kindOf(folder);
    if (stats) return !stats.isDirectory() && !stats.isSymbolicLink();
  }
  return false;
}

async function removeEmptyFolders(from: string, upTo: readonly string[]): Promise<void> {
  for (let folder = from; !upTo.includes(folder); folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch (cause) {
      if (errnoOf(cause) === 'ENOTEMPTY' || errnoOf(cause) === 'EEXIST') return;
      if (!isAbsent(cause)) throw cause;
    }
  }
}

function modifiedOf(file: FileIdentity): Date {
  return new Date(Number(file.modifiedNs / 1_000_000n));
}

function nameOf({ bucket, key }: ObjectAddress): string {
  return createHash('md5')
    .update(JSON.stringify([bucket, key]))
    .digest('hex');
}

function noHardLinks(path: string, cause: unknown): LakeStorageError {
  return new LakeStorageError(
    'unsupported_disk',
    `The file system of ${path} has no hard links, which safe creation needs; put the lake on a local disk.`,
    cause,
  );
}
