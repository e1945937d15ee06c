import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type FileIdentity, hiddenFolder } from './disk-paths.ts';
import { hashFile } from './disk-write.ts';
import { processName } from './process-name.ts';

// Reading back a small file costs about as much as reading a note about it.
const worthANote = 8 * 1024 * 1024;
// A file changed this recently may change again without its time stamp moving on.
const settledNs = 2_000_000_000n;
const maxRemembered = 100_000;

/**
 * Etags of files are hashes of their bytes, so that equal bytes have equal etags in every lake and a file that somebody
 * copied into the lake by hand has one too; size and time would give neither. Hashing is done while writing, or once on
 * demand, and remembered for as long as size, inode and modification time stay: in memory, and for large files also in
 * a note under `.sluice/etags`, because hashing them again in every process would take seconds each. A missing or
 * outdated note only costs a second reading.
 */
export class DiskEtags {
  readonly #root: string;
  readonly #remembered = new Map<string, { version: string; etag: string }>();

  constructor(root: string) {
    this.#root = root;
  }

  async of(path: string, file: FileIdentity): Promise<string> {
    const version = versionOf(file);
    const known =
      this.#remembered.get(path) ?? (file.size >= worthANote ? await this.#readNote(path) : undefined);
    if (known?.version === version) return known.etag;
    const etag = await hashFile(path);
    if (BigInt(Date.now()) * 1_000_000n - file.modifiedNs > settledNs) await this.remember(path, file, etag);
    return etag;
  }

  async remember(path: string, file: FileIdentity, etag: string): Promise<void> {
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    const version = versionOf(file);
    this.#remembered.set(path, { version, etag });
    if (file.size >= worthANote) await this.#writeNote(path, `${version} ${etag}`);
  }

  async forget(path: string, file: FileIdentity): Promise<void> {
    this.#remembered.delete(path);
    if (file.size >= worthANote) await rm(this.#notePath(path), { force: true });
  }

  async #readNote(path: string): Promise<{ version: string; etag: string } | undefined> {
    const note = await readFile(this.#notePath(path), 'utf8').catch(() => '');
    const [version, etag] = note.split(' ');
    return version && etag ? { version, etag } : undefined;
  }

  async #writeNote(path: string, note: string): Promise<void> {
    const notePath = this.#notePath(path);
    const temporary = join(this.#root, hiddenFolder, 'tmp', `${processName()}.${randomUUID()}`);
    try {
      await mkdir(dirname(notePath), { recursive: true });
      await mkdir(dirname(temporary), { recursive: true });
      await writeFile(temporary, note);
      await rename(temporary, notePath);
    } catch {
      // A lake that may only be read can still be read; it is hashed again next time.
      await rm(temporary, { force: true });
    }
  }

  #notePath(path: string): string {
    const name = createHash('md5').update(relative(this.#root, path)).digest('hex');
    return join(this.#root, hiddenFolder, 'etags', name);
  }
}

function versionOf(file: FileIdentity): string {
  return `${file.size}-${file.inode}-${file.modifiedNs}`;
}
