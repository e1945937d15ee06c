import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareUtf8 } from '../src/check-address.ts';
import { diskStore } from '../src/disk.ts';
import { diskError } from '../src/disk-error.ts';
import type { ObjectStore } from '../src/index.ts';
import { keysOf, pathLikeKeys, text, textOf } from './contract.ts';

const bucket = 'raw';
const actor = fileURLToPath(new URL('disk-actor.ts', import.meta.url));

let folder = '';
let root = '';
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lake-disk-'));
  root = join(folder, 'lake');
  store = diskStore(root);
});
afterEach(() => rm(folder, { recursive: true }));

const at = (key: string) => ({ bucket, key });
const oneLine = (pattern: RegExp) => expect.stringMatching(new RegExp(`^[^\n]*${pattern.source}[^\n]*$`));

/** Runs disk-actor.ts in another process and gives what the operation returned. */
async function act(...args: string[]): Promise<unknown> {
  const child = spawn(process.execPath, [actor, ...args], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  await once(child, 'close');
  return JSON.parse(out);
}

describe('objects are files that people can find', () => {
  test('an ordinary key is its path', async () => {
    const key = 'processed/orders/process_year=2026/process_month=1/Größe +1.parquet';
    await store.put(at(key), text('x'));
    expect(await readFile(join(root, bucket, key), 'utf8')).toBe('x');
  });

  test('a file that somebody copied into the lake is an object', async () => {
    const path = join(root, bucket, 'incoming/orders/by hand 100%.csv');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'id\n1\n');
    expect(await keysOf(store, bucket)).toEqual(['incoming/orders/by hand 100%.csv']);
    expect(await textOf(store, bucket, 'incoming/orders/by hand 100%.csv')).toBe('id\n1\n');
  });

  test('a local file is the object itself, not a copy', async () => {
    await store.put(at('a/b.csv'), text('x'));
    const local = await store.asLocalFile(at('a/b.csv'), join(folder, 'scratch'));
    expect(local?.path).toBe(join(root, bucket, 'a/b.csv'));
    await local?.[Symbol.asyncDispose]();
    expect(await textOf(store, bucket, 'a/b.csv')).toBe('x');
  });

  test('folders go with their last object', async () => {
    await store.put(at('a/b/c/1'), text('x'));
    await store.put(at('a/2'), text('x'));
    await store.delete(at('a/b/c/1'));
    expect(await readdir(join(root, bucket, 'a'))).toEqual(['2']);
    await store.delete(at('a/2'));
    expect(await readdir(join(root, bucket))).toEqual([]);
  });
});

describe('etags', () => {
  test('of the same bytes are the same in another lake, after reopening and for files copied in by hand', async () => {
    const stored = await store.put(at('a'), text('same'));
    const etag = stored.outcome === 'stored' ? stored.etag : '';
    expect((await diskStore(root).head(at('a')))?.etag).toBe(etag);
    await mkdir(join(folder, 'other', bucket), { recursive: true });
    await writeFile(join(folder, 'other', bucket, 'b'), 'same');
    expect((await diskStore(join(folder, 'other')).head(at('b')))?.etag).toBe(etag);
  });

  test('follow a file that somebody edits in place, even to the same size', async () => {
    const path = join(root, bucket, 'a');
    const first = await store.put(at('a'), text('one'));
    await writeFile(path, 'two');
    await utimes(path, 1, 1);
    const edited = await store.head(at('a'));
    expect(edited?.etag).not.toBe(first.outcome === 'stored' && first.etag);
    await writeFile(path, 'six');
    expect((await store.head(at('a')))?.etag).not.toBe(edited?.etag);
  });

  test('of large files are noted, and a note that no longer fits is not believed', async () => {
    const large = Buffer.alloc(8 * 1024 * 1024, 'x');
    const stored = await store.put(at('large'), large);
    const etag = stored.outcome === 'stored' ? stored.etag : '';
    const notes = join(root, '.sluice/etags');
    const [note = ''] = await readdir(notes);
    expect(await readFile(join(notes, note), 'utf8')).toContain(etag);
    expect((await diskStore(root).head(at('large')))?.etag).toBe(etag);
    await writeFile(join(root, bucket, 'large'), large.fill('y'));
    expect((await diskStore(root).head(at('large')))?.etag).not.toBe(etag);
    await store.delete(at('large'));
    expect(await readdir(notes)).toEqual([]);
  });
});

