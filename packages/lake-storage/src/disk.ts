import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, realpath, rm, rmdir, unlink } from 'node:fs/promises';
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
import { moveIn, type OpenLake } from './disk-place.ts';
import {
  copyTemporary,
  diskFailpoint,
  removeOrphans,
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

const readBytesAtOnce = 256 * 1024;

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
      const { handle, file } = opened;
      try {
        const { start, end } = cutRange(options.range, file.size);
        if (start < end)
          return handle.createReadStream({ start, end: end - 1, highWaterMark: readBytesAtOnce });
        await handle.close();
        return (async function* () {})();
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
    const all = [...keys];
    for (const key of all) checkAddress({ bucket, key });
    const deleted: string[] = [];
    const failed: { key: string; reason: string }[] = [];
    for (const key of all) {
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

  /** An open file is the same object to its end, whatever gets its name meanwhile. */
  async #openForReading(at: ObjectVersion, ifMatch: string | undefined) {
    for (;;) {
      const found = await this.#find(at);
      if (!found) return null;
      await this.#demandMatch(at, found, ifMatch);
      try {
        const handle = await open(found.path, constants.O_RDONLY | constants.O_NOFOLLOW);
        const stats = await handle.stat({ bigint: true });
        if (stats.ino === found.file.inode && stats.mtimeNs === found.file.modifiedNs)
          return { handle, file: found.file };
        await handle.close();
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
      const lake = await this.#open();
      const { ifMatch } = options;
      if (ifMatch === undefined) return await moveIn(lake, temporary, at, options.ifNoneMatch !== undefined);
      const lock = join(lake.root, hiddenFolder, 'locks', nameOf(at));
      return await withLock(lock, await this.#openForWriting(), async () => {
        const current = await this.#find(at);
        if (!current || (await this.#etagOf(current)) !== ifMatch) return { outcome: 'changed' };
        return moveIn(lake, temporary, at, false);
      });
    } finally {
      await rm(temporary.path, { force: true });
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

function notAFolder(path: string, cause: unknown): LakeStorageError {
  return new LakeStorageError(
    'not_in_lake',
    `${path} is not a folder; give the lake one, or a new path.`,
    cause,
  );
}
