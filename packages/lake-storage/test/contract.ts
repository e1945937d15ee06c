import { randomBytes } from 'node:crypto';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { compareUtf8 } from '../src/check-address.ts';
import {
  downloadFile,
  type ObjectStore,
  type PutResult,
  putJson,
  readBytes,
  readJson,
  uploadFile,
} from '../src/index.ts';

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export async function textOf(store: ObjectStore, bucket: string, key: string): Promise<string | null> {
  const bytes = await readBytes(store, { bucket, key });
  return bytes && new TextDecoder().decode(bytes);
}

export async function keysOf(store: ObjectStore, bucket: string, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(bucket, prefix)) keys.push(key);
  return keys;
}

async function drained(
  body: AsyncIterable<Uint8Array> | null | Promise<AsyncIterable<Uint8Array> | null>,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await body) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function* chunksOf(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield text(chunk);
}

function etagOf(result: PutResult | null): string {
  if (result?.outcome !== 'stored') throw new Error(`not stored: ${JSON.stringify(result)}`);
  return result.etag;
}

/** Keys that S3 holds and that a file system, a URL or an XML list may stumble over. */
const awkwardKeys = [
  'processed/orders/process_year=2026/process_month=1/x.parquet',
  'with space/and+plus/100%.csv',
  'per%20cent/%2E%2E/%',
  'Größe/日本語/😀.csv',
  'nfc-\u00e9',
  'nfd-e\u0301',
  'quotes"and\'<&>.csv',
  'back\\slash',
  '~tilde*(star)!',
  'question?mark=1&hash#tag',
  '-dash',
  '.hidden',
  '.sluice/tmp/x',
  'line\nfeed',
  'tab\there',
  `${'long'.repeat(100)}/name`,
  'x'.repeat(1024),
  `${'é'.repeat(500)}`,
];

/** Keys with segments that paths give a meaning of their own. */
export const pathLikeKeys = [
  '..',
  '.',
  '../outside',
  '../../etc/passwd',
  'a/../b',
  'a/./b',
  '/absolute',
  '/etc/passwd',
  'empty//segment',
  'trailing/',
  '//',
];

interface Given {
  readonly store: ObjectStore;
  /** A bucket that exists and is empty. */
  readonly bucket: string;
}