describe('nothing leads out of the root', () => {
  test.each(pathLikeKeys)('the key %j stays inside', async (key) => {
    await store.put(at(key), text('x'));
    expect(await readdir(folder)).toEqual(['lake']);
    expect(await keysOf(store, bucket)).toEqual([key]);
  });

  test('any set of keys round-trips in order', async () => {
    const segment = fc.constantFrom(
      '',
      '.',
      '..',
      'a',
      'b',
      'a.b',
      '%2E',
      '+a',
      '=a',
      '\0',
      'é',
      '😀',
      'x'.repeat(256),
    );
    const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
    const keys = fc.uniqueArray(
      key.filter((k) => k !== '' && Buffer.byteLength(k) <= 1024),
      { minLength: 1, maxLength: 8 },
    );
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(keys, fc.boolean(), async (some, deletesFirst) => {
        runs += 1;
        const name = `bucket-${runs}`;
        for (const k of some) await store.put({ bucket: name, key: k }, text(k));
        const gone = deletesFirst ? some.slice(0, 1) : [];
        await store.deleteMany(name, gone);
        const left = some.filter((k) => !gone.includes(k));
        expect(await keysOf(store, name)).toEqual([...left].sort(compareUtf8));
        for (const k of left) expect(await textOf(store, name, k)).toBe(k);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('a link to a folder outside is neither read, nor written, nor listed', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'secret');
    await store.put(at('real'), text('x'));
    await symlink(outside, join(root, bucket, 'linked'));
    await symlink(join(outside, 'secret'), join(root, bucket, 'linked-file'));

    const refused = { code: 'not_in_lake', message: oneLine(/symbolic link/) };
    for (const key of ['linked/secret', 'linked-file']) {
      await expect(store.read(at(key))).rejects.toMatchObject(refused);
      await expect(store.head(at(key))).rejects.toMatchObject(refused);
      await expect(store.copy(at(key), at('copy'))).rejects.toMatchObject(refused);
      await expect(store.delete(at(key))).rejects.toMatchObject(refused);
      await expect(store.put(at(key), text('changed'))).rejects.toMatchObject(refused);
    }
    for (const key of ['linked/new', 'linked/deep/new']) {
      await expect(store.put(at(key), text('new'))).rejects.toMatchObject(refused);
      await expect(store.put(at(key), text('new'), { ifNoneMatch: '*' })).rejects.toMatchObject(refused);
    }
    expect(await keysOf(store, bucket)).toEqual(['real']);
    await expect(keysOf(store, bucket, 'linked/')).resolves.toEqual([]);
    expect(await readdir(outside)).toEqual(['secret']);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
  });

  test('a bucket that is a link is refused, a root that is one is fine', async () => {
    await mkdir(join(folder, 'real-lake/curated'), { recursive: true });
    await symlink(join(folder, 'real-lake'), join(folder, 'linked-lake'));
    const linked = diskStore(join(folder, 'linked-lake'));
    await linked.put({ bucket: 'curated', key: 'a' }, text('x'));
    expect(await keysOf(linked, 'curated')).toEqual(['a']);
    await symlink(join(folder, 'real-lake/curated'), join(folder, 'real-lake/sneaky'));
    await expect(keysOf(linked, 'sneaky')).rejects.toMatchObject({ code: 'not_in_lake' });
    await expect(linked.put({ bucket: 'sneaky', key: 'b' }, text('x'))).rejects.toMatchObject({
      code: 'not_in_lake',
    });
  });
});

describe('several processes on one lake', () => {
  test('a reader with ifMatch gets that version or an error, never another', async () => {
    const first = await store.put(at('a'), text('first'));
    const ifMatch = first.outcome === 'stored' ? first.etag : '';
    const other = diskStore(root);
    const writing = (async () => {
      for (let i = 0; i < 100; i += 1) await other.put(at('a'), text(i % 2 ? 'first' : `other ${i}`));
    })();
    for (let i = 0; i < 200; i += 1) {
      const body = await store.read(at('a'), { ifMatch }).catch((cause: unknown) => {
        expect(cause).toMatchObject({ code: 'changed' });
        return null;
      });
      for await (const chunk of body ?? []) expect(Buffer.from(chunk).toString()).toBe('first');
    }
    await writing;
  }, 30_000);

  test('of those that create one object exactly one wins', async () => {
    const results = await Promise.all(
      Array.from({ length: 5 }, (_, i) => act('create', root, `writer-${i}`)),
    );
    expect(results.filter((result) => JSON.stringify(result).includes('stored'))).toHaveLength(1);
    expect(results.filter((result) => JSON.stringify(result).includes('exists'))).toHaveLength(4);
  }, 30_000);

  test('writers of one object never leave it with an etag of other bytes', async () => {
    const stores = [store, diskStore(root), diskStore(root)];
    for (let round = 0; round < 30; round += 1) {
      await Promise.all(
        stores.map((each, i) => each.put(at('contested'), text(`writer ${i}, round ${round}`))),
      );
      const expected = await diskStore(root).head(at('contested'));
      for (const each of stores) expect((await each.head(at('contested')))?.etag).toBe(expected?.etag);
    }
  });

  test('writers and deleters in the same folders do not disturb each other', async () => {
    const other = diskStore(root);
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const key = `a/b/${i % 3 === 0 ? 'c/' : ''}${i}`;
        await (i % 2 ? store : other).put(at(key), text(key));
        await (i % 2 ? other : store).delete(at(key));
      }),
    );
    expect(await keysOf(store, bucket)).toEqual([]);
    expect(await readdir(join(root, '.sluice/tmp'))).toEqual([]);
  }, 30_000);
});

