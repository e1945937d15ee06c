import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { changedError, checkAddress, checkBucket, compareUtf8, cutRange } from './check-address.ts';
import { diskError, errnoOf } from './disk-error.ts';
import { DiskEtags } from './disk-etags.ts';
import { type ListedPath, listPaths } from './disk-list.ts';
import { withLock } from './disk-lock.ts';
import {
  ensureFolder,
  type FileIdentity,
  hiddenFolder,
  isAbsent,
  oddFolder,
  oddPath,
  plainPath,
  removeEmptyFolders,
  removeEmptyTree,
  statObject,
} from './disk-paths.ts';
import { moveIn, type OpenLake } from './disk-place.ts';
import { bodyOf } from './disk-read.ts';
import {
  copyTemporary,
  diskFailpoint,
  removeOrphans,
  type TemporaryFile,
  writeTemporary,
  writeTemporaryQuickly,
} from './disk-write.ts';
import { LakeStorageError } from './lake-storage-error.ts';
import type {
  ListedObject,
  ListOptions,
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

class DiskStore implements ObjectStore {
  readonly #givenRoot: string;
  #opened: Promise<OpenLake> | undefined;
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
      const opened = await this.#openForReading(at, options.ifMatch);
      if (!opened) return null;
      const { start, end } = cutRange(options.range, opened.file.size);
      return bodyOf(opened.fd, start, end);
    });
  }

  put(at: ObjectAddress, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    return this.#clearly(at, async () => {
      checkAddress(at);
      const folder = await this.#openForWriting();
      const temporary =
        options.durable === false && body instanceof Uint8Array
          ? writeTemporaryQuickly(folder, body)
          : await writeTemporary(folder, body);
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

  async delete(at: ObjectAddress): Promise<void> {
    await this.#clearly(at, async () => {
      const emptied = (await this.#delete(at)) ?? (await this.#leftBy(at));
      if (emptied !== null) await this.#removeEmptyFolders(at.bucket, [emptied]);
    });
  }

  async deleteMany(bucket: string, keys: Iterable<string>) {
    const all = [...keys];
    for (const key of all) checkAddress({ bucket, key });
    const deleted: string[] = [];
    const failed: { key: string; reason: string }[] = [];
    const emptied = new Set<string>();
    for (const key of all) {
      const at = { bucket, key };
      try {
        const folder = await this.#clearly(at, () => this.#delete(at));
        if (folder !== null) emptied.add(folder);
        deleted.push(key);
      } catch (cause) {
        failed.push({ key, reason: cause instanceof Error ? cause.message : String(cause) });
      }
    }
    await this.#removeEmptyFolders(bucket, emptied);
    return { deleted, failed };
  }

  async *list(bucket: string, prefix: string, options?: ListOptions): AsyncIterable<ListedObject> {
    for await (const { key, path } of this.#paths(bucket, prefix, options)) {
      const file = statObject(path);
      const etag = file && (await this.#etagOf({ path, file }));
      if (file && etag) yield { key, size: file.size, etag, lastModified: modifiedOf(file) };
    }
  }

  async *keys(bucket: string, prefix: string, options?: ListOptions): AsyncIterable<string> {
    for await (const { key } of this.#paths(bucket, prefix, options)) yield key;
  }

  async *#paths(bucket: string, prefix: string, options: ListOptions = {}): AsyncIterable<ListedPath> {
    checkBucket(bucket);
    const { root } = await this.#open();
    const { startAfter } = options;
    try {
      for await (const path of listPaths(root, bucket, prefix))
        if (startAfter === undefined || compareUtf8(path.key, startAfter) > 0) yield path;
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

  /** An open file is the same object to its end, whatever gets its name meanwhile. Who gets it closes it. */
  async #openForReading(at: ObjectVersion, ifMatch: string | undefined) {
    for (;;) {
      const found = await this.#find(at);
      if (!found) return null;
      await this.#demandMatch(at, found, ifMatch);
      try {
        const fd = openSync(found.path, constants.O_RDONLY | constants.O_NOFOLLOW);
        const stats = fstatSync(fd, { bigint: true });
        if (stats.ino === found.file.inode && stats.mtimeNs === found.file.modifiedNs)
          return { fd, file: found.file };
        closeSync(fd);
      } catch (cause) {
        if (!isAbsent(cause)) throw cause;
      }
      // Replaced or deleted between looking and opening: look again.
    }
  }

  /** The file of an object. One that has an odd path keeps it, so that a key never has two files. */
  async #find(at: ObjectVersion): Promise<FoundFile | null> {
    checkAddress(at);
    if (at.versionId !== undefined) return null;
    const { root } = await this.#open();
    for (const path of [oddPath(root, at), plainPath(root, at)]) {
      const file = path === null ? null : statObject(path);
      if (path !== null && file) return { path, file };
    }
    return null;
  }

  /** The folder in which the object was; null if there was none. */
  async #delete(at: ObjectAddress): Promise<string | null> {
    const found = await this.#find({ bucket: at.bucket, key: at.key });
    if (!found) return null;
    const { etags } = await this.#open();
    diskFailpoint('disk:before-delete');
    try {
      unlinkSync(found.path);
    } catch (cause) {
      if (!isAbsent(cause)) throw cause;
    }
    diskFailpoint('disk:after-delete');
    await etags.forget(found.path, found.file);
    return dirname(found.path);
  }

  /** The folder of an object that is gone; whoever was killed while deleting has left folders in it, and nothing else. */
  async #leftBy(at: ObjectAddress): Promise<string | null> {
    const { root } = await this.#open();
    const path = plainPath(root, at);
    const folder = path === null ? join(root, at.bucket) : dirname(path);
    return folder !== join(root, at.bucket) && removeEmptyTree(folder) ? dirname(folder) : null;
  }

  async #removeEmptyFolders(bucket: string, folders: Iterable<string>): Promise<void> {
    const { root } = await this.#open();
    for (const folder of folders) removeEmptyFolders(folder, [join(root, bucket), oddFolder(root, bucket)]);
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
    const { ifMatch, ifNoneMatch, durable = true } = options;
    const onlyIfAbsent = ifNoneMatch !== undefined;
    let renamed = false;
    try {
      const lake = await this.#open();
      const place = async (): Promise<PutResult> => {
        const result = await moveIn(lake, temporary, at, { onlyIfAbsent, durable });
        renamed = !onlyIfAbsent;
        return result;
      };
      if (ifMatch === undefined) return await place();
      const lock = join(lake.root, hiddenFolder, 'locks', nameOf(at));
      return await withLock(lock, await this.#openForWriting(), async () => {
        const current = await this.#find(at);
        if (!current || (await this.#etagOf(current)) !== ifMatch) return { outcome: 'changed' };
        return place();
      });
    } finally {
      if (!renamed) await rm(temporary.path, { force: true });
    }
  }

  async #open(): Promise<OpenLake> {
    this.#opened ??= (async () => {
      await mkdir(this.#givenRoot, { recursive: true }).catch((cause: unknown) => {
        throw errnoOf(cause) === 'EEXIST' || errnoOf(cause) === 'ENOTDIR'
          ? notAFolder(this.#givenRoot, cause)
          : cause;
      });
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

function modifiedOf(file: FileIdentity): Date {
  return new Date(Number(file.modifiedNs / 1_000_000n));
}

function nameOf({ bucket, key }: ObjectAddress): string {
  return createHash('md5')
    .update(JSON.stringify([bucket, key]))
    .digest('hex');
}

function notAFolder(path: string, cause: unknown): LakeStorageError {
  return new LakeStorageError(
    'not_in_lake',
    `${path} is not a folder; give the lake one, or a new path.`,
    cause,
  );
}