/** What every object store does. */
export function objectStoreContract(
  given: () => Promise<Given>,
  pathLike: readonly string[] = pathLikeKeys,
): void {
  let store: ObjectStore;
  let bucket: string;
  const at = (key: string) => ({ bucket, key });

  beforeEach(async () => {
    ({ store, bucket } = await given());
  });

  test('an object that is not there is null to head, read, copy and asLocalFile', async () => {
    expect(await store.head(at('none'))).toBeNull();
    expect(await store.read(at('none'))).toBeNull();
    expect(await store.copy(at('none'), at('other'))).toBeNull();
    expect(await store.asLocalFile(at('none'), tmpdir())).toBeNull();
    expect(await keysOf(store, bucket)).toEqual([]);
  });

  test('what was put comes back, with its size, etag and time', async () => {
    const before = Date.now();
    const put = await store.put(at('a.csv'), text('id,name\n1,x\n'), { contentType: 'text/csv' });
    const head = await store.head(at('a.csv'));
    expect(head).toMatchObject({ size: 12, etag: etagOf(put) });
    expect(Math.abs((head?.lastModified.getTime() ?? 0) - before)).toBeLessThan(60_000);
    expect(await textOf(store, bucket, 'a.csv')).toBe('id,name\n1,x\n');
  });

  test('an empty object is an object', async () => {
    await store.put(at('empty'), new Uint8Array(0));
    await store.put(at('empty-stream'), chunksOf());
    expect((await store.head(at('empty')))?.size).toBe(0);
    expect(await textOf(store, bucket, 'empty')).toBe('');
    expect(await textOf(store, bucket, 'empty-stream')).toBe('');
    expect(await keysOf(store, bucket)).toEqual(['empty', 'empty-stream']);
  });

  test('a stream of chunks is stored as one object', async () => {
    await store.put(at('s'), chunksOf('one,', '', 'two,', 'three'));
    expect(await textOf(store, bucket, 's')).toBe('one,two,three');
  });

  test('a large stream comes back byte for byte, chunk by chunk', async () => {
    const mebibyte = randomBytes(1024 * 1024);
    const sent = Buffer.concat(Array.from({ length: 20 }, () => mebibyte));
    await store.put(
      at('large'),
      (async function* () {
        for (let i = 0; i < 20; i += 1) yield mebibyte;
      })(),
    );
    expect((await store.head(at('large')))?.size).toBe(sent.length);
    const body = await store.read(at('large'));
    const chunks: Uint8Array[] = [];
    for await (const chunk of body ?? []) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(10);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  test('a stream that fails midway leaves no object, and the old one untouched', async () => {
    const broken = async function* () {
      yield text('half');
      yield randomBytes(9 * 1024 * 1024);
      throw new Error('the source broke');
    };
    await expect(store.put(at('new'), broken())).rejects.toThrow('the source broke');
    expect(await store.head(at('new'))).toBeNull();
    await store.put(at('old'), text('old'));
    await expect(store.put(at('old'), broken())).rejects.toThrow('the source broke');
    expect(await textOf(store, bucket, 'old')).toBe('old');
    expect(await keysOf(store, bucket)).toEqual(['old']);
  });

  test('equal bytes have equal etags, other bytes another', async () => {
    const first = etagOf(await store.put(at('1'), text('same')));
    expect(etagOf(await store.put(at('2'), text('same')))).toBe(first);
    expect(etagOf(await store.put(at('1'), text('same')))).toBe(first);
    expect(etagOf(await store.put(at('1'), text('diff')))).not.toBe(first);
    expect(first).not.toContain('"');
  });

  test.each([
    [{ start: 0, end: 3 }, '012'],
    [{ start: 3 }, '3456789'],
    [{ start: 3, end: 4 }, '3'],
    [{ start: 8, end: 100 }, '89'],
    [{ start: 10 }, ''],
    [{ start: 50, end: 60 }, ''],
    [{ start: 4, end: 4 }, ''],
  ])('the byte range %j of 0123456789 is %j', async (range, expected) => {
    await store.put(at('digits'), text('0123456789'));
    expect(await drained(store.read(at('digits'), { range }))).toBe(expected);
  });

  test('a range of an object that is not there is null, and an impossible range is refused', async () => {
    expect(await store.read(at('none'), { range: { start: 4, end: 4 } })).toBeNull();
    await store.put(at('digits'), text('0123456789'));
    await expect(store.read(at('digits'), { range: { start: 5, end: 4 } })).rejects.toMatchObject({
      code: 'invalid_range',
    });
    await expect(store.read(at('digits'), { range: { start: -1 } })).rejects.toMatchObject({
      code: 'invalid_range',
    });
  });

  test('a reader that stops early does no harm', async () => {
    await store.put(at('long'), randomBytes(3 * 1024 * 1024));
    for await (const chunk of (await store.read(at('long'))) ?? []) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await store.delete(at('long'));
    expect(await store.head(at('long'))).toBeNull();
  });

  test('an object created twice with ifNoneMatch keeps its first content', async () => {
    expect(await store.put(at('once'), text('first'), { ifNoneMatch: '*' })).toMatchObject({
      outcome: 'stored',
    });
    expect(await store.put(at('once'), text('second'), { ifNoneMatch: '*' })).toEqual({ outcome: 'exists' });
    expect(await textOf(store, bucket, 'once')).toBe('first');
  });

  test('of many concurrent creators exactly one wins', async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        store.put(at('race'), chunksOf(`writer ${i}`), { ifNoneMatch: '*' }),
      ),
    );
    const winners = results.flatMap((result, i) => (result.outcome === 'stored' ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(await textOf(store, bucket, 'race')).toBe(`writer ${winners[0]}`);
  });

  test('ifMatch replaces the object it names and no other', async () => {
    const first = etagOf(await store.put(at('versioned'), text('1')));
    expect(await store.put(at('versioned'), text('2'), { ifMatch: first })).toMatchObject({
      outcome: 'stored',
    });
    expect(await store.put(at('versioned'), text('3'), { ifMatch: first })).toEqual({ outcome: 'changed' });
    expect(await store.put(at('absent'), text('3'), { ifMatch: first })).toEqual({ outcome: 'changed' });
    expect(await textOf(store, bucket, 'versioned')).toBe('2');
    expect(await store.head(at('absent'))).toBeNull();
  });

  test('of many concurrent replacers of one version exactly one wins', async () => {
    const ifMatch = etagOf(await store.put(at('cas'), text('start')));
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.put(at('cas'), text(`writer ${i}`), { ifMatch })),
    );
    expect(results.filter((result) => result.outcome === 'stored')).toHaveLength(1);
  });

  test('reading with ifMatch refuses an object that was replaced', async () => {
    const etag = etagOf(await store.put(at('pinned'), text('1')));
    expect(await drained(store.read(at('pinned'), { ifMatch: etag }))).toBe('1');
    await store.put(at('pinned'), text('2'));
    await expect(store.read(at('pinned'), { ifMatch: etag })).rejects.toMatchObject({ code: 'changed' });
    await expect(store.asLocalFile(at('pinned'), tmpdir(), { ifMatch: etag })).rejects.toMatchObject({
      code: 'changed',
    });
  });

  test('a reader gets the object as it was when the reading began', async () => {
    await store.put(at('moving'), text('before'));
    const body = await store.read(at('moving'));
    await store.put(at('moving'), text('after!'));
    expect(await drained(body)).toBe('before');
  });

  test('a copy has the bytes of its source and replaces what was there', async () => {
    const put = await store.put(at('from'), text('content'));
    await store.put(at('deep/to'), text('old'));
    expect(etagOf(await store.copy(at('from'), at('deep/to')))).toBe(etagOf(put));
    await store.delete(at('from'));
    expect(await textOf(store, bucket, 'deep/to')).toBe('content');
  });

  test('deleting is no error for an object that is not there', async () => {
    await store.put(at('a/b/c'), text('x'));
    await store.delete(at('a/b/c'));
    await store.delete(at('a/b/c'));
    expect(await keysOf(store, bucket)).toEqual([]);
  });

  test('deleteMany deletes more than a thousand objects and reports each key', async () => {
    const keys = Array.from({ length: 1005 }, (_, i) => `many/${i}`);
    for (let i = 0; i < keys.length; i += 50) {
      await Promise.all(keys.slice(i, i + 50).map((key) => store.put(at(key), text(key))));
    }
    await store.put(at('keep'), text('x'));
    expect((await keysOf(store, bucket, 'many/')).length).toBe(1005);
    const result = await store.deleteMany(bucket, [...keys, 'never-was']);
    expect(result.failed).toEqual([]);
    expect(new Set(result.deleted)).toEqual(new Set([...keys, 'never-was']));
    expect(await keysOf(store, bucket)).toEqual(['keep']);
  }, 60_000);

  test('deleteMany with an impossible key deletes nothing', async () => {
    await store.put(at('keep'), text('x'));
    await expect(store.deleteMany(bucket, ['keep', ''])).rejects.toMatchObject({ code: 'invalid_address' });
    expect(await keysOf(store, bucket)).toEqual(['keep']);
  });

  test('deleteMany of nothing does nothing', async () => {
    expect(await store.deleteMany(bucket, [])).toEqual({ deleted: [], failed: [] });
  });

  test('a list has size, etag and time of each object', async () => {
    const etag = etagOf(await store.put(at('p/a'), text('abc')));
    const listed = [];
    for await (const object of store.list(bucket, 'p/')) listed.push(object);
    expect(listed).toEqual([{ key: 'p/a', size: 3, etag, lastModified: expect.any(Date) }]);
  });

  test('keys gives what a list gives', async () => {
    for (const key of ['p/b', 'p/a/c', 'q', 'p/../a']) await store.put(at(key), text(key));
    const keys: string[] = [];
    for await (const key of store.keys(bucket, 'p/')) keys.push(key);
    expect(keys).toEqual(await keysOf(store, bucket, 'p/'));
    expect(keys).toHaveLength(3);
  });

  test.each([
    ['a', ['a!', 'a/b', 'b', '\uff5e', '😀']],
    ['a/b', ['b', '\uff5e', '😀']],
    ['a/a-key-that-is-not-there', ['a/b', 'b', '\uff5e', '😀']],
    ['\uff5e', ['😀']],
    ['😀', []],
  ])('a list that starts after %j has the keys behind it', async (startAfter, expected) => {
    for (const key of ['a', 'a!', 'a/b', 'b', '\uff5e', '😀']) await store.put(at(key), text(key));
    const keys: string[] = [];
    for await (const key of store.keys(bucket, '', { startAfter })) keys.push(key);
    expect(keys).toEqual(expected);
    const listed: string[] = [];
    for await (const { key } of store.list(bucket, '', { startAfter })) listed.push(key);
    expect(listed).toEqual(expected);
  });

  test('a list that starts after a key keeps to its prefix', async () => {
    for (const key of ['a/1', 'a/2', 'b/3']) await store.put(at(key), text(key));
    const keys: string[] = [];
    for await (const key of store.keys(bucket, 'a/', { startAfter: 'a/1' })) keys.push(key);
    expect(keys).toEqual(['a/2']);
  });

  test('what need not survive a power cut is an object like any other', async () => {
    const put = (value: string) => store.put(at('a/b'), text(value), { durable: false });
    expect(etagOf(await put('one'))).toBe(etagOf(await store.put(at('c'), text('one'))));
    await put('two');
    expect(await textOf(store, bucket, 'a/b')).toBe('two');
    await store.put(at('a'), text('three'), { durable: false });
    expect(await keysOf(store, bucket)).toEqual(['a', 'a/b', 'c']);
    expect(await store.put(at('c'), text('x'), { durable: false, ifNoneMatch: '*' })).toEqual({
      outcome: 'exists',
    });
  });

  test('a list is in the order of UTF-8 bytes', async () => {
    const keys = ['a', 'a!', 'a-b', 'a/b', 'a0', 'B', 'b', 'é', '\uff5e', '😀', 'a/b/c', 'a/b.c'];
    for (const key of keys) await store.put(at(key), text(key));
    expect(await keysOf(store, bucket)).toEqual([...keys].sort(compareUtf8));
  });

  test('a prefix may end anywhere in a name', async () => {
    for (const key of ['pre', 'pre/a', 'prefix/b', 'pre-c', 'pr', 'other/pre'])
      await store.put(at(key), text(key));
    expect(await keysOf(store, bucket, 'pre')).toEqual(['pre', 'pre-c', 'pre/a', 'prefix/b']);
    expect(await keysOf(store, bucket, 'pre/')).toEqual(['pre/a']);
    expect(await keysOf(store, bucket, 'pre/a/')).toEqual([]);
    expect(await keysOf(store, bucket, 'nothing')).toEqual([]);
  });

  test.each(awkwardKeys.map((key) => [key]))('the key %j holds an object', async (key) => {
    await roundTrip(key);
  });

  test.each(pathLike.map((key) => [key]))('the path-like key %j is just a key', async (key) => {
    await roundTrip(key);
  });

  async function roundTrip(key: string): Promise<void> {
    await store.put(at(key), text(key));
    expect(await store.head(at(key))).toMatchObject({ size: Buffer.byteLength(key) });
    expect(await textOf(store, bucket, key)).toBe(key);
    expect(await keysOf(store, bucket)).toEqual([key]);
    expect(await keysOf(store, bucket, key)).toEqual([key]);
    expect(await store.copy(at(key), at(`copy-of`))).not.toBeNull();
    expect(await store.copy(at('copy-of'), at(key))).not.toBeNull();
    expect(await textOf(store, bucket, key)).toBe(key);
    expect(await store.deleteMany(bucket, [key])).toEqual({ deleted: [key], failed: [] });
    expect(await keysOf(store, bucket)).toEqual(['copy-of']);
  }

  test.each([[['a', 'a/b', 'a/b/c']], [['a/b/c', 'a/b', 'a']], [['a/b', 'a', 'a/c/d', 'a/c']]])(
    'a key can be the folder of another: %j',
    async (keys) => {
      for (const key of keys) await store.put(at(key), text(key), { ifNoneMatch: '*' });
      for (const key of keys)
        expect(await store.put(at(key), text('no'), { ifNoneMatch: '*' })).toEqual({ outcome: 'exists' });
      for (const key of keys) expect(await textOf(store, bucket, key)).toBe(key);
      expect(await keysOf(store, bucket)).toEqual([...keys].sort(compareUtf8));
      for (const key of keys) {
        await store.delete(at(key));
        await store.put(at(key), text(`${key} again`));
      }
      for (const key of keys) expect(await textOf(store, bucket, key)).toBe(`${key} again`);
      expect(await keysOf(store, bucket)).toEqual([...keys].sort(compareUtf8));
      await store.deleteMany(bucket, keys);
      expect(await keysOf(store, bucket)).toEqual([]);
    },
  );

  test.each([
    ['', 'is empty'],
    ['x'.repeat(1025), '1025 bytes'],
    ['é'.repeat(513), '1026 bytes'],
    ['\ud800', 'not valid Unicode'],
  ])('the impossible key %.5j… is refused in one line', async (key, reason) => {
    for (const attempt of [
      () => store.put(at(key), text('x')),
      () => store.head(at(key)),
      () => store.read(at(key)),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'invalid_address',
        message: expect.stringMatching(new RegExp(`^[^\n]*${reason}[^\n]*$`)),
      });
    }
  });

  test.each(['..', '.', 'a', 'UPPER', 'a/b', '.sluice', 'a..b', '../x', ''])(
    'the impossible bucket name %j is refused',
    async (name) => {
      await expect(store.put({ bucket: name, key: 'k' }, text('x'))).rejects.toMatchObject({
        code: 'invalid_address',
      });
      await expect(keysOf(store, name)).rejects.toMatchObject({ code: 'invalid_address' });
    },
  );

  test('JSON goes in and out; what is not JSON is named', async () => {
    await putJson(store, at('x.json'), { rows: 3, name: 'Größe' });
    expect(await readJson(store, at('x.json'))).toEqual({ rows: 3, name: 'Größe' });
    expect(await readJson(store, at('none.json'))).toBeNull();
    await store.put(at('bad.json'), text('{'));
    await expect(readJson(store, at('bad.json'))).rejects.toThrow(/bad\.json.*is not JSON/);
  });

  test('files go up and come down; a local file keeps its extension and is tidied away', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lake-contract-'));
    try {
      const source = join(folder, 'source.csv');
      await writeFile(source, 'id\n1\n');
      await uploadFile(store, source, at('in/data.csv'));
      expect(await downloadFile(store, at('in/data.csv'), join(folder, 'target.csv'))).toBe(true);
      expect(await readFile(join(folder, 'target.csv'), 'utf8')).toBe('id\n1\n');
      expect(await downloadFile(store, at('none'), join(folder, 'none'))).toBe(false);
      await expect(access(join(folder, 'none'))).rejects.toThrow();

      const scratch = join(folder, 'scratch');
      const local = await store.asLocalFile(at('in/data.csv'), scratch);
      expect(local?.path).toMatch(/\.csv$/);
      expect(await readFile(local?.path ?? '', 'utf8')).toBe('id\n1\n');
      await local?.[Symbol.asyncDispose]();
      expect(await readdir(scratch).catch(() => [])).toEqual([]);
      expect(await textOf(store, bucket, 'in/data.csv')).toBe('id\n1\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a download never overwrites a local file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lake-contract-'));
    try {
      const mine = join(folder, 'mine');
      await writeFile(mine, 'precious');
      await store.put(at('x'), text('other'));
      await expect(downloadFile(store, at('x'), mine)).rejects.toThrow('EEXIST');
      expect(await readFile(mine, 'utf8')).toBe('precious');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