describe('what the operator has to put right is one clear line', () => {
  const errno = (code: string) => Object.assign(new Error(code), { code });

  test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('%s is a full disk', (code) => {
    expect(diskError(errno(code), '/lake/raw/a')).toMatchObject({
      code: 'disk_full',
      message: oneLine(/No space left to write \/lake\/raw\/a .*free some space/),
    });
  });

  test('a disk that fills up while writing leaves no half-written file', async () => {
    // The shell limits the size of files that the process may write; the kernel answers as it does for a full disk.
    const child = spawn(
      'sh',
      ['-c', 'ulimit -f 64; exec "$0" "$@"', process.execPath, actor, 'put', root, 'x'.repeat(100_000)],
      {
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      err += chunk;
    });
    const [exitCode] = await once(child, 'close');
    expect({ exitCode, err }).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('No space left to write'),
    });
    expect(await readdir(join(root, '.sluice/tmp'))).toEqual([]);
    expect(await keysOf(store, 'test-bucket')).toEqual([]);
  });

  test('a root that is a file', async () => {
    await writeFile(root, 'not a folder');
    await expect(store.put(at('a'), text('x'))).rejects.toMatchObject({
      message: oneLine(/lake is not a folder/),
    });
  });

  test('a folder without permission says which, and what to do', async () => {
    await store.put(at('locked/a'), text('x'));
    const locked = join(root, bucket, 'locked');
    const nobody = 65534;
    const isRoot = process.getuid?.() === 0;
    await chmod(locked, 0o555);
    // Root may write anywhere: the test goes on as somebody who may not.
    if (isRoot) {
      await chmod(folder, 0o755);
      for (const mine of ['.sluice/tmp', '.sluice/locks']) await chown(join(root, mine), nobody, nobody);
      process.seteuid?.(nobody);
    }
    try {
      await expect(store.put(at('locked/b'), text('x'))).rejects.toMatchObject({
        code: 'access_denied',
        message: oneLine(/No permission for .*locked.* \(EACCES\); give the user/),
      });
      expect(await store.deleteMany(bucket, ['locked/a', 'not-there'])).toMatchObject({
        deleted: ['not-there'],
        failed: [{ key: 'locked/a', reason: oneLine(/No permission for/) }],
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(locked, 0o755);
    }
    expect(await readdir(join(root, '.sluice/tmp'))).toEqual([]);
    expect(await keysOf(store, bucket)).toEqual(['locked/a']);
  });
});
